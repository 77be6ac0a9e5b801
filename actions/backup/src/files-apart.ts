import type { Source } from '@deploy-actions/archive';
import { type Field, FieldError, linesOf, quote } from '@deploy-actions/kit';

const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
const COMMAND = /^([a-zA-Z0-9_][a-zA-Z0-9._-]*)\s*:\s+(\S.*?)\s*->\s*(\S+)$/;
/** Names that the backup's own files have. */
const OWN = /^manifest\.json$/;

/** `service: command -> file` lines. */
export function commands(): Field<Source[]> {
  const field = linesOf((line): Source => {
    const [, service, text, file] = COMMAND.exec(line) ?? [];
    if (service === undefined || text === undefined || file === undefined) {
      throw new FieldError(`${quote(line)} is not service: command -> file`, {
        remedy: 'Write such as api: mongodump --archive --gzip -> mongo.archive.gz',
      });
    }
    if (!NAME.test(file) || OWN.test(file)) {
      throw new FieldError(`${quote(file)} is no name for a file of a backup`, {
        remedy: 'Only letters, digits and . _ - are taken, and no folder.',
      });
    }
    if (text.includes('\t')) throw new FieldError('a tab stands in the command', { remedy: 'Write spaces.' });
    return { kind: 'command', service, names: [file], text };
  });
  return {
    ...field,
    parse(text) {
      const all = field.parse(text);
      const twice = all.find((one, index) =>
        all.slice(0, index).some(({ names }) => names[0] === one.names[0]),
      );
      if (twice)
        throw new FieldError(`two commands write ${twice.names[0]}`, {
          remedy: 'Give each a file of its own.',
        });
      return all;
    },
  };
}

/** Names of volumes, as the compose file has them, one per line. */
export function volumes(): Field<Source[]> {
  return linesOf((line): Source => {
    if (!NAME.test(line))
      throw new FieldError(`${quote(line)} is no name of a volume`, {
        remedy: 'Write it as in the compose file.',
      });
    return { kind: 'volume', service: '', names: [line] };
  });
}

/** Paths below the application's folder, one per line. */
export function paths(): Field<Source[]> {
  return linesOf((line): Source => {
    const parts = line.split('/');
    const isPlain = parts.every(
      (part) => /^[A-Za-z0-9_.][A-Za-z0-9._-]*$/.test(part) && !/^\.\.?$/.test(part),
    );
    if (!isPlain) {
      throw new FieldError(`${quote(line)} is no path below the application's folder`, {
        remedy: 'Write it without a slash at its beginning, such as shared/uploads.',
      });
    }
    if (parts[0] === 'backups' || parts[0] === '.deploy') {
      throw new FieldError(`${quote(line)} is of the actions' own, and not saved`, {
        remedy: 'Leave it out.',
      });
    }
    return { kind: 'path', service: '', names: [line] };
  });
}

/** Names of services, one per line. */
export function services(): Field<string[]> {
  return linesOf((line) => {
    if (!NAME.test(line))
      throw new FieldError(`${quote(line)} is no name of a service`, {
        remedy: 'Write it as in the compose file.',
      });
    return line;
  });
}

/** Public keys of age's, one per line. */
export function recipients(): Field<string[]> {
  return linesOf((line) => {
    if (!/^(?:age1[0-9a-z]{58,}|ssh-(?:ed25519|rsa) [A-Za-z0-9+/=]+(?: .*)?)$/.test(line)) {
      // What it is may be a secret key by mistake.
      throw new FieldError('this is no public key of age', {
        remedy: 'Write what age-keygen prints as the public key: age1…; the secret one stays with you.',
      });
    }
    return line;
  });
}
