export { complaintOf } from './complaint.ts';
export { COMPLAINT, ENGINE } from './parts.ts';
