import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { shellsHere } from '@deploy-actions/host/testing';
import { describe, expect, test } from '@jest/globals';

const SOURCE = readFileSync(path.join(__dirname, 'host-processes.sh'), 'utf8');

interface Process {
  name: string;
  pid: number;
  parent?: number;
  real: number;
  effective?: number;
  /** In the containers that it runs in. */
  inside?: readonly number[];
  cgroup?: string;
}

/** As the kernel tells it, of a server where the login is 1000, and haproxy and caddy have users of their own. */
const told = ({ name, pid, parent = 1, real, effective = real, inside = [], cgroup = '0::/' }: Process) =>
  `Name:\t${name}\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t${pid}\nPid:\t${pid}\nPPid:\t${parent}\nTracerPid:\t0\nUid:\t${real}\t${effective}\t${effective}\t${effective}\nGid:\t0\t0\t0\t0\nNSpid:\t${[pid, ...inside].join('\t')}\nThreads:\t1\n${cgroup}\n`;

const IN_CONTAINER = 'c0ffee'.repeat(10);

function inShell(shell: string, call: string, input = ''): string {
  const [command, ...words] = shell === 'busybox' ? ['busybox', 'sh'] : [shell];
  const done = spawnSync(command!, [...words, '-c', `set -u\n${SOURCE}\n${call}`], {
    input,
    encoding: 'utf8',
  });
  expect(done.stderr).toBe('');
  return done.stdout;
}

describe.each(shellsHere())('with %s as sh', (shell) => {
  const own = (...processes: Process[]) =>
    inShell(
      shell,
      `own_processes 'nginx haproxy caddy' 1000 ' nginx= haproxy=116 caddy=998' '${'ab'.repeat(32)} ${IN_CONTAINER}'`,
      processes.map(told).join(''),
    )
      .trim()
      .split('\n')
      .filter((line) => line !== '');

  test('a proxy is known by whom its processes are of', () => {
    expect(
      own(
        { name: 'systemd', pid: 1, parent: 0, real: 0 },
        { name: 'haproxy', pid: 20, real: 0 },
        { name: 'haproxy', pid: 21, parent: 20, real: 116 },
        { name: 'caddy', pid: 30, real: 998 },
        { name: 'nginx', pid: 40, real: 0 },
        { name: 'nginx', pid: 41, parent: 40, real: 33 },
        { name: 'caddy', pid: 50, real: 1000 },
      ),
    ).toEqual(['haproxy 20', 'haproxy 21', 'caddy 30', 'nginx 40', 'nginx 41', 'caddy 50']);
  });

  test('what another user on the server calls like a proxy is none, and neither is what it has started', () => {
    expect(
      own(
        { name: 'haproxy', pid: 7, real: 1001 },
        { name: 'haproxy', pid: 8, parent: 7, real: 1001 },
        { name: 'nginx', pid: 9, real: 33 },
        { name: 'caddy', pid: 10, real: 33 },
        // A program that is root's whoever starts it, by a link of that name.
        { name: 'caddy', pid: 11, real: 1001, effective: 0 },
      ),
    ).toEqual([]);
  });

  test('what runs in a container is not the host’s', () => {
    expect(own({ name: 'nginx', pid: 60, real: 0, inside: [1] })).toEqual([]);
  });

  test('what runs in a container that shares the numbers of the host is not the host’s either', () => {
    const nginx = { name: 'nginx', pid: 70, real: 0 };
    expect(own({ ...nginx, cgroup: `0::/system.slice/docker-${IN_CONTAINER}.scope` })).toEqual([]);
    expect(own({ ...nginx, cgroup: `3:pids:/docker/${IN_CONTAINER}\n0::/` })).toEqual([]);
    expect(own({ ...nginx, cgroup: '0::/system.slice/docker-0123.scope' })).toEqual(['nginx 70']);
  });

  test('whoever starts it in a session of his own does not become root by a program that is', () => {
    const isOwn = (cgroup: string) => own({ name: 'haproxy', pid: 80, real: 0, cgroup }).length > 0;
    expect(isOwn('0::/system.slice/haproxy.service')).toBe(true);
    expect(isOwn('0::/')).toBe(true);
    expect(isOwn('0::/user.slice/user-0.slice/session-3.scope')).toBe(true);
    expect(isOwn('0::/user.slice/user-1000.slice/session-4.scope')).toBe(true);
    expect(isOwn('0::/user.slice/user-1001.slice/session-5.scope')).toBe(false);
    expect(isOwn('0::/user.slice/user-10001.slice/session-5.scope')).toBe(false);
    expect(isOwn('1:name=systemd:/user.slice/user-1001.slice/session-5.scope\n0::/')).toBe(false);
  });

  test('of this machine it finds what is called so, and nothing where nothing is', () => {
    const found = (kinds: string) =>
      inShell(shell, `read -r own </proc/$$/comm; echo "own $own $$"; found_on_host "${kinds}" ''`)
        .trim()
        .split('\n');
    const [own = '', ...rest] = found('$own');
    expect(rest).toContain(own.replace(/^own /, ''));
    expect(found('no-such-proxy')).toHaveLength(1);
  });
});
