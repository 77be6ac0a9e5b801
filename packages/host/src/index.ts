export {
  type ProgramKind,
  type ReadyProgram,
  type ServerProgram,
  changed,
  defineInspection,
  defineProgram,
  defineTimer,
  partsText,
  programText,
  timerText,
} from './define-program.ts';
export { type Part, part } from './part.ts';
export { cancelRun, readResult, sendGo, upload } from './control.ts';
export {
  type Fleet,
  type Member,
  type MemberOutcome,
  type MemberRun,
  fleetFailure,
  memberFailure,
  openFleet,
  succeeded,
} from './fleet.ts';
export { followRun } from './follow.ts';
export { type Inspected, type Inspection, inspect } from './inspect.ts';
export { failureOf } from './result.ts';
export type {
  FollowOptions,
  Operation,
  Run,
  RunEvent,
  RunReference,
  RunResult,
  RunState,
  Upload,
} from './run.ts';
export { startRun } from './start.ts';
export { type HostStatus, type LockHolder, type RunStatus, statusOf } from './status.ts';
export { whyNotSendable } from './upload-stream.ts';
