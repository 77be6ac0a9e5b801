import { expect, test } from '@jest/globals';
import { DocumentError } from '@deploy-actions/document';
import { readHurl } from './hurl.ts';

const read = (text: string) => readHurl(text, { file: 'a.hurl', name: 'a', variables: { host: 'http://x' } });

const FILE = `# Log in and look.
POST {{host}}/login?x=1   # the form
X-Test: yes
[Query]
a: 1
[BasicAuth]
bob: secret
[Options]
location: true
retry: 2
{
  "user": "demo",
  "list": [1, {"b": "}"}]
}

HTTP 200
Content-Type: application/json
[Captures]
token: jsonpath "$.token"
sid: cookie "sid[Value]"
[Asserts]
header "X-A" contains "b"
jsonpath "$.items" count == 3
jsonpath "$.items" nth 0 == "x"
jsonpath "$.date" isIsoDate
jsonpath "$.gone" not exists
jsonpath "$.n" > 3.5
jsonpath "$['a b']" matches /^\\d+$/
body startsWith "a\\u{41}\\"b"
xpath "string(//h1)" == "Hi"
bytes count == 12
sha256 == hex,ABCDEF01;
certificate "Expire-Date" daysAfterNow > 15
duration < 1000
status < 300

GET {{host}}/profile
Authorization: Bearer {{token}}
HTTP *
\`\`\`
hello
\`\`\`
`;

test('a Hurl file is read as one journey with requests, captures and assertions', () => {
  const check = read(FILE);
  expect(check).toMatchObject({ name: 'a', retries: 2 });
  const [login, profile] = check.steps;
  expect(login!.request).toEqual({
    method: 'POST',
    url: '{{host}}/login?x=1',
    headers: { 'X-Test': 'yes', 'content-type': 'application/json' },
    query: { a: '1' },
    basic: { username: 'bob', password: 'secret' },
    redirects: 50,
    text: '{\n  "user": "demo",\n  "list": [1, {"b": "}"}]\n}',
  });
  expect(login!.captures).toMatchObject([
    { name: 'token', query: { jsonpath: '$.token' }, secret: true },
    { name: 'sid', query: { cookie: 'sid[Value]' } },
  ]);
  expect(
    login!.assertions.map(({ kind, argument, predicate, filters }) => [kind, argument, predicate, filters]),
  ).toEqual([
    ['status', undefined, '200', undefined],
    ['header', 'Content-Type', { equals: 'application/json' }, undefined],
    ['header', 'X-A', { contains: 'b' }, undefined],
    ['jsonpath', '$.items', { equals: 3 }, [{ name: 'count' }]],
    ['jsonpath', '$.items', { equals: 'x' }, [{ name: 'nth', index: 0 }]],
    ['jsonpath', '$.date', { is: 'date' }, undefined],
    ['jsonpath', '$.gone', { not: { exists: true } }, undefined],
    ['jsonpath', '$.n', { 'greater-than': 3.5 }, undefined],
    ['jsonpath', "$['a b']", { matches: '^\\d+$' }, undefined],
    ['body', undefined, { 'starts-with': 'aA"b' }, undefined],
    ['xpath', 'string(//h1)', { equals: 'Hi' }, undefined],
    ['bytes', undefined, { equals: 12 }, undefined],
    ['sha256', undefined, { equals: 'abcdef01' }, undefined],
    ['certificate', 'days-left', { 'greater-than': 15 }, undefined],
    ['duration', undefined, { 'less-than': 1000 }, undefined],
    ['status', undefined, { 'less-than': 300 }, undefined],
  ]);
  expect(login!.where).toEqual({ file: 'a.hurl', line: 2, column: 1 });
  expect(profile!.request).toMatchObject({ method: 'GET', headers: { Authorization: 'Bearer {{token}}' } });
  expect(profile!.assertions).toMatchObject([
    { kind: 'body', predicate: { equals: 'hello\n' }, where: { line: 40 } },
  ]);
});

test('a # begins a comment outside quoted texts, and an escaped one is a character', () => {
  const [step] = read(`POST http://x
X-Note: a b  # a comment
X-Hash: \\#1 \\u{41}\\\\ "q" {{host}}#
X-Empty: # nothing
[BasicAuth]
bob: p\\#ss # his
[Options]
location: true # follow
max-time: 2 # seconds
variable: quoted="a # b" # quoted
variable: plain=a b # plain
file,body.bin; # the body
HTTP 200
X-Answer: yes # it does
`).steps;
  expect(step!.request).toEqual({
    method: 'POST',
    url: 'http://x',
    headers: { 'X-Note': 'a b', 'X-Hash': '#1 A\\ "q" {{host}}', 'X-Empty': '' },
    basic: { username: 'bob', password: 'p#ss' },
    redirects: 50,
    timeout: '2000ms',
    file: 'body.bin',
  });
  expect(step!.assertions[1]).toMatchObject({ argument: 'X-Answer', predicate: { equals: 'yes' } });
  const options = 'GET http://x\n[Options]\nvariable: quoted="a # b" # quoted\nvariable: plain=a b # plain\n';
  expect(read(options).variables).toMatchObject({ quoted: 'a # b', plain: 'a b' });
  expect(read('POST http://x\n`a # b` # the body').steps[0]!.request).toMatchObject({ text: 'a # b' });
});

test('what is not supported or wrong is said with its line and column', () => {
  const cases: [string, number, RegExp][] = [
    ['', 1, /no request/],
    ['get http://x', 1, /expected a request/],
    ['GET http://x\n[MultipartFormData]\na: b', 2, /\[MultipartFormData\] is not supported/],
    ['GET http://x\nX-A: a\\d', 2, /no escape/],
    ['GET http://x\n[Options]\ninsecure: true', 3, /the option "insecure" is not supported/],
    ['GET http://x\nHTTP two', 2, /expected HTTP and a status/],
    ['GET http://x\nHTTP 200\n[Asserts]\nmd5 == hex,00;', 4, /the query "md5" is not supported/],
    ['GET http://x\nHTTP 200\n[Asserts]\njsonpath "$.a" split "," == "x"', 4, /"split" is not supported/],
    ['GET http://x\nHTTP 200\n[Asserts]\njsonpath "$[" exists', 4, /no JSONPath/],
    ['GET http://x\nHTTP 200\n[Asserts]\nheader "a" == ', 4, /expected a value/],
    ['GET http://x\nHTTP 200\n[Asserts]\nheader "a', 4, /does not end/],
    ['POST http://x\n{ "a": 1', 2, /does not end/],
    ['POST http://x\n```graphql\n```', 2, /"graphql" is not supported/],
    ['GET http://x\nHTTP 200\n[Captures]\na: jsonpath "$.b" count', 4, /filters on captures/],
  ];
  for (const [text, line, message] of cases) {
    let error: unknown;
    try {
      read(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(DocumentError);
    expect((error as DocumentError).problems[0]).toMatchObject({ line });
    expect((error as DocumentError).message).toMatch(message);
  }
});
