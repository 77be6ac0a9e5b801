export { COMPLAINT, ENGINE, LIVE_NAMES, REQUIREMENTS } from './parts.ts';
