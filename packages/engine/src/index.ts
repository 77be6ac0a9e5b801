export { COMPLAINT } from './complaint-table.ts';
export { ENGINE, ENGINE_FAILURE, LIVE_NAMES, REQUIREMENTS } from './parts.ts';
