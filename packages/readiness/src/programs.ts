import { COMPLAINT, ENGINE } from '@deploy-actions/engine';
import { APART, FITNESS, defineInspection, part } from '@deploy-actions/host';
import { RELEASE_LOOK } from '@deploy-actions/release';

/** Looks at all that a deployment will need, as a visit. Its fields: see `readFacts`. */
export const PREFLIGHT = defineInspection({
  name: 'preflight',
  parts: [
    part(new URL('sh/readiness.sh', import.meta.url), {
      needs: [APART, FITNESS, ENGINE, COMPLAINT, RELEASE_LOOK],
      parameters: ['cpu_seconds'],
    }),
  ],
  secrets: ['env_text'],
});

/** All programs of this package, for the checks that each of them must pass. */
export const PROGRAMS = [PREFLIGHT];
