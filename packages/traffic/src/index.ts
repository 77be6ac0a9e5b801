export {
  DEFAULT_HEADER,
  PROBE_HEADER,
  type PreparedSite,
  type Route,
  type Site,
  addressesOf,
  identifier,
} from './site.ts';
export { type Proxy, type ProxyFile } from './proxy/proxy.ts';
export { type FrontDoor, doorFor } from './proxy/door.ts';
export { PROXIES, proxyOf } from './proxy/registry.ts';
export {
  ANY_RELEASE,
  type ColorsOf,
  MANAGED,
  PROGRAMS,
  type Place,
  type SwitchPlan,
  type Verification,
  confirmProgram,
  flipProgram,
  installProgram,
  siteParameters,
  switchParameters,
  switchProgram,
  timerProgram,
  uninstallProgram,
} from './program/index.ts';
export {
  type WantedRoute,
  chooseProxy,
  colorNetworksOf,
  deriveRoutes,
  flagFolder,
  movedAddresses,
} from './derive.ts';
export { type Look, type LookProxy, parseLook } from './look.ts';
export type { LookContainer } from './look-container.ts';
export { checkCluster, colorsOf, leadOf, placeOf } from './cluster.ts';
export type { LookCluster } from './look-cluster.ts';
export { type SeenServer, lookAt, siteOn } from './server.ts';
export { flipBack, flipOperation } from './flip.ts';
export { settleInterrupted } from './settle.ts';
export { type Settled, settleUnderWay } from './under-way.ts';
export {
  MANAGED_IMAGE,
  type ManagedProxy,
  managedConfigFile,
  managedFiles,
  managedParameters,
  managedPlace,
} from './proxy/managed/managed.ts';
