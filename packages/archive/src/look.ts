import { CLUSTER, ENGINE, ENGINE_CLUSTER, ENGINE_FAILURE } from '@deploy-actions/engine';
import { FORMS, defineInspection, part } from '@deploy-actions/host';
import { APPLICATION, FOLDER, POSTGRES_LOGIN, RETENTION } from './bring-back.ts';

// Apart from the programs that save, for who only looks: a bundle takes along every file that a module names.

export const POSTGRES_DATABASES = part(new URL('sh/postgres-databases.sh', import.meta.url), {
  needs: [POSTGRES_LOGIN],
});
const LOOK = part(new URL('sh/look-at-backups.sh', import.meta.url), {
  results: {
    whole: FORMS.text,
    broken: FORMS.text,
    planned: FORMS.text,
    old: FORMS.text,
    room: FORMS.count,
  },
});

const NODE = part(new URL('sh/look-at-node.sh', import.meta.url), {
  needs: [APPLICATION, CLUSTER, ENGINE, ENGINE_CLUSTER, ENGINE_FAILURE],
  results: { node: FORMS.text, here: FORMS.text, tasks: FORMS.text },
});

/** Tells which of what is to be saved, or to come back, a node of a cluster has. */
export const LOOK_AT_NODE = defineInspection({
  name: 'look-at-node',
  parts: [NODE],
  parameters: ['role', 'docker_host'],
});

/** Tells which backups there are, and what the next one would save. */
export const LOOK_AT_BACKUPS = defineInspection({
  name: 'look-at-backups',
  parts: [FOLDER, POSTGRES_DATABASES, RETENTION, LOOK],
  parameters: ['plan', 'retention', 'keep_last'],
});
