import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { FAILURE_KINDS, failureCode } from '@deploy-actions/kit';
import { localSession } from '@deploy-actions/shell/testing';
import { complaintOf } from './complaint.ts';
import { COMPLAINT } from './index.ts';

const IMAGE = 'registry.example.com/shop/api:v1';

interface Complaint {
  kind: string;
  code: string;
  message: string;
  remedy: string;
}

/** Asks the table as a program does; undefined for words that it does not know. */
function complaint(
  said: string,
  { image = '', login = '', dockerHost = '', shell = ['dash'] } = {},
): Complaint | undefined {
  const script = `set -u\nid() { case $1 in -un) echo deploy ;; *) echo 1001 ;; esac; }\n${dockerHost === '' ? '' : `DOCKER_HOST=${dockerHost}\n`}${COMPLAINT.source()}
complaint_about "$1" "$2" "$3" && printf '%s\\n' "$complaint_kind" "$complaint_code" "$complaint_message" "$complaint_remedy"`;
  const { stdout, stderr } = spawnSync(
    shell[0]!,
    [...shell.slice(1), '-c', script, 'sh', said, image, login],
    {
      encoding: 'utf8',
      // bash takes a socket as stdin for a remote shell's, and reads its start-up files.
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] },
    },
  );
  expect(stderr).toBe('');
  if (stdout === '') return undefined;
  const [kind = '', code = '', message = '', remedy = ''] = stdout.split('\n');
  return { kind, code, message, remedy };
}

const DENIED = [
  'Got permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.41/containers/json": dial unix /var/run/docker.sock: connect: permission denied',
  'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Head "http://%2Fvar%2Frun%2Fdocker.sock/_ping": dial unix /var/run/docker.sock: connect: permission denied',
  'permission denied while trying to connect to the docker API at unix:///var/run/docker.sock',
];

const DOWN = [
  'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
  'failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct and if the daemon is running: dial unix /var/run/docker.sock: connect: no such file or directory',
  'error during connect: Get "http://docker:2375/v1.47/info": dial tcp: lookup docker: no such host',
];

test.each([[['dash']], [['busybox', 'sh']], [['bash', '--posix']]])(
  'a login user who may not use Docker, and an engine that is down, are told as that under %s',
  (shell) => {
    for (const said of DENIED) {
      expect(complaint(said, { image: IMAGE, shell })).toEqual({
        kind: 'refused',
        code: 'docker-not-allowed',
        message: 'the user deploy may not use Docker',
        remedy:
          'Let an administrator run: usermod -aG docker deploy (it holds from the next login on: run the job again). For a rootless engine give docker-host: unix:///run/user/1001/docker.sock',
      });
    }
    for (const said of DOWN) {
      expect(complaint(said, { image: IMAGE, shell })).toMatchObject({
        kind: 'refused',
        code: 'docker-unreachable',
        message: 'the Docker engine does not answer',
        remedy: expect.stringMatching(/systemctl start docker.*docker-host: unix:\/\/\/run\/user\/1001/),
      });
    }
  },
);

test('where docker-host names the engine, its address is in the message and the group is not in the remedy', () => {
  const dockerHost = 'unix:///run/user/1002/docker.sock';
  const said = `permission denied while trying to connect to the docker API at ${dockerHost}`;
  const told = complaint(said, { dockerHost })!;
  expect(told.message).toBe(`the user deploy may not use Docker at ${dockerHost}`);
  expect(told.remedy).toContain('log in as the user whose engine it is');
  expect(told.remedy).not.toContain('usermod');
});

test.each<[string, string, RegExp, RegExp]>([
  [
    'Error response from daemon: Head "https://registry.example.com/v2/shop/api/manifests/v1": no basic auth credentials',
    'registry-refused',
    /registry\.example\.com refused .*no basic auth credentials/,
    /registry: registry\.example\.com, registry-username and registry-password/,
  ],
  [
    "Error response from daemon: pull access denied for shop/api, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    'registry-refused',
    /pull access denied/,
    /check its name/,
  ],
  [
    'Error response from daemon: Head "https://ghcr.io/v2/shop/api/manifests/v1": denied',
    'registry-refused',
    /refused/,
    /registry-username/,
  ],
  ['unauthorized: authentication required', 'registry-refused', /refused/, /registry-username/],
  ['error from registry: denied: You may not login yet', 'registry-refused', /refused/, /registry-username/],
  [
    'failed to authorize: failed to fetch oauth token: unexpected status: 403 Forbidden',
    'registry-refused',
    /403/,
    /registry/,
  ],
  [
    'error getting credentials - err: exec: "docker-credential-ecr-login": executable file not found in $PATH, out: ``',
    'registry-refused',
    /credential helper/,
    /Install that helper for deploy/,
  ],
  [
    'Error response from daemon: toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating',
    'rate-limited',
    /too many requests/,
    /log in/,
  ],
  ['unexpected status code: 429 Too Many Requests', 'rate-limited', /too many requests/, /log in/],
  [
    'Get "https://registry.example.com/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    'registry-untrusted',
    /does not trust the certificate of registry\.example\.com/,
    /\/etc\/docker\/certs\.d\/registry\.example\.com\/ca\.crt/,
  ],
  [
    'Get "https://registry.example.com/v2/": x509: certificate has expired or is not yet valid: current time 2031-01-01',
    'registry-untrusted',
    /expired/,
    /clock/,
  ],
  [
    'Get "https://registry.example.com/v2/": http: server gave HTTP response to HTTPS client',
    'registry-untrusted',
    /does not speak HTTPS/,
    /insecure-registries/,
  ],
  [
    'failed to register layer: write /usr/lib/libx.so: no space left on device',
    'disk-full',
    /the disk of the server is full: registry\.example\.com\/shop\/api:v1/,
    /docker system df.*df -i/,
  ],
  ['write /var/lib/docker/tmp/x: disk quota exceeded', 'disk-full', /full/, /Free/],
  [
    'Get "https://registry.example.com/v2/": dial tcp 203.0.113.9:443: i/o timeout',
    'pull-failed',
    /does not reach the registry registry\.example\.com.*i\/o timeout/,
    /DNS, firewall/,
  ],
  [
    'Get "https://registry.example.com/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)',
    'pull-failed',
    /does not reach/,
    /proxy/,
  ],
  [
    'dial tcp: lookup registry.example.com on 127.0.0.53:53: no such host',
    'pull-failed',
    /no such host/,
    /DNS/,
  ],
  [
    'Error response from daemon: manifest for registry.example.com/shop/api:v1 not found: manifest unknown: manifest unknown',
    'image-unknown',
    /has no registry\.example\.com\/shop\/api:v1/,
    /pushed/,
  ],
  [
    'failed to resolve reference "registry.example.com/shop/api:v1": registry.example.com/shop/api:v1: not found',
    'image-unknown',
    /has no/,
    /pushed/,
  ],
  [
    'Error response from daemon: no matching manifest for linux/arm64/v8 in the manifest list entries: no match for platform in manifest: not found',
    'platform-missing',
    /linux\/arm64/,
    /buildx/,
  ],
  ['received unexpected HTTP status: 503 Service Unavailable', 'registry-down', /503/, /again/],
  [
    'media type "application/vnd.docker.distribution.manifest.v1+prettyjws" is no longer supported',
    'schema-1',
    /schema 1/,
    /Push it again/,
  ],
])('a pull that ended with %j has its remedy', (said, code, message, remedy) => {
  const told = complaint(said, { image: IMAGE })!;
  expect(told.code).toBe(code);
  expect(told.message).toMatch(message);
  expect(told.remedy).toMatch(remedy);
  expect(FAILURE_KINDS[failureCode(told.code)!]).toBe(told.kind);
});

test('a login that was given for another registry, or is not enough, is not asked for again', () => {
  const said = 'no basic auth credentials';
  expect(complaint(said, { image: IMAGE, login: 'ghcr.io' })!.remedy).toBe(
    'The login that was given is for ghcr.io: give the one for registry: registry.example.com.',
  );
  expect(complaint(said, { image: IMAGE, login: 'registry.example.com' })!.remedy).toMatch(
    /^The login that was given for registry\.example\.com may not read it/,
  );
  expect(complaint('denied: no', { image: 'shop/api:v1' })!.remedy).toMatch(/^Give registry: docker\.io,/);
});

test('what starting containers is refused for says what to do', () => {
  expect(
    complaint(
      'failed to create network shop_default: Error response from daemon: Pool overlaps with other one on this address space',
    ),
  ).toMatchObject({
    message: expect.stringContaining('Pool overlaps'),
    remedy: expect.stringContaining('subnet'),
  });
  expect(
    complaint(
      'Error response from daemon: failed to set up container networking: driver failed programming external connectivity on endpoint shop-web-1: Bind for 0.0.0.0:80 failed: port is already allocated',
    ),
  ).toMatchObject({
    message: expect.stringContaining('0.0.0.0:80'),
    remedy: expect.stringContaining('docker ps'),
  });
});

test('words that nobody knows are not explained', () => {
  expect(complaint('something else went wrong')).toBeUndefined();
  expect(
    complaint('failed to register layer: mkdir /x: permission denied', { image: IMAGE }),
  ).toBeUndefined();
});

test('the runner asks the same table, on the server', async () => {
  const session = localSession({ name: 'web1' });
  try {
    expect(await complaintOf(session, DENIED[1]!, 1)).toMatchObject({
      kind: 'refused',
      code: 'docker-not-allowed',
      message: expect.stringMatching(/^web1: the user \S+ may not use Docker$/),
      remedy: expect.stringContaining('usermod -aG docker'),
    });
    expect(await complaintOf(session, 'a\nsomething else\n', 3)).toMatchObject({
      code: 'docker-failed',
      message: 'docker on web1 ended with exit code 3: something else',
    });
  } finally {
    await session.close();
  }
});
