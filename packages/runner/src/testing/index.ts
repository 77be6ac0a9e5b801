export { type FakePorts, fakePorts } from './ports.ts';
export { fakeWorkflow } from './workflow.ts';
