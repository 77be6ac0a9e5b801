import { createHash } from 'node:crypto';
import { Failure } from '@deploy-actions/kit';
import type { Upload } from './run.ts';

/** Files as `_receive` reads them from stdin: a line of facts, the name, the bytes; `end` comes last. */
export function* uploadStream(files: readonly Upload[]): Generator<Buffer> {
  for (const { name, content, mode = 0o600 } of files) {
    checkName(name);
    const bytes = Buffer.from(content as string);
    const sum = createHash('sha256').update(bytes).digest('hex');
    yield Buffer.from(`file ${mode.toString(8)} ${bytes.length} ${sum}\n${name}\n`);
    if (bytes.length > 0) yield bytes;
  }
  yield Buffer.from('end\n');
}

/** Why a file of this name cannot be sent to a server, as a part of a sentence; undefined when it can. */
export function whyNotSendable(name: string): string | undefined {
  const parts = name.split('/');
  if (/[\0-\x1f\x7f]/.test(name)) return 'its name has a control character, such as a tab or a new line';
  if (name.includes('\\')) return 'its name has a backslash';
  if (name.startsWith('-')) return 'its name begins with a hyphen';
  if (parts.some((part) => part === '' || part === '.' || part === '..'))
    return 'its name is no plain relative path';
  return undefined;
}

/** Throws an `input` Failure for a name that cannot be sent. */
export function checkName(name: string): void {
  const why = whyNotSendable(name);
  if (why === undefined) return;
  throw new Failure('input', `the file ${JSON.stringify(name)} cannot be sent to a server: ${why}`, {
    remedy: 'Rename it.',
  });
}
