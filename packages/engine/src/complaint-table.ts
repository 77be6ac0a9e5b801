import { part } from '@deploy-actions/host/part';
import { ENGINE_ADDRESS } from './address.ts';

/** What the engine's words mean where it refuses: the one table of it. */
export const COMPLAINT = part(new URL('complaint.sh', import.meta.url));

/** Asks the table for whoever runs no program. */
export const EXPLAIN = part(new URL('explain-complaint.sh', import.meta.url), {
  needs: [ENGINE_ADDRESS, COMPLAINT],
});
