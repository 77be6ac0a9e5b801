export {
  type Line,
  backedUp,
  dataRestored,
  by,
  deployed,
  marked,
  moved,
  redeployed,
  returned,
  rolledBack,
  rolledBackInPlace,
  switchConfirmed,
} from './history.ts';
export { COLOR_CONTAINERS, LIVE_COLORS, PLAIN_RELEASES, SCHEMA_CHANGES, STATES } from './tables.ts';
export { standingContainer, standingWith } from './standing.ts';
export { backupRecord, lines, releaseRecord, trafficRecord } from './records.ts';
