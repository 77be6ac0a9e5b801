import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { siteOf } from '../testing/site.ts';
import { partsText, timerText } from '@deploy-actions/host';
import {
  confirmProgram,
  installProgram,
  siteParameters,
  switchParameters,
  switchProgram,
  timerProgram,
} from './index.ts';

let home: string;
const at = (name: string) => join(home, name);
const read = (name: string) => readFileSync(at(name), 'utf8');
const write = (name: string, content: string) => {
  mkdirSync(dirname(at(name)), { recursive: true });
  writeFileSync(at(name), content);
};

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'traffic-'));
  chmodSync(home, 0o755);
  write(
    'bin/docker',
    `#!/bin/sh\ncase $1 in ps) cat '${at('containers')}' ;; stop) echo "$2" >>'${at('stopped')}' ;; esac\n`,
  );
  chmodSync(at('bin/docker'), 0o755);
  write('containers', container('blue', 'r1') + container('green', 'r2'));
  write('flags/green', '');
  write('app/.deploy/color-blue', 'r1\n');
  write('app/.deploy/color-green', 'r2\n');
  write('app/.deploy/traffic.json', record());
  write('app/run/timer.sh', timerText(timerProgram('nginx').take(parameters())));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const container = (color: string, release: string, id = `id-${color}-${release}`) =>
  `shop-${color} ${id} web running ${release} Up 2 minutes (healthy)\n`;

const record = (more: Record<string, unknown> = {}) =>
  `${JSON.stringify({ project: 'shop', proxy: 'nginx', container: '', share: 'green', since: '2026-01-02T03:04:05Z', release: 'r2', previous: 'r1', fence: 5, folder: at('flags'), routes: [], ...more })}\n`;

function parameters() {
  const site = siteOf({
    project: 'shop',
    routes: [
      {
        name: 'web',
        service: 'web',
        port: 8080,
        blue: ['127.0.0.1:18101'],
        green: ['127.0.0.1:18102'],
        plain: [],
      },
    ],
    folder: at('flags'),
    fallback: 'blue',
    header: undefined,
    configFile: at('site.conf'),
    configInside: at('site.conf'),
    canaryLog: '',
  });
  const verification = { url: 'http://127.0.0.1:9/', connect: '127.0.0.1:9', version: '1.2.3', seconds: 1 };
  return {
    ...siteParameters(site, verification, undefined),
    ...switchParameters({ target: 'green', actor: 'me', runUrl: 'https://example.org/1', reason: 'test' }),
    path: at('app'),
    deployment_id: 'one',
  };
}

/** What the host package's prelude gives to a program. */
const PRELUDE = `set -u
operation=switch
run=$path/run
files=$run
say() { printf '%s\\n' "$*"; }
warn() { say "$@"; }
phase() { :; }
journal() { :; }
result() { say "$1=$2"; }
fail() { say "failed, $2: $3"; exit 1; }
cancelled() { return 1; }
nap() { sleep 0.1; }
once() { shift; "$@"; }
run() { shift; "$@" </dev/null; }
wait_until() { :; }
write_file() { cat >"$1.new" && mv -f "$1.new" "$1"; }
set_timer() { rm -rf "$path/.deploy/timers/$1" && mv "$path/.deploy/timers/.$1" "$path/.deploy/timers/$1"; }
cd "$path"
`;

const PROGRAMS = { switch: switchProgram, install: installProgram, confirm: confirmProgram };

/** Runs an operation's program with parameters of the test's own, then what the test does with it. */
function run(
  operation: 'switch' | 'install' | 'confirm',
  more: Record<string, string>,
  then: string,
): string {
  const assignments = Object.entries({ ...parameters(), ...more }).map(
    ([name, value]) => `${name}='${value}'\n`,
  );
  const { stdout, stderr } = spawnSync('sh', ['-s'], {
    input: `${assignments.join('')}${PRELUDE}${partsText(PROGRAMS[operation]('nginx'))}\n${then}\n`,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${at('bin')}:${process.env['PATH']}` },
  });
  expect(stderr).toBe('');
  return stdout;
}

const traffic = () => JSON.parse(read('app/.deploy/traffic.json')) as Record<string, unknown>;

test('a switch that changes nothing leaves the fence that a waiting timer goes by', () => {
  expect(run('switch', {}, 'operate')).toContain('nothing was changed');
  expect(traffic()).toMatchObject({ fence: 5, since: '2026-01-02T03:04:05Z', previous: 'r1' });
  expect(traffic()['routes']).toHaveLength(1);
});

test.each([
  ['share', { share: 'blue' }, 6],
  ['release', { release: 'r0' }, 6],
  ['folder', { folder: '/elsewhere' }, 6],
  ['fence', { fence: undefined }, 1],
])('a switch that changes nothing repairs a record of another %s', (_, more, fence) => {
  write('app/.deploy/traffic.json', record(more));
  run('switch', {}, 'operate');
  expect(traffic()).toMatchObject({ share: 'green', release: 'r2', folder: at('flags'), fence });
  expect(traffic()['since']).not.toBe('2026-01-02T03:04:05Z');
});

test('a plain stack is blue, before there is any colour: with what is routed, and the release that it was', () => {
  rmSync(at('app/.deploy/color-blue'));
  const plain = (service: string) => `shop id-${service} ${service} running - Up 2 minutes (healthy)\n`;
  write('containers', plain('web') + plain('db'));
  write('app/.deploy/traffic.json', record({ share: 'blue', release: 'r1', previous: '' }));
  symlinkSync('releases/r1', at('app/current'));
  const said = () => run('switch', {}, 'color_containers blue; color_unwell blue; color_release blue');
  expect(said()).toBe('id-web\nr1\n');
  // Green has the traffic, and the link went along.
  write('containers', plain('web') + plain('db') + container('green', 'r2'));
  write('app/.deploy/traffic.json', record({ share: 'green', release: 'r2', previous: 'r1' }));
  rmSync(at('app/current'));
  symlinkSync('releases/r2', at('app/current'));
  expect(said()).toBe('id-web\nr1\n');
});

test('the history names what serves: after the first switch from a plain stack, after the way back, and where it stayed', () => {
  rmSync(at('app/.deploy/color-blue'));
  rmSync(at('app/.deploy/traffic.json'));
  write('containers', `shop id-web web running - Up 2 minutes (healthy)\n${container('green', 'r2')}`);
  for (const release of ['r1', 'r2']) write(`app/releases/${release}/services`, '');
  symlinkSync('releases/r1', at('app/current'));
  const served = () =>
    read('app/.deploy/history.jsonl')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>)
      .map(({ from, to, outcome, release }) => [from, to, outcome, release]);
  const stayed = ['blue', 'blue', 'failed', 'r1'];
  run('switch', {}, 'record_traffic blue; record_switch blue blue failed "not seen to answer"');
  expect(served()).toEqual([stayed]);
  run('switch', {}, 'record_traffic green; record_success blue green test');
  expect(traffic()).toMatchObject({ share: 'green', release: 'r2', previous: 'r1' });
  rmSync(at('app/run/recorded'));
  run('switch', { target: 'blue' }, 'record_traffic blue; record_success green blue test');
  expect(served()).toEqual([
    stayed,
    ['blue', 'green', 'succeeded', 'r2'],
    ['green', 'blue', 'succeeded', 'r1'],
  ]);
  expect(traffic()).toMatchObject({ share: 'blue', release: 'r1', previous: 'r2' });
  expect(readlinkSync(at('app/current'))).toBe('releases/r1');
});

test('an installation over the same one leaves the fence that a waiting timer goes by', () => {
  write('site.conf', 'server {}\n');
  write('app/run/site', 'server {}\n');
  write('app/run/proxy.json', '{}\n');
  const oldSum = createHash('sha256').update('server {}\n').digest('hex');
  // Where files in memory are refused, a test's folder would be; and no proxy is there.
  const stubs =
    'df() { :; }\ntraffic_valid() { :; }\ntraffic_whole() { :; }\ntraffic_reload() { :; }\ntraffic_generation() { :; }\n';
  const said = run(
    'install',
    { old_sum: oldSum, fresh: '0', first_share: 'blue', login: 'me', login_group: 'me', socket_folder: '' },
    `${stubs}operate`,
  );
  expect(said).toContain('traffic is on green');
  expect(traffic()).toMatchObject({ fence: 5 });
});

/** Sets the timer that stops the old colour as a switch from a share to green does, and lets it act later. */
function stopOld(from: string, meanwhile: () => void): string {
  const plan = { from, last_step: '100', stop_after: '60', fence: '5' };
  run('switch', plan, 'find_live_only\nstart_timers');
  meanwhile();
  const folder = at('app/.deploy/timers/stop');
  const { stdout, stderr } = spawnSync('sh', [join(folder, 'program'), folder, 'now'], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${at('bin')}:${process.env['PATH']}` },
  });
  expect(stderr).toBe('');
  expect(existsSync(folder)).toBe(false);
  return stdout + (existsSync(at('stopped')) ? read('stopped') : '');
}

test.each(['blue', 'green-75'])('the timer of a switch from %s stops the release that was left', (from) => {
  expect(stopOld(from, () => undefined)).toMatch(
    / timer stop begins\n\S+ stopping blue\n\S+ timer stop ends\nid-blue-r1\n$/,
  );
});

test('the timer that stops the old colour leaves a release alone that was deployed there meanwhile', () => {
  const said = stopOld('blue', () => {
    write('app/.deploy/color-blue', 'r3\n');
    write('containers', container('blue', 'r3') + container('green', 'r2'));
  });
  expect(said).toBe('');
});

test.each([
  ['the same', 'one', 'timer stop begins\nstopping blue\ntimer stop ends\none\n'],
  ['other', 'two', ''],
])('where nothing names a release, the timer goes by the containers: %s', (_, id, expected) => {
  rmSync(at('app/.deploy/color-blue'));
  write('containers', container('blue', '-', 'one') + container('green', 'r2'));
  const said = stopOld('blue', () =>
    write('containers', container('blue', '-', id) + container('green', 'r2')),
  );
  expect(said.replace(/^\S+Z /gm, '')).toBe(expected);
});

const CANARY_STEP =
  'share=green-10\nlook_at_tools\nhas_curl() { return 1; }\nask() { echo "200 0 green version"; }\ncanary_step 10 || say "gate: $gate_why"';

test('a gate on times fails by its name where its source tells no times', () => {
  const said = run('switch', { step_seconds: '2', max_p95: '500' }, CANARY_STEP);
  expect(said).toMatch(/^gate: max-p95 cannot be judged at green-10: .*without curl.*$/m);
});

test('without a gate on times, a source that tells none says so', () => {
  const said = run('switch', { step_seconds: '2', max_error_rate: '100' }, CANARY_STEP);
  expect(said).toMatch(/^green at green-10: [1-9]\d* requests, 0 of 10,000 failed, p95 unknown/m);
  expect(said).toMatch(/^gates=green-10 [1-9]\d* 0 unknown probing;$/m);
  expect(said).not.toContain('gate: ');
});

test('a folder of flags that cannot be written to ends no program before it gives the traffic back', () => {
  rmSync(at('flags'), { recursive: true });
  writeFileSync(at('flags'), '');
  const said = run(
    'switch',
    { canary_log: at('access.log'), step_seconds: '0' },
    `exec 2>&1\n: >'${at('access.log')}'\nshare=green-10 canary_log='${at('access.log')}'\nbegin_log\nsay "by $canary_source"\nflag_apply blue || say 'not applied'`,
  );
  expect(said).toContain(`by probing (${at('flags')} cannot be written to)`);
  expect(said).toContain('not applied');
});

const SHA = '0123456789abcdef0123456789abcdef01234567';

test.each([
  ['1.2.3', '{"version":"1.2.3","of":1}', true],
  ['1.2.3', 'X-App-Version: 1.2.3', true],
  ['1.2.3', '<b>Version 1.2.3.</b>', true],
  ['1.2.3', '1.2.30 1.2.3', true],
  ['1.2.3', '{"version":"1.2.30"}', false],
  ['1.2.3', '{"version":"11.2.3"}', false],
  ['1.2.3', '{"version":"1.2.3.4"}', false],
  ['1.2.3', '{"version":"1.2.3-rc1"}', false],
  ['1.2.3', '{"version":"1.2.3+build"}', false],
  ['1.1', 'HTTP/1.1 200 OK', false],
  ['build 7 (of main)', '"build 7 (of main)"', true],
  ['build 7', '"build 71"', false],
  [SHA, `"${SHA}"`, true],
  [SHA, `"${SHA.toUpperCase()}"`, true],
  [SHA, `"${SHA.slice(0, 7)}"`, true],
  [SHA, `"${SHA.slice(0, 6)}"`, false],
  [SHA, `"${SHA.slice(1, 9)}"`, false],
  [SHA.slice(0, 7), `sha: ${SHA}.`, true],
  [SHA.slice(0, 7), `"${SHA.slice(0, 12)}"`, false],
  [SHA.slice(0, 6), `"${SHA}"`, false],
  ['v1.2.34', `"${SHA}"`, false],
])('the expected version %s in the answer %s: %s', (version, line, found) => {
  write('answer', `${line}\n0123456789abcdef01234567 200 0.5\n`);
  const said = run('switch', { expect_version: version }, `ask_lines <'${at('answer')}'`);
  expect(said).toBe(`200 0.5 - ${found ? 'version' : ''}\n`);
});

// A proxy that takes no share any more; the flag says where the traffic is.
const STUCK = 'traffic_apply() { return 1; }\n';

test('where the proxy does not take the traffic back, nothing says that it is back', () => {
  const said = run(
    'switch',
    {},
    `${STUCK}look_at_tools\nfrom=blue old=blue\n(take_back "green does not answer steadily")\nsay code=$?`,
  );
  expect(said).toContain(
    'failed, share-not-taken: green does not answer steadily, and nginx did not take the share blue back either: traffic is on green',
  );
  expect(said).toContain('code=1');
  expect(traffic()).toMatchObject({ share: 'green', release: 'r2' });
  expect(read('app/.deploy/history.jsonl')).toMatch(/"reason":"not given back","from":"blue","to":"green"/);
});

test('where nobody can see which share it has, the records stay as they are', () => {
  rmSync(at('flags/green'));
  const before = read('app/.deploy/traffic.json');
  const said = run('switch', {}, `${STUCK}look_at_tools\nfrom=blue old=blue\n(take_back "it was cut off")`);
  expect(said).toContain('where the traffic is cannot be seen');
  expect(read('app/.deploy/traffic.json')).toBe(before);
});

test('traffic that is where it was counts as given back, also where the proxy takes no word', () => {
  const said = run('switch', {}, `${STUCK}look_at_tools\nfrom=green old=green\ntake_back "x" && say back`);
  expect(said).toContain('back\n');
  expect(traffic()).toMatchObject({ share: 'green' });
});

test('an unconfirmed switch that the proxy does not give back is recorded where it stays', () => {
  run('switch', { confirm_seconds: '60' }, 'look_at_tools\nfrom=blue last_step=100 fence=5\nstart_timers');
  const folder = at('app/.deploy/timers/confirm');
  // Nobody can put a flag where a file is.
  rmSync(at('flags'), { recursive: true });
  writeFileSync(at('flags'), '');
  const { stdout } = spawnSync('sh', [join(folder, 'program'), folder, 'now'], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${at('bin')}:${process.env['PATH']}` },
  });
  expect(stdout).toContain('did not take the share blue back');
  expect(traffic()).toMatchObject({ share: 'green' });
  expect(read('app/.deploy/history.jsonl')).toContain('"outcome":"failed"');
  expect(read('app/.deploy/history.jsonl')).toContain('not confirmed in time, and not given back');
});

test('a switch that is to be confirmed fails where nobody would be there to take it back', () => {
  const plan = { confirm_seconds: '60' };
  const start = 'look_at_tools\nfrom=blue last_step=100 fence=5\nstart_timers';
  expect(run('switch', plan, `set_timer() { return 1; }\n${start}`)).toMatch(
    /^failed, run-not-started: the traffic is on green, but the program that would take it back/m,
  );
  expect(existsSync(at('app/.deploy/confirm'))).toBe(false);
  rmSync(at('app/run/timer.sh'));
  expect(run('switch', plan, `cp() { return 1; }\n${start}`)).toMatch(
    /^failed, run-not-started: the traffic is on green/m,
  );
  expect(run('switch', { stop_after: '60' }, `cp() { return 1; }\n${start}`)).toMatch(
    /^the containers of blue will not be stopped by themselves/m,
  );
});

test('what Docker does not tell of is neither stopped, well, nor settled', () => {
  write('bin/docker', '#!/bin/sh\nexit 1\n');
  const said = run(
    'switch',
    { live_only: 'worker ' },
    `stop_live_only blue || say 'not stopped'
start_live_only() { for_live_only "$1" idle start engine_resume; }
start_live_only blue || say 'not started'
color_unwell green
colors_settled || say 'not settled'`,
  );
  expect(said).toBe('not stopped\nnot started\nits containers could not be listed\nnot settled\n');
});

// The connections that a browser keeps open without asking anything look like any others.
test('where a switch is to be confirmed, old connections are waited for at the confirmation and not before what checks it', () => {
  const rest = `look_at_tools
traffic_busy() { echo 3; }
wait_until() { say "waits $1 s for $2"; return 1; }
old=blue goal=green
`;
  const waits = 'waits 30 s for 3 connections to blue to end\n';
  const confirmed = { confirm_seconds: '60', drain_seconds: '30' };
  expect(run('switch', { ...confirmed, confirm_seconds: '0' }, `${rest}settle_target`)).toContain(waits);
  const unconfirmed = run('switch', confirmed, `${rest}settle_target`);
  expect(unconfirmed).not.toContain('waits');
  expect(unconfirmed).toContain('drain_left=3\ndrained=false\n');
  write('app/.deploy/confirm', `5 ${Math.floor(Date.now() / 1000) + 60} blue r1\n`);
  expect(run('confirm', { ...confirmed, confirm_seconds: '0' }, `${rest}operate`)).toContain(waits);
});

test('a confirmation that comes after its time is refused as late, and the traffic is back', () => {
  write('app/.deploy/confirm', '5 1 blue r1\n');
  const late = 'failed, confirmation-late: the confirmation came too late: traffic is back on blue\n';
  expect(run('confirm', {}, 'operate')).toContain(late);
  expect(traffic()).toMatchObject({ share: 'blue' });
});

/** A `docker` whose workers are in these states, and that notes what it is asked to stop and to start. */
function workers(states: { blue: string; green: string }, stops = true): void {
  const worker = (color: 'blue' | 'green') =>
    `shop-${color} worker-${color} worker ${states[color]} r1 words of Docker\n`;
  write('containers', worker('blue') + worker('green'));
  write(
    'bin/docker',
    `#!/bin/sh\ncase $1 in ps) cat '${at('containers')}' ;; stop) echo "$*" >>'${at('asked')}'; ${stops ? ':' : 'exit 1'} ;; start) echo "$*" >>'${at('asked')}' ;; esac\n`,
  );
  rmSync(at('asked'), { force: true });
}
const LEAD = 'lead_live_only green || say "not led"';

test('a worker starts where the traffic is only when it has stopped where it was', () => {
  workers({ blue: 'running', green: 'exited' });
  expect(run('switch', { live_only: 'worker ' }, LEAD)).not.toContain('not led');
  expect(read('asked')).toBe('stop --time 30 worker-blue\nstart worker-green\n');
  workers({ blue: 'running', green: 'exited' }, false);
  expect(run('switch', { live_only: 'worker ' }, LEAD)).toMatch(
    /was not started in green: it must not run twice\nnot led\n$/,
  );
  expect(read('asked')).toBe('stop --time 30 worker-blue\n');
});

test('a worker that restarts again and again is stopped too: it would come up beside the other one', () => {
  workers({ blue: 'restarting', green: 'created' });
  run('switch', { live_only: 'worker ' }, LEAD);
  expect(read('asked')).toBe('stop --time 30 worker-blue\nstart worker-green\n');
});

test('nginx in a container: its own test decides, and one that does not end is given up', () => {
  const tested = (docker: string) => {
    write('bin/docker', `#!/bin/sh\n[ "$*" = 'exec proxy nginx -t' ] || exit 9\n${docker}\n`);
    return run(
      'switch',
      { proxy_container: 'proxy' },
      'engine_in_time() { [ "$1" = 120 ] || say "for $1 s"; shift; timeout 1 docker exec "$@"; }\ntraffic_valid && say well || say "code $?"',
    );
  };
  expect(tested('echo "test is successful" >&2')).toBe('well\n');
  expect(tested('echo "[emerg] no such host" >&2; exit 1')).toMatch(/^\[emerg\] no such host ?\ncode 1\n$/);
  expect(tested('exec sleep 30')).toContain('code 1');
});
