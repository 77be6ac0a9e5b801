import { part } from '@deploy-actions/host/part';

/** Where the engine listens that a question is about. */
export const ENGINE_ADDRESS = part(new URL('engine-address.sh', import.meta.url));
