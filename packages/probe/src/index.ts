export { type JsonPath, JsonPathError, jsonPath, lenientJsonPath } from './json-path.ts';
export { type StatusSet, parseStatusSet } from './status-set.ts';
export { DEFAULT_VERSION_SOURCE, type VersionSource, parseVersionSource, versionOf } from './version.ts';
export {
  DEFAULT_STATUS,
  type Expectations,
  type TextMatch,
  type VersionExpectation,
  parseTextMatch,
  readsBody,
  unmet,
} from './expectation.ts';
export { type Reach, type ReachOptions, fromRunner } from './reach.ts';
export {
  type Attempt,
  type AttemptPhase,
  type ComposeTarget,
  type ExecTarget,
  type HttpTarget,
  type Target,
  type TcpTarget,
  type WebSocketTarget,
} from './target.ts';
export { type Aim, TargetError, type TargetSpec, labelOf, specTime } from './target-spec.ts';
export { type OwnKeys, readTargets } from './read-targets.ts';
export { timeSchema } from './targets-schema.ts';
export { type TargetInputs } from './target-fields.ts';
export { type ServerSide, type Ways, lookAt } from './look.ts';
export { type Servers, openServers } from './server-side.ts';
export { type ProbeLimits, attempt, probeHttp, probeTcp, probeWebSocket } from './http-probe.ts';
export {
  type PollPorts,
  type PollResult,
  type PollRules,
  type Tick,
  StopWaiting,
  nextDelay,
  pollUntilReady,
} from './poll.ts';
export { type Slots, slots } from './slots.ts';
export { throughSession } from './session-reach.ts';
export {
  type Container,
  type ContainerScope,
  type Crash,
  crashOf,
  evidenceOf,
  listContainers,
} from './container.ts';
export {
  type NodeContainers,
  type StackScope,
  type StackView,
  type StackWatch,
  listNode,
  serviceLog,
  viewStack,
  watchStack,
} from './stack.ts';
export { type NodeSession, stackEvidence } from './stack-evidence.ts';
export { type ContainerEvent, type ContainerListener, followContainers } from './container-events.ts';
export { type Death, deathReader, deathReason, watchForCrash } from './container-death.ts';
export { probeCompose, probeExec, runInService } from './container-probe.ts';
export { type LogPart, type LogRead, readLogs } from './container-logs.ts';
export { type LogPlace, parseLogPlace } from './log/place.ts';
export { openLog } from './log/source.ts';
export { type LogSource, type LogStretch } from './log/stretch.ts';
export { type ServerLoad, parseLoad, readLoad } from './server-load.ts';
export {
  ExpositionError,
  type MetricSample,
  metricValue,
  parseMetrics,
  parseSelector,
} from './exposition.ts';
