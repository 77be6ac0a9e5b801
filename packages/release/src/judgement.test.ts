import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMPLAINT, ENGINE_FAILURE, ENGINE_PARTS, REQUIREMENTS } from '@deploy-actions/engine';
import { describe, expect, test } from '@jest/globals';

const text = (name: string) => readFileSync(join(import.meta.dirname, 'sh', `${name}.sh`), 'utf8');
const engine =
  ENGINE_PARTS.map((one) => one.source()).join('') + COMPLAINT.source() + ENGINE_FAILURE.source();
const [stack, inspect] = [text('surveyed') + text('stack') + REQUIREMENTS.source(), text('inspect')];
const bringUp = ['make-way', 'ways', 'rolling', 'starting', 'bring-up'].map(text).join('');

const SHELLS = [['dash'], ['busybox', 'sh'], ['bash', '--posix']].filter(
  ([name]) => spawnSync(name!, ['--help']).error === undefined,
);

/** Stand-ins for the prelude: what is told goes to stdout, docker and its kin are written down. */
const PRELUDE = `
set -u
LC_ALL=C
patience=5
say() { printf '%s\\n' "$*"; }
docker() { printf 'docker %s\\n' "$*" >>"$scratch/calls"; }
fail() { printf 'fail %s, %s: %s\\n' "$1" "$2" "$3"; exit 70; }
`;

/** Runs `call` in a folder with these files, with the parts loaded; answers stdout. */
function run(
  shell: readonly string[],
  parts: string,
  call: string,
  files: Record<string, string>,
): { out: string; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'judgement-'));
  for (const [name, text] of Object.entries({ calls: '', seen: '', images: '', services: '', ...files }))
    writeFileSync(join(folder, name), text);
  const script = `${PRELUDE}scratch=${folder}\npath=${folder}\nproject=shop\ndocker_host=\n${engine}\n${parts}\nsurvey() { cp "${folder}/survey" "$1"; }\n${call}\n`;
  const done = spawnSync(shell[0]!, [...shell.slice(1)], { input: script, encoding: 'utf8', cwd: folder });
  if (done.stderr !== '') throw new Error(done.stderr);
  return { out: done.stdout, folder };
}

const HASH = 'a'.repeat(64);
const time = (secondsAgo: number) => new Date(Date.now() - secondsAgo * 1000).toISOString();

interface Row {
  service?: string;
  id?: string;
  hash?: string;
  imageId?: string;
  status?: string;
  code?: number;
  restarts?: number;
  health?: string;
  oom?: boolean;
  ago?: number;
  name?: string;
  image?: string;
}

const row = (one: Row = {}) =>
  [
    one.service ?? 'web',
    one.id ?? 'c1',
    one.hash ?? HASH,
    one.imageId ?? 'sha256:1',
    one.status ?? 'running',
    one.code ?? 0,
    one.restarts ?? 0,
    one.health ?? 'none',
    one.oom ?? false,
    1,
    time(one.ago ?? 60),
    one.name ?? '/shop-web-1',
    one.image ?? 'web:v1',
  ].join(' ') + '\n';

const service = (kind = 'long', replicas = 1) => `0 ${kind} free ${replicas} ${HASH} web:v1 web\n`;

describe.each(SHELLS)('%s', (...shell) => {
  const words = shell.filter(Boolean) as string[];

  describe('a service is judged by what its containers do', () => {
    const judge = (rows: Row[], { kind = 'long', replicas = 1, changed = 'web', seen = '' } = {}) =>
      run(
        words,
        `${stack}\n${bringUp}`,
        `up_wait_directory=$scratch; up_wait_names=; changed_services='${changed}'; judge_health; cat "$scratch/health"`,
        { survey: rows.map(row).join(''), services: service(kind, replicas), seen },
      ).out.trim();

    test.each<[string, Row[], object, RegExp]>([
      ['healthy is well', [{ health: 'healthy' }], {}, /^ok web$/],
      ['starting waits', [{ health: 'starting' }], {}, /^wait web is starting$/],
      ['unhealthy waits for one check more', [{ health: 'unhealthy' }], {}, /^wait web is unhealthy$/],
      [
        'without a healthcheck it must stay up for a while',
        [{ ago: 1 }],
        {},
        /^wait web has been up for [0-3] s only$/,
      ],
      ['and then it is well', [{ ago: 6 }], {}, /^ok web$/],
      ['what was not touched need not prove that', [{ ago: 1 }], { changed: '' }, /^ok web$/],
      ['an exit is a failure, also with 0', [{ status: 'exited', code: 0 }], {}, /^bad web exited with 0$/],
      [
        'want of memory is seen at once',
        [{ oom: true, status: 'restarting' }],
        {},
        /^bad web was killed for want of memory$/,
      ],
      [
        'but a child that was killed weeks ago is no news of what runs on',
        [{ oom: true, health: 'healthy' }],
        {},
        /^ok web$/,
      ],
      [
        'a restart loop is seen',
        [{ restarts: 5, status: 'restarting', code: 3 }],
        {},
        /^bad web restarts again and again, last exit code 3$/,
      ],
      [
        'a few restarts while others boot are none',
        [{ restarts: 2, status: 'restarting' }],
        {},
        /^wait web is restarting$/,
      ],
      ['each replica counts', [{ health: 'healthy' }], { replicas: 2 }, /^wait web has 1 of 2 containers$/],
      ['a one-shot is well when it has exited with 0', [{ status: 'exited' }], { kind: 'once' }, /^ok web$/],
      [
        'and bad with another code',
        [{ status: 'exited', code: 2 }],
        { kind: 'once' },
        /^bad web exited with 2$/,
      ],
      ['and waited for', [{}], { kind: 'once' }, /^wait web has not finished$/],
    ])('%s', (_name, rows, options, expected) => {
      expect(judge(rows, options)).toMatch(expected);
    });

    test('no word on any container is not that all are well', () => {
      const said = run(
        words,
        `${stack}\n${bringUp}`,
        `weigh_containers() { return 2; }; up_wait_directory=$scratch; up_wait_names=; changed_services=web; health_settled && echo "settled as $up_verdict"`,
        { survey: row(), services: service() },
      );
      expect(said.out).toBe('');
    });

    test('unhealthy that lasts is bad', () => {
      const then = new Date(Date.now() - 8000);
      const second = then.getUTCHours() * 3600 + then.getUTCMinutes() * 60 + then.getUTCSeconds();
      expect(judge([{ health: 'unhealthy' }], { seen: `c1 0 ${second}\n` })).toBe('bad web is unhealthy');
    });
  });

  describe('only what differs is recreated', () => {
    const differs = (rows: Row[], { kind = 'long', replicas = 1, adopted = '' } = {}) => {
      const call = `mkdir -p "$path/.deploy"; printf '%s' '${adopted}' >"$path/.deploy/adopted"; cp "$path/survey" "$scratch/containers"; not_current "$path"`;
      return run(words, stack, call, {
        survey: rows.map(row).join(''),
        services: service(kind, replicas),
        images: 'web sha256:1 web:v1\n',
      }).out.trim();
    };

    test.each<[string, Row[], object, string]>([
      ['the same is kept', [{}], {}, ''],
      ['another configuration', [{ hash: 'b' }], {}, 'web'],
      ['another reference', [{ image: 'web:v0' }], {}, 'web'],
      ['the same reference with another image behind it', [{ imageId: 'sha256:2' }], {}, 'web'],
      ['what does not run', [{ status: 'exited' }], {}, 'web'],
      ['what is not there', [], {}, 'web'],
      ['another number of replicas', [{}, { id: 'c2' }], {}, 'web'],
      ['a one-shot that has succeeded is not run again', [{ status: 'exited' }], { kind: 'once' }, ''],
      ['one that has failed is', [{ status: 'exited', code: 1 }], { kind: 'once' }, 'web'],
      ['what was adopted as it is wanted is kept', [{ hash: '-' }], { adopted: `c1 ${HASH}\n` }, ''],
      ['but not with another hash', [{ hash: '-' }], { adopted: 'c1 b\n' }, 'web'],
    ])('%s', (_name, rows, options, expected) => {
      expect(differs(rows, options)).toBe(expected);
    });
  });

  test('services start when what they need of the others has started, and not before', () => {
    const needs = 'db\nredis\napi db redis\nworker db\nweb api db redis\n';
    const waves = (changed: string) =>
      run(
        words,
        `${stack}\n${bringUp}`,
        `repair_leftovers() { :; }; not_current() { printf '%s\\n' ${changed}; }; start_services() { echo "start$2"; }; await_gates() { echo "await$2"; }; remove_orphans=false; bring_up "$path"`,
        { survey: '', needs },
      ).out.trim();
    expect(waves('db redis api worker web')).toBe(
      'start db redis\nawait db redis\nstart api worker\nawait api worker\nstart web',
    );
    expect(waves('web worker')).toBe('start worker web');
    expect(waves('unknown')).toBe('start unknown');
  });

  test('a service that asks for it is restarted when what it needs was recreated, unless it was itself', () => {
    const restarted = (changed: string) =>
      run(
        words,
        `${stack}\n${bringUp}`,
        `run_locked() { shift; printf '%s ' "$@"; }; stop_timeout=; await_gates() { :; }; say() { :; }; run=$path; changed_services='${changed} '; restart_dependents "$path"`,
        { log: '', restarts: 'api db redis\nweb api\n' },
      ).out.replace(/^engine_restart shop \S+ +/, '');
    expect(restarted('db')).toBe('api ');
    expect(restarted('db api')).toBe('web ');
    expect(restarted('db api web')).toBe('');
    expect(restarted('worker')).toBe('');
  });

  describe('what an interrupted recreate leaves is mended', () => {
    const mend = (rows: Row[]) => {
      const { folder } = run(words, stack, 'repair_leftovers', { survey: rows.map(row).join('') });
      return readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n').filter(Boolean);
    };
    const left = '/0123456789ab_shop-web-1';

    test('a container alone gets its name back', () => {
      expect(mend([{ id: 'old', name: left }])).toEqual(['docker rename old shop-web-1']);
    });

    test('one whose successor was never started gets its name back, and the successor goes', () => {
      expect(
        mend([
          { id: 'old', name: left },
          { id: 'new', status: 'created' },
        ]),
      ).toEqual(['docker rm --force new', 'docker rename old shop-web-1']);
    });

    test('one whose successor runs goes', () => {
      expect(mend([{ id: 'old', name: left }, { id: 'new' }])).toEqual(['docker rm --force old']);
    });

    test('dead containers go, others are left alone', () => {
      expect(
        mend([{ id: 'x', status: 'dead', name: '/shop-api-1' }, { id: 'y' }, { id: 'z', name: '/my_web-1' }]),
      ).toEqual(['docker rm --force x']);
    });
  });

  describe('what the server lacks is told before anything else', () => {
    const asked = (info: string, why = '') =>
      run(
        words,
        stack,
        `details() { cat "$1"; }
        files=$path
        docker() {
          case $1 in
            info) cat "$path/info"; [ -s "$path/info" ] ;;
            version) cat "$path/why" >&2; false ;;
          esac
        }
        require_engine
        cat "$path/compose-plugin"`,
        { info, why },
      ).out;

    test.each([
      ['/var/lib/docker\n2.40.1\n/usr/lib/compose\n', '', '/usr/lib/compose\n'],
      ['/var/lib/docker\nv2.26.0-desktop.1\n/p\n', '', '/p\n'],
      ['/srv/a b\nv5.0.0\n/p\n', '', '/p\n'],
      [
        '/var/lib/docker\nv2.25.9\n/p\n',
        '',
        'fail refused, compose-too-old: Docker Compose 2.25.9 on the server is older than 2.26\n',
      ],
      [
        '/var/lib/docker\n1.29.2\n/p\n',
        '',
        'fail refused, compose-too-old: Docker Compose 1.29.2 on the server is older than 2.26\n',
      ],
      [
        '/var/lib/docker\n\n',
        '',
        'fail refused, compose-missing: Docker Compose v2 is not installed on the server\n',
      ],
      [
        '',
        'permission denied while trying to connect to the docker API at unix:///x',
        /^fail refused, docker-not-allowed: the user \S+ may not use Docker\n$/,
      ],
      [
        '',
        'Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?',
        'fail refused, docker-unreachable: the Docker engine does not answer\n',
      ],
      [
        '\nv2.40.1\n/usr/lib/compose\n',
        'Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?',
        'fail refused, docker-unreachable: the Docker engine does not answer\n',
      ],
      ['', 'something else', 'fail remote, docker-failed: Docker on the server failed: something else\n'],
    ])('%j, %j', (info, why, said) => {
      if (typeof said === 'string') expect(asked(info, why)).toBe(said);
      else expect(asked(info, why)).toMatch(said);
    });
  });

  test('the env file that Compose reads is never the one in shared/, also in a folder of its own', () => {
    const { out } = run(
      words,
      `${stack}\n${inspect}`,
      `stage=$path/stage; old_folder=
       mkdir -p "$path/shared/config/more" "$stage"
       echo A=1 >"$path/shared/config/more/prod.env"; echo x >"$path/shared/config/other"
       link_shared "$path/shared" "$stage" .
       own_folders config/more/prod.env
       rm "$stage/config/more/prod.env"; echo B=2 >"$stage/config/more/prod.env"
       cat "$path/shared/config/more/prod.env" "$stage/config/other" "$stage/config/more/prod.env"`,
      {},
    );
    expect(out).toBe('A=1\nx\nB=2\n');
  });

  describe('a broken line of the env file is found before Compose prints it', () => {
    const check = (text: string) =>
      run(words, `${stack}\n${inspect}`, `inspect_env_name=.env; check_env_file "$path/env"`, {
        env: text,
      }).out.trim();

    test.each([
      ['A=1\n# note\n\nexport B="x y"\nC=\n D=1\n'],
      ['A="several\nlines = of\ntext"\nB=1\n'],
      ["A='it has \" in it'\nB='two\nlines'\n"],
      ['A="escaped \\" quote"\nB=1\r\n'],
      ['YAML: style\nINHERITED\n'],
    ])('%j is taken', (text) => {
      expect(check(text)).toBe('');
    });

    test.each([
      ['A=1\nsecret words\n', 2],
      ['=secret\n', 1],
      ['A=1\n-----BEGIN KEY-----\n', 2],
      ['A=1\nB="never closed\nC=2\n', 2],
    ])('%j is refused by its number', (text, line) => {
      expect(check(text)).toBe(
        `fail input, env-file-invalid: line ${line} of .env on the server is not KEY=value`,
      );
    });
  });
});
