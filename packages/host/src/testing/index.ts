export { type CopiedFolder, copyFolder } from './copied-folder.ts';
export {
  type TestHost,
  eventually,
  hostsForEach,
  leftOut,
  linesOf,
  paused,
  pidOf,
  shellsHere,
  statesOf,
  watching,
  which,
  works,
} from './hosts.ts';
export { lyingSession } from './lying-session.ts';
export { type TestProgram, testInspection, testProgram } from './program.ts';
