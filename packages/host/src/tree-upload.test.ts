import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { Session } from '@deploy-actions/shell';
import { inspect } from './inspect.ts';
import type { Upload } from './run.ts';
import { type TestHost, hostsForEach, shellsHere } from './testing/hosts.ts';
import { testInspection } from './testing/program.ts';

// Real processes on a busy machine.
jest.setTimeout(60_000);

const hostWith = hostsForEach(afterEach);

const LONG = `${'ordner/'.repeat(30)}Grüße und mehr.txt`;
const many = (change: Record<string, string | undefined> = {}): Upload[] => {
  const names = [...Array.from({ length: 60 }, (_, index) => `conf.d/${index % 7}/-n ${index}.conf`), LONG];
  const texts = { ...Object.fromEntries(names.map((name) => [name, `content of ${name}\n`])), ...change };
  return Object.entries(texts).flatMap(([name, content]) =>
    content === undefined
      ? []
      : { name: `project/shop/${name}`, content, mode: name.includes('7') ? 0o700 : 0o600 },
  );
};

/** Sums and modes of all files below the folder of the files sent, as the program there finds them. */
const LOOK = `inspect() {
  find . -type f -exec sha256sum {} + | sort -k 2 >"$run/sums"
  result_file sums "$run/sums"
  result run "$(find . -type f -perm 700 | sort)"
  result odd "$(find . -type f ! -perm 700 ! -perm 600; find . -type d ! -perm 700; find . -type d -empty)"
}
`;

/** Sends files by a look, and tells the bytes that went over the line beyond the program's own. */
async function send(host: TestHost, files: Upload[], wrap = (session: Session): Session => session) {
  let bytes = 0;
  const session = host.session();
  const counted: Session = {
    ...session,
    run: (program) =>
      session.run({
        ...program,
        input: (async function* () {
          for await (const piece of program.input as AsyncIterable<Buffer>) {
            bytes += piece.length;
            yield piece;
          }
        })(),
      }),
  };
  const seen = await inspect(wrap(counted), {
    path: host.path,
    program: testInspection({ body: LOOK }),
    files,
  });
  return { bytes, fields: seen.fields };
}

function holds(fields: Readonly<Record<string, string>>, files: Upload[]): void {
  const sorted = [...files].sort((a, b) =>
    Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)) < 0 ? -1 : 1,
  );
  const sums = sorted.map(
    ({ name, content }) => `${createHash('sha256').update(content).digest('hex')}  ./${name}\n`,
  );
  expect(fields['sums']).toBe(sums.join(''));
  const run = sorted.filter(({ mode }) => mode === 0o700).map(({ name }) => `./${name}`);
  expect(fields['run']).toBe(run.join('\n'));
  expect(fields['odd']).toBe('');
}

describe.each(shellsHere())('with %s as sh', (shell) => {
  test('of many files those go over the line that the server has not, and all are there', async () => {
    const host = hostWith(shell);
    const first = await send(host, many());
    holds(first.fields, many());
    // All of them in blocks of 512 bytes, beside a list.
    expect(first.bytes).toBeGreaterThan(61 * 1024);

    const again = await send(host, many());
    holds(again.fields, many());
    expect(again.bytes).toBeLessThan(12_000);

    const changed = many({
      'conf.d/0/-n 0.conf': 'new\n',
      'conf.d/more/x.conf': 'more\n',
      [LONG]: undefined,
    }).map((file) => (file.name.endsWith('-n 1.conf') ? { ...file, mode: 0o700 } : file));
    const third = await send(host, changed);
    holds(third.fields, changed);
    expect(third.bytes - again.bytes).toBeLessThan(4000);
    expect((await send(host, changed)).bytes).toBeLessThan(12_000);
  });

  test('what became of the files on the server meanwhile is seen, and they are sent again', async () => {
    const host = hostWith(shell);
    const sent = path.join(host.path, '.deploy/sent');
    await send(host, many());
    writeFileSync(path.join(sent, 'project/shop/conf.d/0/-n 0.conf'), 'somebody was here\n');
    rmSync(path.join(sent, 'project/shop/conf.d/1'), { recursive: true });
    writeFileSync(path.join(sent, 'project/spare'), 'left\n');
    chmodSync(path.join(sent, 'project/shop/conf.d/2/-n 2.conf'), 0o644);
    const mended = await send(host, many());
    holds(mended.fields, many());
    expect(mended.bytes).toBeLessThan(30_000);
    holds((await send(host, many())).fields, many());

    rmSync(sent, { recursive: true });
    mkdirSync(path.join(host.home, 'elsewhere'));
    symlinkSync(path.join(host.home, 'elsewhere'), sent);
    holds((await send(host, many())).fields, many());
    expect(readdirSync(path.join(host.home, 'elsewhere'))).toEqual([]);
  });

  test('an archive that ends early leaves nothing, and what was there before stays', async () => {
    const host = hostWith(shell);
    await send(host, many());
    const incoming = () => readdirSync(path.join(host.path, '.deploy/incoming'));
    const before = incoming();
    const cut = (session: Session): Session => ({
      ...session,
      run: (program) =>
        session.run({
          ...program,
          input: (async function* () {
            let pieces = 0;
            for await (const piece of program.input as AsyncIterable<Buffer>) {
              pieces += 1;
              // Parameters, list and `end` are pieces of their own; the archive is the last.
              yield piece.length > 60 * 1024 ? piece.subarray(0, piece.length / 2) : piece;
            }
            expect(pieces).toBeGreaterThan(3);
          })(),
        }),
    });
    const large = many({ large: 'x'.repeat(200_000) });
    await expect(send(host, large, cut)).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringMatching(/could not be written|is not what was sent/),
    });
    expect(incoming()).toEqual(before);
    expect((await send(host, many())).bytes).toBeLessThan(12_000);
  });
});

test('few and small files go at once, without a question', async () => {
  const host = hostWith('dash');
  const files = many().slice(0, 5);
  holds((await send(host, files)).fields, files);
  expect(existsSync(path.join(host.path, '.deploy/sent'))).toBe(false);
});

test('a server without tar says so', async () => {
  const host = hostWith('dash');
  const without: Session = host.session();
  const hidden: Session = {
    ...without,
    run: (program) =>
      without.run({ ...program, script: program.script.replace('command -v tar', 'command -v no-such-tar') }),
  };
  await expect(
    inspect(hidden, { path: host.path, program: testInspection({ body: LOOK }), files: many() }),
  ).rejects.toMatchObject({
    kind: 'refused',
    code: 'tool-missing',
    message: 'the server has no tar, which many files need',
  });
});

test.each(['0\n', '62\n', '1\n1\n', '1', 'x\n', '-1\n'])(
  'a server that asks for %j, which is not in the list, is not listened to',
  async (answer) => {
    const host = hostWith('dash');
    const session = host.session();
    const lying: Session = {
      ...session,
      run: (program) =>
        session.run({
          ...program,
          script: `printf 'missing ${answer.length}\\n%s\\n' '${answer}'\nsleep 5\n`,
        }),
    };
    await expect(
      inspect(lying, { path: host.path, program: testInspection({ body: LOOK }), files: many() }),
    ).rejects.toMatchObject({
      kind: 'lost',
      message: expect.stringContaining('asks for files that are not'),
    });
  },
);
