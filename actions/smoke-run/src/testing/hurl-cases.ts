/** A .hurl file of one feature, and what hurl 8.0.1 says of it: `invalid` is what it does not read. */
export interface HurlCase {
  feature: string;
  hurl: 'pass' | 'fail' | 'invalid';
  /** What of it is refused here, by name; without, the verdict is hurl's. */
  refused?: RegExp;
  text: string;
}

const get = (path: string, rest: string) => `GET {{url}}${path}\n${rest}`;
const asserts = (path: string, ...lines: string[]) => get(path, `HTTP 200\n[Asserts]\n${lines.join('\n')}\n`);
const json = (line: string) => asserts('/json', `jsonpath ${line}`);

const pass = (feature: string, ...texts: string[]): HurlCase[] =>
  texts.map((text) => ({ feature, hurl: 'pass', text }));
const fail = (feature: string, ...texts: string[]): HurlCase[] =>
  texts.map((text) => ({ feature, hurl: 'fail', text }));
const invalid = (feature: string, ...texts: string[]): HurlCase[] =>
  texts.map((text) => ({ feature, hurl: 'invalid', refused: /./, text }));
const refused = (feature: string, hurl: HurlCase['hurl'], words: RegExp, text: string): HurlCase => ({
  feature,
  hurl,
  refused: words,
  text,
});

export const HURL_CASES: HurlCase[] = [
  ...pass(
    'status and version',
    get('/text', ''),
    get('/text', 'HTTP *\n'),
    get('/text', 'HTTP/1.1 200\n'),
    asserts('/text', 'status == 200', 'status < 300', 'status isInteger'),
  ),
  ...fail('status and version', get('/text', 'HTTP 404\n'), asserts('/text', 'status == "200"')),
  refused('status and version', 'fail', /HTTP\/2 is not supported/, get('/text', 'HTTP/2 200\n')),
  refused('status and version', 'pass', /query version/, asserts('/text', 'version == "1.1"')),
  ...invalid('status and version', 'get {{url}}/text\n', get('/text', 'HTTP two\n'), '[Asserts]\n'),

  ...pass(
    'comments and blanks',
    `# before\n\n${get('/text # behind', '# between\nHTTP 200 # after\n# at the end')}`,
    get(
      '/echo',
      'X-Note: a b  # a comment\nHTTP 200\n[Asserts]\njsonpath "$.headers[\'x-note\']" == "a b"\n',
    ),
    get('/echo', 'X-Hash: \\#1\nHTTP 200\n[Asserts]\njsonpath "$.headers[\'x-hash\']" == "#1"\n'),
  ),

  ...pass(
    'repeated keys',
    get(
      '/echo',
      'X-A: 1\nX-A: 2\n[Query]\na: 1\na: b c\nHTTP 200\n[Asserts]\njsonpath "$.target" == "/echo?a=1&a=b%20c"\njsonpath "$.headers[\'x-a\']" count == 2\n',
    ),
    'POST {{url}}/echo\n[Form]\na: 1\na: ü &\nHTTP 200\n[Asserts]\njsonpath "$.body" == "a=1&a=%C3%BC%20%26"\n',
    get('/echo?x=1', '[Query]\ny: 2\nHTTP 200\n[Asserts]\njsonpath "$.target" == "/echo?x=1&y=2"\n'),
  ),

  ...pass(
    'bodies',
    'POST {{url}}/echo\n`a\\tb \\u{e9} {{name}}`\nHTTP 200\n[Asserts]\njsonpath "$.body" == "a\\tb \\u{e9} Bob"\n',
    'POST {{url}}/echo\n```\nline {{name}}\n\\n\n```\nHTTP 200\n[Asserts]\njsonpath "$.body" == "line Bob\\n\\\\n\\n"\n',
    'POST {{url}}/echo\n```raw\n{{name}}\n```\nHTTP 200\n[Asserts]\njsonpath "$.body" contains "{{open}}name}}"\n',
    'POST {{url}}/echo\n```json\n{"a":"{{name}}"}\n```\nHTTP 200\n[Asserts]\njsonpath "$.headers[\'content-type\']" == "application/json"\n',
    'POST {{url}}/echo\n{"a": "{{quote}}", "n": {{three}}, "l": [ ]}\nHTTP 200\n[Asserts]\njsonpath "$.body" == "{\\"a\\": \\"\\\\\\"\\", \\"n\\": 3, \\"l\\": [ ]}"\n',
    'POST {{url}}/echo\n[1, 2]\nHTTP 200\n[Asserts]\njsonpath "$.body" == "[1, 2]"\n',
    'POST {{url}}/echo\n<a><!-- > --><b c="&gt;"/></a>\nHTTP 200\n[Asserts]\njsonpath "$.headers[\'content-type\']" == "application/xml"\njsonpath "$.body" endsWith "</a>"\n',
    'POST {{url}}/echo\nbase64,aGVs\nbG8=;\nHTTP 200\n[Asserts]\njsonpath "$.body" == "hello"\n',
    'POST {{url}}/echo\nhex,0102ff;\nHTTP 200\n[Asserts]\njsonpath "$.hex" == "0102ff"\n',
    'POST {{url}}/echo\nfile,data.txt;\nHTTP 200\n[Asserts]\njsonpath "$.body" == "from a file"\njsonpath "$.headers[\'content-type\']" not exists\n',
    'POST {{url}}/echo\n```graphql\nquery { a }\nvariables {"n": {{three}}}\n```\nHTTP 200\n[Asserts]\njsonpath "$.body" == "{\\"query\\":\\"query { a }\\",\\"variables\\":{\\"n\\":3}}"\n',
    'POST {{url}}/echo\n[Multipart]\na: 1\nb: file,data.txt;\nc: file,data.txt; text/html\nHTTP 200\n[Asserts]\njsonpath "$.headers[\'content-type\']" contains "multipart/form-data; boundary="\njsonpath "$.body" contains "name=\\"b\\"; filename=\\"data.txt\\"\\r\\nContent-Type: text/plain\\r\\n\\r\\nfrom a file\\r\\n"\njsonpath "$.body" contains "Content-Type: text/html"\n',
  ),
  ...fail(
    'bodies',
    'POST {{url}}/echo\nfile,../outside.txt;\nHTTP 200\n',
    'POST {{url}}/echo\n{"a": {{name}}}\nHTTP 200\n',
  ),
  ...invalid(
    'bodies',
    'POST {{url}}/echo\n{"a": 1,}\n',
    'POST {{url}}/echo\nhex,123;\n',
    'POST {{url}}/echo\n```graph\n```\n',
  ),

  ...pass(
    'expected bodies',
    get('/text', 'HTTP 200\n`hello 2026-07`\n'),
    get('/bytes', 'HTTP 200\nhex,0102ff;\n'),
    get('/bytes', 'HTTP 200\nbase64,AQL/;\n'),
    get('/ready?body', 'HTTP 503\n{"tries":1}\n'),
  ),
  ...fail(
    'expected bodies',
    get('/ready?space', 'HTTP 503\n{"tries": 1}\n'),
    get('/text', 'HTTP 200\n```\nhello 2026-07\n```\n'),
    get('/text', 'HTTP 200\nfile,data.txt;\n'),
  ),

  ...pass(
    'typed values',
    json('"$.count" == 3'),
    json('"$.one" == 1'),
    json('"$.one" isFloat'),
    json('"$.count" isInteger'),
    json('"$.count" isNumber'),
    json('"$.price" == 9.50'),
    json('"$.id" == 9007199254740993'),
    json('"$.id" > 9007199254740992'),
    json('"$.ten" < "9"'),
    json('"$.digits" not == 3'),
    json('"$.digits" != 3'),
    json('"$.none" == null'),
    json('"$.none" exists'),
    json('"$.yes" == true'),
    json('"$.text" == "a # b"'),
    json('"$.text" isString'),
    json('"$.list" isList'),
    json('"$.list" isCollection'),
    json('"$.object" isObject'),
    json('"$.date" isIsoDate'),
    json('"$.uuid" isUuid'),
    json('"$.ip" isIpv4'),
    json('"$.ip6" isIpv6'),
    json('"$.empty" isEmpty'),
    json('"$.nothing" isEmpty'),
    json('"$.list" contains 2'),
    json('"$.list" includes 2'),
    json('"$.list[?@ > 1]" count == 2'),
    json('"$.single[*]" == 7'),
    json('"$.gone" not exists'),
    json('"$.gone" not == "x"'),
    json('"$.count" == {{three}}'),
  ),
  ...fail(
    'typed values',
    json('"$.digits" == 3'),
    json('"$.ten" > 9'),
    json('"$.ten" not > 9'),
    json('"$.id" == 9007199254740992'),
    json('"$.gone" != "x"'),
    json('"$.gone" == null'),
    json('"$.gone" isEmpty'),
    json('"$.gone" count == 0'),
    json('"$.none" isEmpty'),
    json('"$.count" not isEmpty'),
    json('"$.count" contains "3"'),
    json('"$.count" not contains "3"'),
    json('"$.count" isIsoDate'),
    json('"$.single" == 7'),
    json('"$.count" == {{text_three}}'),
    json('"$.count" == {{undefined}}'),
  ),
  ...invalid(
    'typed values',
    json('"$.count" == 03'),
    json('"$.count" > null'),
    json('"$.text" startsWith 1'),
  ),

  refused('typed values', 'fail', /no JSONPath/, json('"$[" exists')),

  ...pass(
    'queries',
    asserts('/json', 'header "Content-Type" == "application/json"', 'header "X-None" not exists'),
    asserts(
      '/twice',
      'header "x-twice" count == 2',
      'header "x-twice" contains "b"',
      'header "x-twice" nth 0 == "a"',
    ),
    get('/twice', 'HTTP 200\nX-Twice: b\n'),
    asserts(
      '/text',
      'body == "hello 2026-07"',
      'bytes count == 13',
      'bytes startsWith hex,68656c;',
      'rawbytes count == 13',
    ),
    asserts(
      '/text',
      'regex /(\\d{4})-(\\d\\d)/ == "2026"',
      'regex "hello (.*)" == "2026-07"',
      'regex /hello/ not exists',
    ),
    asserts('/text', 'sha256 count == 32'),
    asserts('/empty', 'md5 == hex,d41d8cd98f00b204e9800998ecf8427e;', 'bytes isEmpty', 'body isEmpty'),
    asserts(
      '/text',
      'duration < 10000',
      'url endsWith "/text"',
      'ip == "127.0.0.1"',
      'variable "name" == "Bob"',
    ),
    asserts('/latin1', 'body == "caf\\u{e9}"'),
    asserts(
      '/cookie',
      'cookie "sid" == "abc"',
      'cookie "sid[HttpOnly]" exists',
      'cookie "sid[Secure]" not exists',
      'cookie "sid[Max-Age]" == 60',
      'cookie "sid[SameSite]" == "Lax"',
      'cookie "lang[Expires]" daysAfterNow > 100',
      'cookie "none" not exists',
    ),
    asserts(
      '/html',
      'xpath "string(//h1)" == "Hi"',
      'xpath "//li" count == 2',
      'xpath "//h2" not exists',
      'xpath "count(//li)" == 2',
    ),
    asserts(
      '/xml',
      'xpath "string(//*[local-name()=\'name\'])" == "N"',
      'xpath "string(//b:title)" == "One"',
      'xpath "string(//_:name)" == "N"',
      'xpath "//b:book" count == 1',
    ),
  ),
  ...fail(
    'queries',
    asserts('/broken', 'body contains "a"'),
    asserts('/text', 'jsonpath "$.a" not exists'),
    asserts('/html', 'xpath "//h1" == "Hi"'),
    asserts('/twice', 'header "x-twice" == "a, b"'),
    asserts('/text', 'certificate "Expire-Date" exists'),
  ),
  ...invalid(
    'queries',
    asserts('/text', 'titel == "x"'),
    asserts('/text', 'certificate "Color" exists'),
    asserts('/cookie', 'cookie "a[Colour]" exists'),
  ),

  ...pass(
    'filters',
    json('"$.encoded" base64Decode == hex,68656c6c6f;'),
    json('"$.encoded" base64Decode utf8Decode == "hello"'),
    json('"$.text" split " # " nth 1 == "b"'),
    json('"$.text" replace "a" "c" == "c # b"'),
    json('"$.text" replaceRegex /(\\w) # (\\w)/ "$2-$1" == "b-a"'),
    json('"$.text" urlEncode == "a%20%23%20b"'),
    json('"$.url" urlQueryParam "q" == "a b"'),
    json('"$.html" htmlEscape == "&lt;b&gt;&amp;&lt;/b&gt;"'),
    json('"$.digits" toInt == 3'),
    json('"$.digits" toFloat == 3.0'),
    json('"$.count" toString == "3"'),
    json('"$.list" first == 1'),
    json('"$.list" last == 3'),
    json('"$.list" nth -1 == 3'),
    json('"$.date" toDate "%Y-%m-%dT%H:%M:%SZ" dateFormat "%d %b %Y" == "02 Jan 2026"'),
    json('"$.date" toDate "%Y-%m-%dT%H:%M:%SZ" isDate'),
    asserts('/latin1', 'bytes charsetDecode "iso-8859-1" == "caf\\u{e9}"', 'bytes toHex == "636166e9"'),
    asserts('/text', 'body regex /(\\d+)-/ toInt > 2000', 'body utf8Encode count == 13'),
  ),
  ...fail(
    'filters',
    json('"$.text" toInt == 3'),
    json('"$.text" count == 5'),
    json('"$.list" nth 9 not exists'),
    json('"$.nothing" first not exists'),
    json('"$.text" base64Decode exists'),
    json('"$.count" split "," not exists'),
  ),
  refused('filters', 'pass', /htmlUnescape/, json('"$.text" htmlUnescape == "a # b"')),
  ...invalid('filters', json('"$.text" splitt "," exists')),

  ...pass(
    'captures',
    get(
      '/json',
      'HTTP 200\n[Captures]\nid: jsonpath "$.id"\nfirst: jsonpath "$.list" nth 0\n[Asserts]\nvariable "id" == 9007199254740993\njsonpath "$.list" contains {{first}}\n\nPOST {{url}}/echo\n{"id": {{id}}}\nHTTP 200\n[Asserts]\njsonpath "$.body" contains "9007199254740993"\n',
    ),
    get(
      '/json',
      'HTTP 200\n[Captures]\na: jsonpath "$.text"\nb: variable "a"\n[Asserts]\nvariable "b" == "a # b"\n',
    ),
    get('/json', 'HTTP 200\n[Captures]\nkey: jsonpath "$.text" redact\n'),
  ),
  ...fail(
    'captures',
    get('/json', 'HTTP 200\n[Captures]\na: jsonpath "$.gone"\n'),
    get('/json', 'HTTP 200\n[Captures]\na: jsonpath "$.list"\n\nGET {{url}}/echo?{{a}}\nHTTP 200\n'),
    get('/json', 'HTTP 200\n[Captures]\na: jsonpath "$.count" redact\n'),
  ),

  ...pass(
    'options',
    'GET {{url}}/ready?retry\n[Options]\nretry: 5\nretry-interval: 1ms\nHTTP 200\n[Asserts]\njsonpath "$.tries" == 3\n',
    'GET {{url}}/text\nHTTP 200\n\nGET {{url}}/ready?second\n[Options]\nretry: -1\nretry-interval: 1ms\nHTTP 200\n[Captures]\nn: jsonpath "$.tries"\n[Asserts]\nvariable "n" == 3\n',
    'GET {{url}}/none\n[Options]\nskip: true\nHTTP 500\n\nGET {{url}}/text\nHTTP 200\n',
    'GET {{url}}/ready?repeat\n[Options]\nrepeat: 2\nHTTP 503\n\nGET {{url}}/ready?repeat\nHTTP 200\n',
    'GET {{url}}/echo?{{v}}\n[Options]\nvariable: v=1\nHTTP 200\n[Asserts]\njsonpath "$.target" == "/echo?1"\n\nGET {{url}}/echo?{{v}}\n[Options]\nvariable: v="2"\nHTTP 200\n[Asserts]\njsonpath "$.target" == "/echo?2"\nvariable "v" isString\n',
    'GET {{url}}/redirect\nHTTP 302\n',
    'GET {{url}}/redirect\n[Options]\nlocation: true\nHTTP 200\n[Asserts]\nredirects count == 1\nredirects nth 0 location endsWith "/echo"\njsonpath "$.headers.cookie" == "via=redirect"\n',
    'POST {{url}}/redirect?status=303\n[Options]\nlocation: true\n`body`\nHTTP 200\n[Asserts]\njsonpath "$.method" == "GET"\njsonpath "$.body" == ""\n',
    'PUT {{url}}/redirect?status=301\n[Options]\nlocation: true\n`body`\nHTTP 200\n[Asserts]\njsonpath "$.method" == "GET"\n',
    'PUT {{url}}/redirect?status=307\n[Options]\nlocation: true\n`body`\nHTTP 200\n[Asserts]\njsonpath "$.method" == "PUT"\njsonpath "$.body" == "body"\n',
    'GET {{url}}/echo\n[BasicAuth]\nbob: p:w\nHTTP 200\n[Asserts]\njsonpath "$.headers.authorization" contains "Basic Ym9iOnA6dw=="\n',
    'GET {{url}}/echo\n[Options]\nuser: bob:pw\nheader: X-A: 1\nHTTP 200\n[Asserts]\njsonpath "$.headers.authorization" contains "Basic Ym9iOnB3"\njsonpath "$.headers[\'x-a\']" contains "1"\n',
    'GET {{url}}/echo\n[Cookies]\na: 1\nb: 2\nHTTP 200\n[Asserts]\njsonpath "$.headers.cookie" contains "a=1; b=2"\n',
    'GET http://other.example:{{port}}/text\n[Options]\nconnect-to: other.example:{{port}}:127.0.0.1:{{port}}\nHTTP 200\n',
    'GET http://other.example:{{port}}/text\n[Options]\nresolve: other.example:{{port}}:127.0.0.1\nHTTP 200\n',
    'GET {{url}}/text\n[Options]\nhttp1.1: true\nhttp3: false\nverbose: true\ndelay: 1ms\nmax-time: 20s\nHTTP 200\n',
    'GET {{url}}/echo\n[Options]\ncompressed: true\nHTTP 200\n[Asserts]\njsonpath "$.headers[\'accept-encoding\']" contains "gzip, deflate, br"\n',
  ),
  ...fail(
    'options',
    'GET {{url}}/loop\n[Options]\nlocation: true\nmax-redirs: 2\nHTTP 302\n',
    'GET {{url}}/redirect\n[Options]\nlocation: true\nmax-redirs: 0\nHTTP 302\n',
    'GET {{url}}/ready?short\n[Options]\nretry: 1\nretry-interval: 1ms\nHTTP 200\n',
    'GET {{url}}/text\n[Options]\nskip: {{name}}\nHTTP 200\n',
  ),
  refused(
    'options',
    'pass',
    /the option "path-as-is"/,
    'GET {{url}}/text\n[Options]\npath-as-is: true\nHTTP 200\n',
  ),
  refused(
    'options',
    'pass',
    /the option "limit-rate"/,
    'GET {{url}}/text\n[Options]\nlimit-rate: 1000000\nHTTP 200\n',
  ),
  refused(
    'options',
    'pass',
    /the option "netrc-optional"/,
    'GET {{url}}/text\n[Options]\nnetrc-optional: true\nHTTP 200\n',
  ),
  refused('options', 'pass', /the option "output"/, 'GET {{url}}/text\n[Options]\noutput: a.out\nHTTP 200\n'),
  refused(
    'options',
    'fail',
    /the option "proxy"/,
    'GET {{url}}/text\n[Options]\nproxy: 127.0.0.1:1\nHTTP 200\n',
  ),
  refused('options', 'pass', /the option "http1.0"/, 'GET {{url}}/text\n[Options]\nhttp1.0: true\nHTTP *\n'),
  ...invalid(
    'options',
    'GET {{url}}/text\n[Options]\nretries: 1\n',
    'GET {{url}}/text\n[Options]\nskip: yes\n',
  ),

  refused('the file', 'pass', /no request/, '# nothing\n'),
  refused(
    'the file',
    'pass',
    /@cookie_storage_clear/,
    '# @cookie_storage_clear\nGET {{url}}/text\nHTTP 200\n',
  ),
  refused('the file', 'pass', /the header Connection/, get('/text', 'Connection: close\nHTTP 200\n')),
  refused('the file', 'pass', /the method TRACE/, 'TRACE {{url}}/text\nHTTP *\n'),
  ...fail('the file', 'GET /text\nHTTP 200\n'),
  ...invalid(
    'the file',
    get('/text', 'HTTP 200\n[Asserts]\nstatus == 200\n[Asserts]\nstatus == 200\n'),
    get('/text', 'HTTP 200\n[Cookies]\na: 1\n'),
    'GET {{url\n',
  ),
];
