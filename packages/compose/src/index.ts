export {
  type AdoptedStack,
  type OwnConfiguration,
  type WrittenFile,
  modelOfStack,
  writtenFiles,
} from './adopt.ts';
export { composeFilesOf, isOneOff, serviceOf, volumeLabels } from './container-labels.ts';
export { discoveredBy } from './discovered.ts';
export { isDatabase } from './database.ts';
export { type Environment, formatEnv, parseEnv } from './env.ts';
export { type DigestRule, type Images, applyImages, neverPulled, parseImages } from './images.ts';
export { type InspectedContainer, type InspectedImage } from './inspected.ts';
export {
  type ComposeModel,
  type Mount,
  type Port,
  type Service,
  joinedBy,
  restartedWith,
  needsOf,
  parseModel,
  replicasOf,
} from './model.ts';
export {
  type Places,
  type Relocated,
  type SharedSource,
  looksLikeFile,
  missingSources,
  relocate,
} from './mounts.ts';
export { type LocalImage, type ObservedContainer, parseContainers, parseImageList } from './observed.ts';
export { type ServiceKind, classify, dependenciesOf, selectServices, steps } from './order.ts';
export { type ServiceAction, type ServiceChange, imageId, planChanges } from './plan.ts';
export {
  type ReleaseService,
  type ResolvedRelease,
  canonical,
  changedKeys,
  serviceHash,
  servicesTable,
  sha256,
  writeRelease,
} from './release.ts';
export { type SentFile, type SentTree, sentTree } from './sent-files.ts';
export { type ColoredModels, changingServices, splitColors } from './color.ts';
export { type ColorNetwork, formatNetworks, networksToMake } from './color-networks.ts';
export { type PortChoice, colorUrls, portAllocator } from './color-ports.ts';
export { recolor } from './recolor.ts';
export {
  type VariableValues,
  parseVariableValues,
  withVariableValues,
  writtenSecrets,
} from './variable-values.ts';
export {
  type Endpoint,
  type FileContent,
  type NodeMount,
  STACK_CLI_VARIABLES,
  STACK_KEYS,
  type ServiceSpec,
  type StackColors,
  type StackNetwork,
  type StackObject,
  type StackOptions,
  type StackPort,
  type StackRefusal,
  type StackRelease,
  type StackService,
  type UpdateOrder,
  colorService,
  differences,
  ownNetworks,
  splitStackColors,
  stackFailure,
  stackFiles,
  toStack,
} from './stack/index.ts';
