/** The preparation of a proxy: for the action that does it alone. */
export { type Edit, type Preparation } from './proxy/proxy.ts';
export { type Uninstallation, planUninstallation } from './uninstallation.ts';
export { type InstallRequest, type Installation, planInstallation } from './installation.ts';
