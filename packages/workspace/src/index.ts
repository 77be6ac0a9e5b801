export { type Workspace, readWorkspace } from './workspace.ts';
