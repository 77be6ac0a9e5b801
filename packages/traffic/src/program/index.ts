export {
  ANY_RELEASE,
  type Lead,
  type Place,
  type SwitchPlan,
  type Verification,
  siteParameters,
  switchParameters,
} from './parameters.ts';
export {
  type ColorsOf,
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
