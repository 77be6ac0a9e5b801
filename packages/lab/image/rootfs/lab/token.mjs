// Issues the Bearer tokens of a lab registry, as the Distribution project's token specification says.
// LAB_TOKEN is JSON: { users: { name: { password, pull: [pattern], push: [pattern] } }, public: [pattern], seconds }.
import { createPrivateKey, randomUUID, sign, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const { users = {}, public: publicRepositories = [], seconds = 300 } = JSON.parse(process.env.LAB_TOKEN);
const key = createPrivateKey(readFileSync('/etc/lab-token.key'));
const certificate = new X509Certificate(readFileSync('/etc/lab-token.crt')).raw.toString('base64');

createServer((request, response) => {
  const url = new URL(request.url, 'http://lab');
  const answer = (status, body) => {
    console.log(`${new Date().toISOString()} ${request.method} ${url.pathname}${url.search} ${status}`);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const denied = (message) => answer(401, { errors: [{ code: 'DENIED', message }] });

  let user;
  const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (basic !== undefined) {
    const [name, ...rest] = Buffer.from(basic, 'base64').toString().split(':');
    user = users[name];
    if (user === undefined || user.password !== rest.join(':')) return denied('denied');
    user = { ...user, name };
  }
  const access = url.searchParams
    .getAll('scope')
    .flatMap((scopes) => scopes.split(' '))
    .flatMap((scope) => {
      const [type, name, wanted] = scope.split(':');
      if (type !== 'repository' || wanted === undefined) return [];
      const may = (action) =>
        (user?.[action] ?? []).some(matches(name)) ||
        (action === 'pull' && publicRepositories.some(matches(name)));
      return [{ type, name, actions: wanted.split(',').filter((action) => may(action)) }];
    });
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: 'lab',
    sub: user?.name ?? '',
    aud: url.searchParams.get('service') ?? '',
    jti: randomUUID(),
    iat: now,
    nbf: now - 10,
    exp: now + seconds,
    access,
  };
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ typ: 'JWT', alg: 'ES256', x5c: [certificate] })}.${part(claims)}`;
  const token = `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  answer(200, { token, access_token: token, expires_in: seconds, issued_at: new Date().toISOString() });
}).listen(5001, '0.0.0.0');

function matches(name) {
  return (pattern) => pattern === name || (pattern.endsWith('*') && name.startsWith(pattern.slice(0, -1)));
}
