export {
  type Line,
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
export { lines, releaseRecord, trafficRecord } from './records.ts';
