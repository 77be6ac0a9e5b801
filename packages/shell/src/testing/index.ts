export { type LocalSessionOptions, localSession } from './local-session.ts';
