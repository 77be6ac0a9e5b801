export {
  type ProgramKind,
  type ReadyProgram,
  type ServerProgram,
  changed,
  defineInspection,
  defineProgram,
  defineTimer,
  partsText,
  programEnd,
  programText,
  timerText,
} from './define-program.ts';
export { type Apart, readApart, readRefusal } from './apart.ts';
export { APART, EXEC_NAMES, type Exec, FITNESS, OWN_GROUP, execEnd, execParts } from './host-parts.ts';
export { PROCESSES } from './process-parts.ts';
export { type Part, part } from './part.ts';
export { cancelRun, readResult } from './control.ts';
export { type Locks, type Member, type MemberRun } from './fleet.ts';
export { followRun } from './follow.ts';
export { type InspectOptions, type Inspected, inspect } from './inspect.ts';
export { operationHash } from './operation-hash.ts';
export { type MemberOutcome, fleetFailure, memberFailure, outcomeText, succeeded } from './outcome.ts';
export { PHASES, type PhaseName, isPast, phaseTitle } from './phase.ts';
export { failureOf } from './result.ts';
export { FORMS, type ResultForms } from './result-forms.ts';
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
export {
  type HostStatus,
  type LockHolder,
  type RunStatus,
  holderText,
  readStatus,
  statusOf,
} from './status.ts';
export { whyNotSendable } from './upload-stream.ts';
export {
  ALL_OR_NONE,
  ALONE,
  type Protocol,
  type Step,
  type TogetherOptions,
  runTogether,
  afterTheEndOf,
} from './together.ts';
