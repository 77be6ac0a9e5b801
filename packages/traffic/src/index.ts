export { DEFAULT_HEADER, PROBE_HEADER, type Route, type Site, addressesOf, identifier } from './site.ts';
export { type ProxyKind } from './proxy.ts';
export { serviceName, shareFiles, traefikFile } from './traefik-file.ts';
export {
  ANY_RELEASE,
  MANAGED,
  PROGRAMS,
  type ProxyPlace,
  type SwitchPlan,
  type Verification,
  confirmProgram,
  flipProgram,
  installProgram,
  siteParameters,
  switchParameters,
  switchProgram,
  timerProgram,
} from './program/index.ts';
export {
  type WantedRoute,
  chooseProxy,
  connectOf,
  deriveRoutes,
  flagFolder,
  frontDoor,
  insidePath,
  liveColorOf,
  movedAddresses,
} from './derive.ts';
export {
  type Look,
  type LookContainer,
  type LookProxy,
  type PreparedProxy,
  colorContainers,
  liveOnlyServices,
  releaseOfColor,
  parseLook,
} from './look.ts';
export { type SeenServer, lookAt, preparedSite } from './server.ts';
export { settleInterrupted } from './settle.ts';
export { MANAGED_IMAGE, type ManagedProxy, managedCaddyfile, managedParameters } from './managed.ts';
