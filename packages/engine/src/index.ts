export { COMPLAINT, ENGINE, LIVE_NAMES } from './parts.ts';
