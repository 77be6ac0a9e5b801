import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Lab, type Registry, openLab } from '@deploy-actions/lab';
import type { BundleResult } from '@deploy-actions/tooling';
import { PATH, ended, healthySite, killProgram, newDeploy, siteOf, startSmall } from './fault-rig.ts';

/** Where secrets of a deployment may be found afterwards: nowhere but in files that only the login user can read. */
let lab: Lab;
let registry: Registry;

const PULLER = 'pulls-and-no-more-5b1f';
const TOKEN = 'top\'secret "quoted" $HOME `id` \\ ünï';
const LINES = '-----BEGIN KEY-----\nfirst-line-of-a-key-17\nlast-line-of-a-key-42\n-----END KEY-----';
/** What is searched for: as it is, and what it looks like elsewhere. */
const NEEDLES = {
  'registry password': PULLER,
  'registry password, as in config.json': Buffer.from(`ci:${PULLER}`).toString('base64'),
  'registry password, base64': Buffer.from(PULLER).toString('base64').replace(/=+$/, '').slice(0, -2),
  'value of env': 'top\'secret "quoted"',
  'value of env, as in JSON': 'top\'secret \\"quoted\\"',
  'value of env, base64': Buffer.from(TOKEN).toString('base64').slice(0, 36),
  'line of a value of env': 'first-line-of-a-key-17',
  'other line of a value of env': 'last-line-of-a-key-42',
};

beforeAll(async () => {
  lab = await openLab({
    registry: { access: 'token', users: { ci: { password: PULLER, pull: ['shop/*'] } } },
  });
  registry = lab.registry;
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

function inputs(): Record<string, string> {
  return {
    registry: registry.address,
    'registry-username': 'ci',
    'registry-password': PULLER,
    env: '',
    'env-file': '',
  };
}

function start(tag: string, wanted = newDeploy(tag)) {
  const env = [`REGISTRY=${registry.address}`, `TAG=${tag}`, `TOKEN=${TOKEN}`, 'KEY<<END', LINES, 'END'].join(
    '\n',
  );
  // The command prints a secret: what a container says is a log's way to leak, too.
  return startSmall(
    lab,
    wanted,
    { ...inputs(), env, 'after-up': `api: sh -c 'echo "$TOKEN"; echo "$KEY"'` },
    { compose: withSecrets },
  );
}

function withSecrets(compose: string): string {
  return `${compose.replace('REDIS_URL:', "TOKEN: '${TOKEN}', KEY: '${KEY}', REDIS_URL:").replace('  api:\n', '  api:\n    secrets: [token, { source: key, uid: "65534", mode: 0400 }]\n')}
secrets: { token: { environment: TOKEN }, key: { environment: KEY } }
`;
}

function expectNothingShown(result: BundleResult): void {
  const shown = result.log
    .split('\n')
    .filter((line) => !line.startsWith('::add-mask::'))
    .join('\n');
  const record = JSON.stringify([shown, result.summary, result.outputs, result.state]);
  for (const [name, needle] of Object.entries({ ...NEEDLES, 'the key': lab.key.privateKey.split('\n')[2]! }))
    expect({ name, isShown: record.includes(JSON.stringify(needle).slice(1, -1)) }).toEqual({
      name,
      isShown: false,
    });
}

/** Reads every command line on the server ten times a second, those of containers too, into /tmp/cmdlines. */
async function sample(): Promise<{ stop(): Promise<number> }> {
  await lab.host.sh('rm -f /tmp/sample.stop');
  const sampling = lab.host.exec([
    'perl',
    '-e',
    `my (%seen, $rounds);
     until (-e "/tmp/sample.stop") {
       $rounds++;
       for my $file (glob "/proc/[0-9]*/cmdline") {
         local $/; open(my $in, "<", $file) or next; my $text = <$in> // next; $text =~ s/\\0/ /g; $seen{$text} = 1;
       }
       select undef, undef, undef, 0.1;
     }
     open(my $out, ">", "/tmp/cmdlines"); print $out "$_\\n" for sort keys %seen; close $out; print $rounds;`,
  ]);
  return {
    stop: async () => {
      await lab.host.sh('touch /tmp/sample.stop');
      return Number((await sampling).stdout);
    },
  };
}

/** `mode path` of all files of the server that hold a needle, but for Docker's own (runc's too: it hands a container its environment in a file of root's). */
async function filesWith(needle: string): Promise<string[]> {
  const found = await lab.host.sh(
    `grep -rlFs --exclude-dir=docker --exclude-dir=containerd -e "$NEEDLE" /srv /home /root /tmp /var/tmp /dev/shm /run /var/log /var/lib /var/spool /etc |
       grep -v -e '^/tmp/cmdlines$' -e '^/tmp/runc-process' | xargs -r stat -c '%a %n'`,
    { env: { NEEDLE: needle } },
  );
  return found.split('\n').filter((line) => line !== '');
}

test('no secret is in any command line, shown, or in a file that others can read', async () => {
  const samples = await sample();
  const results = [await start('v1').done, await start('v2').done, await start('never-healthy').done];
  expect(await samples.stop()).toBeGreaterThan(20);
  expect(results.map(({ exitCode, shown }) => (exitCode === 2 ? shown : exitCode))).toEqual([0, 0, 1]);
  expect(await siteOf(lab.host)).toEqual(healthySite(lab, 'v2'));

  for (const result of results) expectNothingShown(result);
  for (const [name, needle] of Object.entries(NEEDLES)) {
    const lines = await lab.host.exec(['grep', '-F', '-e', needle, '/tmp/cmdlines']);
    expect([name, lines.stdout]).toEqual([name, '']);
    const files = await filesWith(needle);
    // What the container itself printed is in the run's own log; everything else is told in no log at all.
    const open = files.filter(
      (file) =>
        !file.startsWith(`600 ${PATH}/`) || /(history\.jsonl|journal|release\.json|\/holder)$/.test(file),
    );
    expect([name, open]).toEqual([name, []]);
    // The search finds what is there: the resolved configuration holds the values.
    if (name.startsWith('line')) expect(files).not.toEqual([]);
    if (name.startsWith('registry')) expect([name, files]).toEqual([name, []]);
  }
  expect(await lab.host.sh(`grep -rls '"auth"' /home/deploy /root /dev/shm /tmp || :`)).toBe('');
  // The folders above are closed as well.
  expect(await lab.host.sh(`stat -c %a ${PATH}/.deploy ${PATH}/.deploy/runs ${PATH}/releases/*`)).toMatch(
    /^(700\n)+$/,
  );
});

test('a secret that comes from a variable is a file in the container, for its owner and mode, byte for byte', async () => {
  const inside = (words: string) => lab.host.sh(`docker exec shop-api-1 ${words}`);
  expect(await inside('cat /run/secrets/token')).toBe(TOKEN);
  expect((await inside('cat /run/secrets/key')).trimEnd()).toBe(LINES);
  expect(await inside("stat -c '%u %a %F' /run/secrets/token /run/secrets/key")).toBe(
    '0 444 regular file\n65534 400 regular file\n',
  );
  expect(await lab.host.sh('docker inspect shop-api-1')).not.toContain('/run/secrets');
});

test('a login that a killed run left in memory is gone after the next', async () => {
  const { host } = lab;
  await registry.publish({ from: 'shop/api:v1', to: 'shop/api:v5', env: { APP_VERSION: 'v5' } });
  const wanted = newDeploy('v5');
  await registry.pause();
  const action = start('v5', wanted);
  await host.sh(
    'for i in $(seq 600); do ls -d /dev/shm/deploy-actions.* 2>/dev/null && exit 0; sleep 0.1; done; exit 1',
  );
  await killProgram(host, wanted);
  await registry.unpause();
  expect((await action.done).exitCode).toBe(1);
  const { exitCode, shown } = await start('v5', wanted).done;
  expect([exitCode, exitCode === 0 ? '' : shown]).toEqual([0, '']);
  expect(await ended(host, wanted)).toBe('succeeded');
  expect(await host.sh('ls -d /dev/shm/deploy-actions.* 2>/dev/null || :')).toBe('');
  expect(await filesWith(PULLER)).toEqual([]);
});
