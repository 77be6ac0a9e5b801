export { type FakePorts, fakePorts } from './ports.ts';
export { fakeWorkflow } from './workflow.ts';
export { summaryOfFailure } from './failure-summary.ts';
export { type Told, logProblems, mustBeWellTold } from './step-log.ts';
