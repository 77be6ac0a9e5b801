export { COLOR_PORTS, type ColorPort, formatPorts, parsePorts } from './color-ports.ts';
export {
  COLORS,
  type Color,
  type OwnedContainer,
  baseProject,
  colorNetwork,
  colorProject,
  containersOfColor,
  isColor,
  isColorNetwork,
  isUp,
  otherColor,
  plainStackRuns,
  recolorNetwork,
} from './color.ts';
export {
  LADDER,
  type Share,
  canaryOf,
  liveColor,
  majorColor,
  parseShare,
  shareName,
  shares,
} from './share.ts';
export {
  ID,
  PROJECT,
  backupIdOf,
  deploymentIdOf,
  idField,
  identifier,
  isId,
  type OfRun,
  isSameRun,
  projectField,
  releaseIdInColor,
  releaseIdOf,
} from './identity.ts';
export { ENGINES, type EngineChoice, type EngineKind, engineField, engineFor, lastEngine } from './engine.ts';
export { FOLDER, releaseOfLink } from './folder.ts';
export { jsonText } from './json-text.ts';
export { LABELS, noteOf } from './labels.ts';
export {
  type BackupFile,
  type BackupRecord,
  type BackupService,
  VERIFIED,
  type Verified,
  parseBackupRecord,
  readBackups,
} from './backup-record.ts';
export { type ChosenBackup, backupFor } from './backup-choice.ts';
export {
  type BackupEntry,
  type ConfirmEntry,
  type DeployEntry,
  type HistoryEntry,
  type HistoryLine,
  type InstallEntry,
  type RedeployEntry,
  type RestoreEntry,
  type RollbackEntry,
  type SwitchEntry,
  isAboutServing,
  isDataReturn,
  isMove,
  isReturn,
  movedTraffic,
  parseHistoryEntry,
  readHistory,
} from './history.ts';
export { imagesOf } from './recorded-images.ts';
export { type Fault, type ImageMark, type Marks, contentOf, marksOf, unfitReleases } from './marks.ts';
export {
  type RecordedMigrations,
  type RecordedService,
  type ReleaseRecord,
  changesSchema,
  parseReleaseRecord,
  readReleases,
} from './release-record.ts';
export {
  type Past,
  bestKnowing,
  dataCameWith,
  releaseBefore,
  schemaChanges,
  servedReleases,
} from './served.ts';
export {
  type RecordedRoute,
  type TrafficRecord,
  parseTrafficRecord,
  plainRelease,
  readTraffic,
} from './traffic-record.ts';
export {
  type Standing,
  type StandingContainer,
  colorContainers,
  colorsInUse,
  currentRelease,
  liveColorOf,
  liveOnlyServices,
  releaseOfColor,
} from './standing.ts';
export { type RollbackDecision, type RollbackRequest, decideRollback } from './rollback-decision.ts';
export { underWay } from './under-way.ts';
export {
  type DeploymentRecord,
  type RecordStatus,
  type RecordedPhase,
  type StepRecord,
  parseDeploymentRecord,
} from './deployment-record.ts';
export {
  type Form,
  type Kind,
  type Reading,
  COUNT,
  LINE,
  TEXT,
  TIME,
  formOf,
  kind,
  linesLike,
  listOf,
  mapOf,
  objectOf,
  textLike,
  wordOf,
} from './form.ts';
export { ID_KIND, SHARE_KIND, URL_KIND, orNone } from './kinds.ts';
