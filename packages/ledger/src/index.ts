export {
  COLORS,
  type Color,
  type OwnedContainer,
  colorNetwork,
  colorProject,
  containersOfColor,
  isColor,
  isUp,
  otherColor,
  plainStackRuns,
} from './color.ts';
export {
  LADDER,
  type Share,
  canaryOf,
  liveColor,
  majorColor,
  parseShare,
  shareName,
  shares,
} from './share.ts';
export {
  ID,
  PROJECT,
  deploymentIdOf,
  idField,
  identifier,
  isId,
  isSameRun,
  projectField,
  releaseIdInColor,
  releaseIdOf,
} from './identity.ts';
export { FOLDER, releaseOfLink } from './folder.ts';
export { jsonText } from './json-text.ts';
