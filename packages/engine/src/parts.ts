import { part } from '@deploy-actions/host';
import { LEDGER_READING_SH } from '@deploy-actions/ledger/sh';
import { COMPLAINT } from './complaint-table.ts';

/**
 * All that a program on the server asks of the engine that runs containers, Docker with Compose here: the functions
 * `engine_…` of one file. No other .sh file calls an engine, so that another one is another such file.
 */
export const ENGINE = part(new URL('compose.sh', import.meta.url));

/** What ends an operation by the table of what the engine's words mean. */
export const ENGINE_FAILURE = part(new URL('engine-failure.sh', import.meta.url), {
  needs: [ENGINE, COMPLAINT],
});

/** Whether the engine on the server will do, and what is asked of it beside other things. */
export const REQUIREMENTS = part(new URL('requirements.sh', import.meta.url), { needs: [ENGINE_FAILURE] });

/** Who meets whom on the networks of the colours, and what leads shared services to the live one. */
export const LIVE_NAMES = part(new URL('live-names.sh', import.meta.url), {
  needs: [ENGINE, part(LEDGER_READING_SH)],
});
