import { expect, test } from '@jest/globals';
import { bodyText } from './text.ts';
import { parseJsonBody } from './json.ts';
import type { HttpResponse } from './client.ts';

const answer = (type: string | undefined, body: Buffer) =>
  ({
    status: 200,
    headers: type === undefined ? {} : { 'content-type': type },
    body,
    url: 'http://shop.test/x',
  }) as unknown as HttpResponse;
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();
const SJIS = Buffer.from([0x93, 0xfa, 0x96, 0x7b]);

test.each([
  ['ISO-8859-1', 'text/html; charset=ISO-8859-1', Buffer.from('caf\xe9', 'latin1'), 'café'],
  ['in quotes and capitals', 'text/plain; Charset="iso-8859-15"', Buffer.from([0xa4]), '€'],
  ['Shift_JIS', 'text/html; charset=Shift_JIS', SJIS, '日本'],
  ['EUC-JP', 'text/html;charset=euc-jp', Buffer.from([0xc6, 0xfc]), '日'],
  ['GBK', 'text/html; charset=gbk', Buffer.from([0xc4, 0xe3]), '你'],
  ['UTF-16 by its header', 'text/plain; charset=utf-16le', Buffer.from('ok é', 'utf16le'), 'ok é'],
  ['UTF-16 by its mark', undefined, Buffer.from('\ufeffok', 'utf16le'), 'ok'],
  [
    'UTF-16, the other way round',
    'text/plain',
    Buffer.concat([Buffer.from([0xfe, 0xff]), utf16be('ok')]),
    'ok',
  ],
  ['UTF-8 by its mark, before the header', 'text/html; charset=iso-8859-1', Buffer.from('\ufeffé'), 'é'],
  [
    'meta charset',
    'text/html',
    Buffer.from('<meta charset="windows-1251"><p>\xcf\xf0', 'latin1'),
    '<meta charset="windows-1251"><p>Пр',
  ],
  [
    'meta http-equiv',
    'text/html',
    Buffer.from('<meta http-equiv=content-type content="text/html; charset=iso-8859-2">\xb3', 'latin1'),
    '<meta http-equiv=content-type content="text/html; charset=iso-8859-2">ł',
  ],
  [
    'an XML declaration',
    'application/xml',
    Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a>\xe9</a>', 'latin1'),
    '<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>',
  ],
  [
    'a declaration in a comment',
    'text/html',
    Buffer.from('<!-- <meta charset=koi8-r> -->é'),
    '<!-- <meta charset=koi8-r> -->é',
  ],
  [
    'a declaration in plain text',
    'text/plain',
    Buffer.from('<meta charset=koi8-r>é'),
    '<meta charset=koi8-r>é',
  ],
  ['nothing', undefined, Buffer.from('é'), 'é'],
])('a body is read as it is written: %s', (_name, type, body, wanted) => {
  expect(bodyText(answer(type, body))).toBe(wanted);
});

test('a character set that nobody knows is refused by name', () => {
  expect(() => bodyText(answer('text/plain; charset=klingon', Buffer.from('x')))).toThrow(
    'shop.test: the character set "klingon" of the answer is not known',
  );
});

test.each([
  ['with a byte order mark', Buffer.from('\ufeff{"status":"ok"}')],
  ['in UTF-16', Buffer.from('\ufeff{"status":"ok"}', 'utf16le')],
  ['plain', Buffer.from('{"status":"ok"}')],
])('JSON %s is read', (_name, body) => {
  expect(parseJsonBody(answer('application/json', body))).toEqual({ status: 'ok' });
});
