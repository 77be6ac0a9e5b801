import { part } from './part.ts';

/** What every program begins with. */
export const PRELUDE = part(new URL('sh/prelude.sh', import.meta.url));
/** Whether a process that left its identity still lives. */
export const PROCESSES = part(new URL('sh/processes.sh', import.meta.url), { needs: [PRELUDE] });
