import { expect, test } from '@jest/globals';
import { followsInHaproxy } from './follows.ts';

const RESOLVERS = 'resolvers docker\n  nameserver dns 127.0.0.11:53\n  hold valid 1s';
const TEMPLATE = 'server-template api 2 api:8000 resolvers docker init-addr none';

/** What `names_haproxy` prints. */
const haproxy = (backend: string, resolvers = RESOLVERS, defaults = '') =>
  `# configuration file /usr/local/etc/haproxy/haproxy.cfg:
defaults
  mode http
  ${defaults}
${resolvers}
frontend web
  bind :80
  acl is_api path_beg /api/
  default_backend app
backend app
  ${backend}
`;

test.each([
  ['a template of servers', haproxy(TEMPLATE), 2],
  ['one server', haproxy('server one api:8000 check resolvers docker init-addr none'), 2],
  ['what holds for all of a backend', haproxy('default-server resolvers docker\n  server one api:8000'), 2],
  [
    'what holds for all',
    haproxy('server one api:8000', RESOLVERS, 'default-server check resolvers docker'),
    2,
  ],
  ['the container’s own resolvers', haproxy(TEMPLATE.replace('docker', 'default'), ''), 2],
  ['what has left is kept for a while', haproxy(TEMPLATE, `${RESOLVERS}\n  hold obsolete 3s`), 5],
  ['each five seconds', haproxy(TEMPLATE, 'resolvers docker\n  parse-resolv-conf\n  timeout resolve 5s'), 6],
  ['another service is asked', haproxy('server one api-two:8000'), 0],
])('HAProxy follows a name: %s', (_title, told, keep) => {
  expect(followsInHaproxy(told, ['api'])).toEqual({ keep });
});

test.each([
  [
    'a plain name',
    haproxy('server one API:8000 check'),
    '`server one API:8000 check` in backend app looks the name up when HAProxy starts',
  ],
  ['resolvers that are not there', haproxy(TEMPLATE, ''), 'names resolvers that are not there'],
  [
    'another nameserver',
    haproxy(TEMPLATE, RESOLVERS.replace('127.0.0.11', '1.1.1.1')),
    'asks 1.1.1.1:53 for the name',
  ],
  ['nobody is asked', haproxy(TEMPLATE, 'resolvers docker'), 'resolvers docker asks nobody'],
  ['a long time', haproxy(TEMPLATE, `${RESOLVERS}\n  hold obsolete 30s`), 'longer than 10 s'],
  [
    'both times are long',
    haproxy(TEMPLATE, `${RESOLVERS.replace('1s', '1m')}\n  timeout resolve 20s`),
    'longer than 10 s',
  ],
  ['a time that nobody knows', haproxy(TEMPLATE, `${RESOLVERS}\n  hold obsolete soon`), 'longer than 10 s'],
  [
    'no patience with a name that leads nowhere',
    haproxy(TEMPLATE, `${RESOLVERS}\n  hold nx 0s`),
    '(hold nx)',
  ],
  ['an address of its environment', haproxy('server one "${API}:8000"'), 'that its environment says'],
  [
    'looked up for each request',
    haproxy('http-request do-resolve(txn.to,docker,ipv4) str(api)'),
    'not known here',
  ],
  ['elsewhere', haproxy('log api:514 local0'), 'not known here'],
])('HAProxy does not follow a name: %s', (_title, told, why) => {
  expect(followsInHaproxy(told, ['api'])).toMatchObject({
    why: expect.stringContaining(why),
    lines: expect.stringContaining('server-template api 2 api:PORT resolvers docker init-addr none'),
  });
});

test('HAProxy whose configuration nobody can read does not pass', () => {
  for (const told of ['', '# configuration file /x.cfg:\nunread\n']) {
    expect(followsInHaproxy(told, ['api'])).toMatchObject({ why: expect.stringContaining('cannot be read') });
  }
});

test('who writes the lines of a refusal is not refused', () => {
  const refused = followsInHaproxy(haproxy('server one api:8000'), ['api']);
  const { lines } = refused as { lines: string };
  const told = `# configuration file /etc/haproxy.cfg:\n${lines.replace('PORT', '8000')}\n`;
  expect(followsInHaproxy(told, ['api'])).toEqual({ keep: 2 });
});
