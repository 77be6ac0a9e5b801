import { COMPLAINT, ENGINE, ENGINE_CONTAINERS, ENGINE_FAILURE } from '@deploy-actions/engine';
import { APART, FITNESS, FORMS, type ResultForms, defineInspection, part } from '@deploy-actions/host';
import { BACKUP_READING_SH } from '@deploy-actions/ledger/backup-sh';
import { LOGIN, RELEASE_LOOK } from '@deploy-actions/release';
import { LOADED_PARTS } from '@deploy-actions/traffic/loaded';

const BACKUP_READING = part(BACKUP_READING_SH);

/** Of these, what `apart` tells is read by the same forms once more, and lines by parsers that check each. */
const READINESS_RESULTS: ResultForms = {
  path: FORMS.text,
  status: FORMS.text,
  release: FORMS.text,
  docker: FORMS.text,
  sockets: FORMS.text,
  backups: FORMS.text,
  published: FORMS.text,
  proxies: FORMS.text,
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
      needs: [
        ENGINE,
        ENGINE_CONTAINERS,
        APART,
        FITNESS,
        ENGINE_FAILURE,
        RELEASE_LOOK,
        BACKUP_READING,
        ...LOADED_PARTS,
      ],
      parameters: ['cpu_seconds'],
      results: READINESS_RESULTS,
    }),
  ],
  secrets: ['env_text'],
});

/** Asks the registries for images that the server has not. Its fields: see `askRegistry`. */
export const ASK_REGISTRY = defineInspection({
  name: 'ask-registry',
  parts: [
    part(new URL('sh/ask-registry.sh', import.meta.url), {
      needs: [ENGINE, APART, COMPLAINT, LOGIN],
      parameters: ['docker_host', 'references', 'min_free_disk'],
      results: { 'image_*': FORMS.text, size: FORMS.count, wanted: FORMS.count },
    }),
  ],
  secrets: ['registry_config'],
});

/** All programs of this package, for the checks that each of them must pass. */
export const PROGRAMS = [PREFLIGHT, ASK_REGISTRY];
