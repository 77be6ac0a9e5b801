/**
 * The table of what the engine's words mean, alone: an action that runs no program of the house asks it by `complaintOf`,
 * and neither loads nor carries the programs. It stands in a file of its own because the bundler names what a module reads
 * itself by a hash.
 */
export const COMPLAINT_SH: URL | string = new URL('complaint.sh', import.meta.url);
