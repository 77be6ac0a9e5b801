import { FORMS, defineInspection, part } from '@deploy-actions/host';
import { RETENTION } from './bring-back.ts';

/** Where backups are kept besides: a repository of restic. */
export interface Repository {
  /** Its address, as restic takes it: an absolute path, or such as `s3:https://…`. */
  address: string;
  password: string;
  /** Variables that restic reads, such as the keys of its storage. One line each. */
  environment: readonly (readonly [name: string, value: string])[];
}

export const REPOSITORY_PARAMETERS = ['repository', 'repository_password', 'repository_env'] as const;

export const REPOSITORY = part(new URL('sh/repository.sh', import.meta.url), {
  parameters: ['project', ...REPOSITORY_PARAMETERS],
});

/** A repository as the programs take it; they keep none where it is undefined. */
export function repositoryValues(
  repository: Repository | undefined,
): Record<(typeof REPOSITORY_PARAMETERS)[number], string> {
  return {
    repository: repository?.address ?? '',
    repository_password: repository?.password ?? '',
    repository_env: (repository?.environment ?? []).map(([name, value]) => `${name}=${value}\n`).join(''),
  };
}

/** Tells which backups of an application are in the repository. */
export const LOOK_AT_REPOSITORY = defineInspection({
  name: 'look-at-repository',
  parts: [
    REPOSITORY,
    RETENTION,
    part(new URL('sh/look-at-repository.sh', import.meta.url), {
      results: { sent: FORMS.text, old: FORMS.text },
    }),
  ],
  parameters: ['retention', 'keep_last'],
  secrets: REPOSITORY_PARAMETERS,
});

/** A backup in the repository, by the tags of its snapshot. */
export interface SentBackup {
  id: string;
  created: string;
  verified: string;
  bytes: number;
  /** The release that served; empty without one. */
  release: string;
  /** The server that sent it, by the name that it calls itself. */
  host: string;
  /** It is of the folder that was asked. */
  own: boolean;
}

const LINE =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) ([a-z0-9][a-z0-9._-]{0,62}) (none|read|restore) (\d{1,15}) (-|[a-z0-9][a-z0-9._-]{0,62}) [0-9a-f]{64} (\S+) (own|other)$/;

/** The lines of `sent`, as `look-at-repository.sh` tells them; what has another form is left out. */
export function readSent(text: string): SentBackup[] {
  return text.split('\n').flatMap((line) => {
    const [whole, created, id, verified, bytes, release, host, whose] = LINE.exec(line) ?? [];
    if (whole === undefined) return [];
    return [
      {
        ...{ id: id!, created: created!, verified: verified!, bytes: Number(bytes), host: host! },
        ...{ release: release === '-' ? '' : release!, own: whose === 'own' },
      },
    ];
  });
}
