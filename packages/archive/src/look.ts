import { FORMS, defineInspection, part } from '@deploy-actions/host';
import { FOLDER, POSTGRES_LOGIN, RETENTION } from './bring-back.ts';

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

/** Tells which backups there are, and what the next one would save. */
export const LOOK_AT_BACKUPS = defineInspection({
  name: 'look-at-backups',
  parts: [FOLDER, POSTGRES_DATABASES, RETENTION, LOOK],
  parameters: ['plan', 'retention', 'keep_last'],
});
