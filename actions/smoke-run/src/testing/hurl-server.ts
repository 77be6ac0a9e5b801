import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

const DOCUMENT = `{"id":9007199254740993,"one":1.0,"version":1.10,"count":3,"price":9.5,"digits":"3","ten":"10","text":"a # b","empty":"","none":null,"yes":true,
"list":[1,2,3],"single":[7],"nothing":[],"object":{"a":1},"date":"2026-01-02T03:04:05Z","uuid":"0b6c9d0e-7d2a-4c7b-9f43-0a6a5b9a0c11","ip":"10.0.0.1","ip6":"::1","encoded":"aGVsbG8=","html":"<b>&</b>","url":"https://example.org/?q=a%20b"}`;

const XML =
  '<?xml version="1.0"?><shop xmlns="urn:shop" xmlns:b="urn:book"><b:book id="1"><b:title>One</b:title></b:book><name>N</name></shop>';

/** What the conformance files ask: answers that depend on the request alone, but for `/ready`, whose third is good. */
export function hurlServer(): RequestListener {
  const asked = new Map<string, number>();
  return (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(request, response, Buffer.concat(chunks), asked));
  };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  asked: Map<string, number>,
): void {
  const url = new URL(request.url!, 'http://x');
  const send = (type: string, content: string | Buffer, status = 200, headers = {}) =>
    void response.writeHead(status, { 'content-type': type, ...headers }).end(content);
  switch (url.pathname) {
    case '/json':
      return send('application/json', DOCUMENT);
    case '/xml':
      return send('text/xml', XML);
    case '/html':
      return send('text/html', '<html><body><h1>Hi</h1><ul><li>a</li><li>b</li></ul></body></html>');
    case '/text':
      return send('text/plain', 'hello 2026-07');
    case '/latin1':
      return send('text/plain; charset=iso-8859-1', Buffer.from('caf\u00e9', 'latin1'));
    case '/broken':
      return send('text/plain', Buffer.from([0x61, 0xff]));
    case '/bytes':
      return send('application/octet-stream', Buffer.from('0102ff', 'hex'));
    case '/empty':
      return send('text/plain', '');
    case '/twice':
      response.setHeader('x-twice', ['a', 'b']);
      return send('text/plain', '');
    case '/cookie':
      response.setHeader('set-cookie', [
        'sid=abc; Path=/; HttpOnly; Max-Age=60; SameSite=Lax',
        'lang=en; Path=/; Expires=Wed, 13 Jan 2038 22:23:01 GMT',
      ]);
      return send('text/plain', '');
    case '/ready': {
      const key = url.search;
      asked.set(key, (asked.get(key) ?? 0) + 1);
      return send('application/json', `{"tries":${asked.get(key)}}`, asked.get(key)! >= 3 ? 200 : 503);
    }
    case '/redirect':
      return send('text/plain', '', Number(url.searchParams.get('status') ?? 302), {
        location: url.searchParams.get('to') ?? '/echo',
        'set-cookie': 'via=redirect; Path=/',
      });
    case '/loop':
      return send('text/plain', '', 302, { location: '/loop' });
    default: {
      const values: Record<string, string[]> = {};
      for (let i = 0; i < request.rawHeaders.length; i += 2)
        (values[request.rawHeaders[i]!.toLowerCase()] ??= []).push(request.rawHeaders[i + 1]!);
      return send(
        'application/json',
        JSON.stringify({
          method: request.method,
          target: request.url,
          headers: Object.fromEntries(
            Object.entries(values).map(([name, all]) => [name, all.length === 1 ? all[0] : all]),
          ),
          body: body.toString('utf8'),
          hex: body.toString('hex'),
        }),
      );
    }
  }
}
