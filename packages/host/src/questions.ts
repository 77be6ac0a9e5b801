import { part } from './part.ts';
import { PROCESSES } from './process-parts.ts';
import { type Question, question } from './question.ts';

const STOPS = part(new URL('sh/own-stops.sh', import.meta.url), { needs: [PROCESSES] });

export const OWN_STOPS = question(STOPS);

/** All of them, for the checks that each must pass. */
export const QUESTIONS: readonly Question[] = [OWN_STOPS];
