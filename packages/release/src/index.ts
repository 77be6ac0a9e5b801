export {
  type DeployOptions,
  type PullOptions,
  type RegistryLogin,
  deployOperation,
  pullOperation,
  registryConfig,
} from './deployment.ts';
export { type SeenNode, nodePart, nodesNotGiven, notBuilt, refuseUnfit, sourcesOfNodes } from './cluster.ts';
export { clusterAdoption, countedUploads } from './cluster-adoption.ts';
export type { TaskImage } from './held-stack.ts';
export { type Cluster, type ClusterNode, type ClusterSelf } from './cluster-view.ts';
export { type ColorWish } from './coloring.ts';
export { type Hook, hookFile, hooks } from './hook.ts';
export {
  type Inspection,
  type InspectionRequest,
  type StackView,
  inspectForDeploy,
  inspectForStatus,
  lookFiles,
  lookParameters,
  readInspection,
} from './inspection.ts';
export { type NodeView, inspectNode } from './node-inspection.ts';
export { type RolledService, type RollingWish } from './rolling.ts';
export { type Prepared, type Wanted, prepareRelease } from './preparation.ts';
export { type RegistryInputs, registryLogin } from './registry-login.ts';
export { secretValues, secretsOf } from './secret-values.ts';
export { type NetworkRoom, type StackObstacles, networkRoom, stackObstacles } from './stack-obstacles.ts';
export { type Obstacles, obstaclesOf, relativeSources } from './obstacles.ts';
export { discardStaging, hasBackup, schemaAfter, servingRelease } from './asked.ts';
export { QUESTIONS } from './questions.ts';
export { LOGIN, PROGRAMS, RELEASE_LOOK } from './programs.ts';
export { type LedNode, goOnElsewhere, leadingManager } from './take-over.ts';
