import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { parseFields, systemClock } from '@deploy-actions/kit';
import { memoryLog } from '@deploy-actions/kit/testing';
import { type Host, type Lab, openLab } from '@deploy-actions/lab';
import { FORMS, type RunEvent, readResult, startRun, statusOf } from '@deploy-actions/host';
import { testProgram } from '@deploy-actions/host/testing';
import { type Session, openSession, serverFields, serversOf } from '@deploy-actions/shell';
import fc from 'fast-check';

// Sessions and runs over the real OpenSSH, on a server that is cut off, restarted and refuses.

let lab: Lab;
let host: Host;
beforeAll(async () => {
  lab = await openLab({ hosts: 1, registry: false });
  ({ host } = lab);
}, 900_000);
afterAll(async () => {
  await lab.close();
}, 120_000);
beforeEach(async () => {
  await host.reset();
}, 120_000);

const PATH = '/srv/deploy/app';

async function open(more: Record<string, string> = {}): Promise<Session> {
  const inputs: Record<string, string> = {
    host: `deploy@127.0.0.1:${host.sshPort}`,
    'ssh-key': lab.key.privateKey,
    'known-hosts': host.knownHosts(),
    path: PATH,
    ...more,
  };
  const [server] = serversOf(parseFields(serverFields, { input: (name) => inputs[name] ?? '' }));
  return await openSession(server!, { clock: systemClock, log: memoryLog() });
}

const operation = {
  name: 'deploy',
  path: PATH,
  deploymentId: 'run-1',
  inputHash: 'a'.repeat(64),
  holder: { actor: 'octocat', runUrl: 'https://example.org/1' },
};
const lines = (events: RunEvent[]) => events.flatMap((event) => (event.type === 'line' ? [event.text] : []));

test('10,000 arbitrary strings survive the remote shell byte for byte', async () => {
  const session = await open();
  const word = fc.oneof(
    fc.constantFrom("'", '"', '`id`', '$(id)', '\\', '\n', '-n', '--', '~', '*', '!', '', ' ', 'A=b'),
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme' }),
  );
  const words = fc
    .array(word, { maxLength: 4 })
    .map((parts) => parts.join('').replaceAll('\0', '').toWellFormed());
  await fc.assert(
    fc.asyncProperty(fc.array(words, { minLength: 500, maxLength: 500 }), async (args) => {
      const { code, stdout } = await session.run({ script: 'printf "%s\\0" "$@"', args });
      expect(code).toBe(0);
      expect(stdout.equals(Buffer.from(args.map((one) => `${one}\0`).join('')))).toBe(true);
    }),
    { numRuns: 20, endOnFailure: true },
  );
  expect(session.counts).toMatchObject({ connections: 1, execs: 20 });
  await session.close();
}, 120_000);

test.each(['ssh-ed25519', 'ssh-rsa', 'ecdsa-sha2-nistp256'])(
  'a pin of the %s key alone opens a session',
  async (type) => {
    const session = await open({ 'known-hosts': host.knownHosts({ type }) });
    expect((await session.run({ script: 'id -un' })).stdout.toString()).toBe('deploy\n');
    await session.close();
  },
);

test('sshd’s reasons for opening no way are told apart, and a way carries bytes', async () => {
  const session = await open();
  const socket = await session.forward('127.0.0.1', 22);
  expect(String((await once(socket, 'data'))[0])).toMatch(/^SSH-2.0-OpenSSH/);
  socket.destroy();
  await expect(session.forward('127.0.0.1', 1)).rejects.toMatchObject({ code: 'forward-refused' });
  await expect(session.forward('nowhere.invalid', 80)).rejects.toMatchObject({
    code: 'forward-unknown-name',
  });
  await session.close();
  await host.sh('echo "AllowTcpForwarding no" >/etc/ssh/sshd_config.d/00-test.conf');
  try {
    await host.restartSshd();
    const forbidden = await open();
    await expect(forbidden.forward('127.0.0.1', 22)).rejects.toMatchObject({ code: 'forward-forbidden' });
    await forbidden.close();
  } finally {
    await host.sh('rm /etc/ssh/sshd_config.d/00-test.conf');
    await host.restartSshd();
  }
}, 60_000);

test('a link that falls silent is seen as lost within half a minute', async () => {
  const link = await host.link();
  const session = await open({
    host: `deploy@127.0.0.1:${link.port}`,
    'known-hosts': host.knownHosts({ port: link.port }),
  });
  const began = performance.now();
  const run = session.run({ script: 'echo on; sleep 300' });
  setTimeout(() => link.freeze(), 500);
  await expect(run).rejects.toMatchObject({ code: 'lost' });
  expect(performance.now() - began).toBeLessThan(30_000);
  await link.close();
}, 60_000);

describe('a run on the server', () => {
  const body = `operate() { for each in 1 2 3 4 5 6 7 8; do say "line $each"; nap 0.5; done; }`;

  test.each([
    ['every connection is reset', async () => undefined],
    ['sshd is killed with all its sessions', async () => host.restartSshd()],
  ])(
    'goes on while %s, and its log is told whole',
    async (_, fault) => {
      const link = await host.link({ delayMs: 5 });
      const reopen = () =>
        open({ host: `deploy@127.0.0.1:${link.port}`, 'known-hosts': host.knownHosts({ port: link.port }) });
      const events: RunEvent[] = [];
      const session = await reopen();
      const run = await startRun(
        session,
        { ...operation, program: testProgram({ body }) },
        { clock: systemClock, reopen, onEvent: (event) => events.push(event) },
      );
      await fault();
      link.cut();
      const result = await run.result;
      expect(result.outcome).toBe('succeeded');
      expect(lines(events)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((each) => `line ${each}`));
      expect(session.counts.execs).toBe(1);
      await run.session.close();
      await link.close();
    },
    60_000,
  );

  test('that a reboot interrupts is finished by resume-on-boot, without anybody’s help', async () => {
    const session = await open();
    const run = await startRun(
      session,
      {
        ...operation,
        program: testProgram({
          body: `operate() { once begin :; nap 300; }
          recover() { once mend sh -c 'echo mended >mended'; result by recovery; }\n`,
        }),
        resumeOnBoot: true,
      },
      { clock: systemClock },
    );
    const ended = run.result.catch((error: unknown) => error);
    await systemClock.sleep(1000);
    await host.restart('power');
    expect(await ended).toMatchObject({ kind: 'lost' });
    let result: Awaited<ReturnType<typeof readResult>>;
    for (let tries = 0; result === undefined && tries < 60; tries += 1) {
      await systemClock.sleep(1000);
      const again = await open();
      result = await readResult(again, run.reference, { by: FORMS.text });
      await again.close();
    }
    expect(result).toMatchObject({ outcome: 'succeeded', recovered: true, fields: { by: 'recovery' } });
  }, 180_000);

  test('twenty at once: one works, the others wait, all succeed in the end', async () => {
    const session = await open();
    const runs = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const own = index % 5 === 0 ? session : await open();
        const run = await startRun(
          own,
          {
            ...operation,
            deploymentId: `run-${index}`,
            program: testProgram({
              body: `operate() { echo "begin" >>marks; nap 0.2; echo "end" >>marks; }`,
            }),
          },
          { clock: systemClock },
        );
        const result = await run.result;
        if (own !== session) await own.close();
        return result;
      }),
    );
    expect(runs.map(({ outcome }) => outcome)).toEqual(Array(20).fill('succeeded'));
    expect(await host.sh(`cat ${PATH}/marks`)).toBe('begin\nend\n'.repeat(20));
    const status = await statusOf(session, PATH);
    expect(status.lock).toBeUndefined();
    expect(status.runs).toHaveLength(20);
    await session.close();
  }, 180_000);
});
