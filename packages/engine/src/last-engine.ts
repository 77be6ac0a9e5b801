import { part } from '@deploy-actions/host/part';
import { question } from '@deploy-actions/host/question';
import { LEDGER_READING_SH } from '@deploy-actions/ledger/sh';

const USED = part(new URL('used-engine.sh', import.meta.url), { needs: [part(LEDGER_READING_SH)] });

/** Which engine the last release of a folder used. */
export const USED_ENGINE = question(USED);
