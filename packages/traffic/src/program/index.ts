export {
  ANY_RELEASE,
  type SwitchPlan,
  type Verification,
  siteParameters,
  switchParameters,
} from './parameters.ts';
export {
  LOOK,
  MANAGED,
  PROGRAMS,
  SETTLE,
  SWITCH_RESULTS,
  confirmProgram,
  flipProgram,
  installProgram,
  switchProgram,
  timerProgram,
  uninstallProgram,
} from './programs.ts';
