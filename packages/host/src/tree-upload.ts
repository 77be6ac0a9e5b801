import { createHash } from 'node:crypto';
import type { Upload } from './run.ts';
import { tarArchive } from './tar.ts';
import { checkName, uploadStream } from './upload-stream.ts';

/**
 * Files from which on the server is asked first which of them it has: before, sending them all takes no longer than the
 * question, a round trip.
 */
const MANY = 32;
const LARGE = 256 * 1024;

/** What goes to an exec's stdin, and who hears what the server has not. */
export interface TreeUpload {
  input: Iterable<Buffer> | AsyncIterable<Buffer>;
  /** Takes the frame `missing`. Throws on what is no answer to the list. */
  missing(payload: Buffer): void;
  /** Nothing more will be heard. */
  end(): void;
}

/**
 * Files into the folder `files` of an exec that has `_receive_tree`, beside others of its own. Many or large ones go as a
 * list first, and then as an archive of those that the server has not.
 */
export function treeUpload(own: readonly Upload[], files: readonly Upload[]): TreeUpload {
  const bytes = files.reduce((sum, { content }) => sum + content.length, 0);
  if (files.length < MANY && bytes < LARGE) {
    const named = files.map((file) => ({ ...file, name: `files/${file.name}` }));
    const missing = () => {
      throw new Error('it answers a list that it was not sent');
    };
    return { input: uploadStream([...own, ...named]), missing, end: () => undefined };
  }
  const listed = files.map((file): Required<Upload> => {
    checkName(file.name);
    return { ...file, mode: (file.mode ?? 0o600) & 0o100 ? 0o700 : 0o600 };
  });
  const list = listed.map(({ name, content, mode }) => {
    const sum = createHash('sha256').update(content).digest('hex');
    return `${mode.toString(8)} ${sum} ${name}\n`;
  });
  let answer!: (files: readonly Required<Upload>[]) => void;
  const wanted = new Promise<readonly Required<Upload>[]>((resolve) => (answer = resolve));
  async function* input(): AsyncGenerator<Buffer> {
    yield* uploadStream([...own, { name: 'list', content: list.join('') }]);
    const missing = await wanted;
    if (missing.length > 0) yield* tarArchive(missing);
  }
  return {
    input: input(),
    missing: (payload) => answer(chosen(listed, payload.toString('latin1'))),
    end: () => answer([]),
  };
}

/** The files at these lines of the list, which must be lines of it, each once. */
function chosen(listed: readonly Required<Upload>[], text: string): readonly Required<Upload>[] {
  if (text === 'all') return listed;
  const lines = text.split('\n').slice(0, -1);
  const picked = lines.map((line) => (/^[1-9]\d{0,8}$/.test(line) ? listed[Number(line) - 1] : undefined));
  const files = picked.filter((file) => file !== undefined);
  if (
    files.length < lines.length ||
    new Set(files).size < files.length ||
    (text !== '' && !text.endsWith('\n'))
  )
    throw new Error('it asks for files that are not in the list');
  return files;
}
