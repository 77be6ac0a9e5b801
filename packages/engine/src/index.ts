export { complaintOf } from './complaint.ts';
export { COMPLAINT, ENGINE, LIVE_NAMES } from './parts.ts';
