export { type RegistryAnswer, askRegistry } from './ask-registry.ts';
export { type Disk, type Engine, type Facts, type Known, type Machine } from './facts.ts';
export { type LookOptions, lookAtServer } from './look.ts';
export { type Listener, type Published } from './ports.ts';
export { PROGRAMS } from './programs.ts';
export { type NodeFacts, type NodeWays, askNode, askWays } from './node.ts';
