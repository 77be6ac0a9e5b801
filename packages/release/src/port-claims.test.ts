import { execFile } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from '@jest/globals';

const PROGRAM = ['taken-ports', 'port-claims']
  .map((name) => readFileSync(path.join(__dirname, `sh/${name}.sh`), 'utf8'))
  .join('');

function place(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'claims-'));
  mkdirSync(path.join(folder, 'ports'));
  chmodSync(path.join(folder, 'ports'), 0o1777);
  return folder;
}

/** An application of this name claims ports; answers what it is told. */
async function claim(
  folder: string,
  name: string,
  ports: readonly number[],
  shell = 'dash',
): Promise<string> {
  const app = path.join(folder, name);
  mkdirSync(path.join(app, '.deploy'), { recursive: true });
  writeFileSync(path.join(app, 'claims'), ports.map((port) => `${port}\n`).join(''));
  writeFileSync(path.join(app, 'ports'), ports.map((port) => `green ${name} 80 1 ${port}\n`).join(''));
  const script = `${PROGRAM}
    existing() { if [ -f "$1" ]; then printf '%s' "$1"; else printf /dev/null; fi; }
    write_file() { cat >"$1.new" && mv -f "$1.new" "$1"; }
    port_claims=$1 path=$2
    if claim_ports "$path/claims" "$path/ports"; then echo got; else echo "taken $claim_taken"; fi
    claimed_ports | sort | tr '\\n' ' '`;
  return await new Promise((resolve, reject) => {
    execFile(shell, ['-c', script, 'sh', path.join(folder, 'ports'), app], (error, stdout, stderr) =>
      error ? reject(new Error(stderr, { cause: error })) : resolve(stdout.trim()),
    );
  });
}

test('of many applications that claim the same ports at the same moment one gets them, and the others get none', async () => {
  const folder = place();
  const names = Array.from({ length: 12 }, (_, index) => `app${index}`);
  const told = await Promise.all(names.map((name) => claim(folder, name, [61001, 61002, 61003])));
  const winners = told.filter((one) => one.startsWith('got'));
  expect(winners).toHaveLength(1);
  const recorded = names.filter((name) => {
    try {
      return readFileSync(path.join(folder, name, '.deploy/ports'), 'utf8') !== '';
    } catch {
      return false;
    }
  });
  expect(recorded).toHaveLength(1);
  expect(readdirSync(path.join(folder, 'ports'))).toHaveLength(3);
});

test('who comes second gets nothing, not even what was free', async () => {
  const folder = place();
  expect(await claim(folder, 'one', [61010])).toBe('got\n61010');
  expect(await claim(folder, 'two', [61009, 61010, 61011])).toBe('taken 61010\n61010');
  expect(await claim(folder, 'two', [61009, 61011])).toBe('got\n61009 61010 61011');
});

test('a claim that nobody has renewed for a month is gone, and one that was renewed is not', async () => {
  const folder = place();
  await claim(folder, 'one', [61020, 61021]);
  const old = new Date(Date.now() - 40 * 24 * 3600 * 1000);
  for (const port of ['61020', '61021']) utimesSync(path.join(folder, 'ports', port), old, old);
  // Another deployment of the same application renews what it has.
  expect(await claim(folder, 'one', [])).toBe('got\n61020 61021');
  utimesSync(path.join(folder, 'ports', '61020'), old, old);
  expect(await claim(folder, 'two', [61020])).toBe('got\n61020 61021');
});

test('a port that something listens on by now is not claimed', async () => {
  const folder = place();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  expect(await claim(folder, 'one', [port])).toBe(`taken ${port}`);
  server.close();
});
