import { COMPLAINT, ENGINE } from '@deploy-actions/engine';
import { APART, FITNESS, FORMS, type ResultForms, defineInspection, part } from '@deploy-actions/host';
import { RELEASE_LOOK } from '@deploy-actions/release';

/** Of these, what `apart` tells is read by the same forms once more, and lines by parsers that check each. */
const READINESS_RESULTS: ResultForms = {
  path: FORMS.text,
  status: FORMS.text,
  release: FORMS.text,
  docker: FORMS.text,
  sockets: FORMS.text,
  backups: FORMS.text,
  published: FORMS.text,
  machine: FORMS.text,
  compose: FORMS.line,
  engine: FORMS.line,
  root: FORMS.pathOrNone,
};

/** Looks at all that a deployment will need, as a visit. Its fields: see `readFacts`. */
export const PREFLIGHT = defineInspection({
  name: 'preflight',
  parts: [
    part(new URL('sh/readiness.sh', import.meta.url), {
      needs: [APART, FITNESS, ENGINE, COMPLAINT, RELEASE_LOOK],
      parameters: ['cpu_seconds'],
      results: READINESS_RESULTS,
    }),
  ],
  secrets: ['env_text'],
});

/** All programs of this package, for the checks that each of them must pass. */
export const PROGRAMS = [PREFLIGHT];
