import { part } from '@deploy-actions/host/part';
import { type Question, question } from '@deploy-actions/host/question';

const WITH_CURL = part(new URL('ask-with-curl.sh', import.meta.url));
const WITH_WGET = part(new URL('ask-with-wget.sh', import.meta.url));
const JOURNAL = part(new URL('read-journal.sh', import.meta.url));
const CONNECT = part(new URL('connect-with-curl.sh', import.meta.url));

export const ASK_WITH_CURL = question(WITH_CURL);
export const ASK_WITH_WGET = question(WITH_WGET);
export const READ_JOURNAL = question(JOURNAL);
export const CONNECT_WITH_CURL = question(CONNECT);

/** All of them, for the checks that each must pass. */
export const QUESTIONS: readonly Question[] = [ASK_WITH_CURL, ASK_WITH_WGET, CONNECT_WITH_CURL, READ_JOURNAL];
