import type { Repository } from '@deploy-actions/archive';
import { Failure, type Field, FieldError, field, pairs, secret } from '@deploy-actions/kit';

/** What keeps backups besides the folder on the server. */
export const ENGINES = ['files', 'restic'] as const;

const ADDRESS = /^(?:\/|(?:sftp|rest|s3|swift|b2|azure|gs|rclone):)[^\s\0-\x1f\x7f]+$/;

/** An address as restic takes it. It may hold a login, so that no message quotes it. */
export function repositoryAddress(): Field<string | undefined> {
  return field((text) => {
    if (!ADDRESS.test(text)) {
      throw new FieldError('this is no repository of restic', {
        remedy:
          'Write an absolute path on the server, or such as sftp:backup@nas.example.org:/shop, rest:https://…, s3:https://….',
      });
    }
    return text;
  });
}

/** A password of one line. */
export function repositoryPassword(): Field<string | undefined> {
  return secret(
    field((text) => {
      if (/[\0\n\r]/.test(text)) throw new FieldError('the password has more than one line');
      return text;
    }),
  );
}

/** What the storages of restic read, and how it goes about its work; nothing that says which repository or program it is. */
const VARIABLE =
  /^(?:(?:AWS|AZURE|B2|GOOGLE|OS|ST|RCLONE)_[A-Z0-9_]+|RESTIC_(?:REST_USERNAME|REST_PASSWORD|CACERT|TLS_CLIENT_CERT|CACHE_DIR|COMPRESSION|PACK_SIZE|READ_CONCURRENCY)|HTTPS?_PROXY|NO_PROXY)$/;

/** `NAME=value` lines for restic alone. */
export function repositoryEnvironment(): Field<[name: string, value: string][]> {
  const inner = pairs();
  return secret({
    ...inner,
    parse(text) {
      const all = inner.parse(text);
      const odd = all.find(([name]) => !VARIABLE.test(name));
      if (odd) {
        throw new FieldError(
          `${odd[0].replace(/[^A-Za-z0-9_]/g, '?').slice(0, 40)} is no variable that restic is given`,
          {
            remedy:
              'It is given those of its storages (AWS_…, AZURE_…, B2_…, GOOGLE_…, OS_…, ST_…, RCLONE_…, RESTIC_REST_USERNAME and RESTIC_REST_PASSWORD), RESTIC_CACERT, RESTIC_TLS_CLIENT_CERT, RESTIC_CACHE_DIR, RESTIC_COMPRESSION, RESTIC_PACK_SIZE, RESTIC_READ_CONCURRENCY and the proxies.',
          },
        );
      }
      return all;
    },
  });
}

interface Asked {
  engine: (typeof ENGINES)[number];
  repository: string | undefined;
  'repository-password': string | undefined;
  'repository-env': readonly [name: string, value: string][];
}

/** The repository that the inputs name; undefined for none. Throws where they do not go together. */
export function repositoryOf(inputs: Asked): Repository | undefined {
  const { engine, repository, 'repository-password': password, 'repository-env': environment } = inputs;
  if (engine === 'files') {
    const given = (['repository', 'repository-password', 'repository-env'] as const).find(
      (name) => inputs[name] !== undefined && inputs[name].length > 0,
    );
    if (given === undefined) return undefined;
    throw new Failure('input', `input \`${given}\` goes with \`engine: restic\``, {
      input: given,
      remedy: 'Set engine: restic, or leave it out.',
    });
  }
  const missing =
    repository === undefined ? 'repository' : password === undefined ? 'repository-password' : '';
  if (repository === undefined || password === undefined) {
    throw new Failure('input', `\`engine: restic\` needs the input \`${missing}\`, which is empty`, {
      input: missing,
      remedy: `Write \`${missing}:\` under \`with:\` of this step. Where it stands there, the secret or variable behind it is empty.`,
    });
  }
  return { address: repository, password, environment };
}

/** What of a repository nobody may be shown, beside the inputs as they were written. */
export function secretsOf({ address, environment }: Repository): string[] {
  const login = /^[a-z0-9]+:[a-z][a-z0-9+.-]*:\/\/[^/@\s:]*:([^/@\s]+)@/i.exec(address);
  return [
    ...(login ? [login[1]!] : []),
    ...environment.filter(([name]) => /KEY|SECRET|PASS|TOKEN|AUTH/.test(name)).map(([, value]) => value),
  ].filter((value) => value !== '');
}
