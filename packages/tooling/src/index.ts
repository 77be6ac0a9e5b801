export {
  type ActionFile,
  type ActionInput,
  listActions,
  listPrograms,
  parseActionFile,
  parseYaml,
  readAction,
} from './action-file.ts';
export { type Annotation, parseCommand, parseCommandFile, readAnnotations } from './file-command.ts';
export { node24 } from './node24.ts';
export { findRoot } from './root.ts';
export {
  type BundleResult,
  type BundleRun,
  type RunningBundle,
  runBundle,
  startBundle,
} from './run-action.ts';
export { type WorkflowRun, runWorkflow, whyNoAct } from './act.ts';
export { testIf } from './test-if.ts';
export { browserFile, debianProgram, installDebian, pythonTool } from './tools.ts';
