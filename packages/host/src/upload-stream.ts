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

function checkName(name: string): void {
  const parts = name.split('/');
  if (
    name === '' ||
    /[\0-\x1f\x7f\\]/.test(name) ||
    parts.some((part) => part === '' || part === '.' || part === '..') ||
    name.startsWith('-')
  ) {
    throw new Failure('input', `a file with the name ${JSON.stringify(name)} cannot be sent to a server`, {
      remedy: 'Use relative names without control characters and backslashes.',
    });
  }
}
