export {
  type ClusterNode,
  type ClusterTask,
  type HeldService,
  type NodeSelf,
  hasEnded,
  readNodeSelf,
  readNodes,
  readServices,
  readTasks,
  shouldRun,
} from './lines.ts';
export { SETTLE, type Scales, type Weighed, weighService, whereOf } from './weigh.ts';
