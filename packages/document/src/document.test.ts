import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  DocumentError,
  documentFailure,
  parseDocument,
  pathText,
  readDocument,
  suggest,
  validateSchema,
} from './index.ts';

const schema = {
  type: 'object',
  required: ['checks'],
  additionalProperties: false,
  properties: {
    version: { enum: ['blue', 'green'] },
    checks: { type: 'array', minItems: 1, items: { $ref: '#/$defs/check' } },
  },
  $defs: {
    check: {
      type: 'object',
      required: ['name', 'url'],
      additionalProperties: false,
      properties: {
        name: { type: 'string', minLength: 1 },
        url: {
          type: 'string',
          pattern: '^https?://',
          'x-expected': 'a URL that begins with http:// or https://',
        },
        timeout: {
          type: 'string',
          pattern: '^\\d+(ms|s|m)$',
          'x-expected': 'a time such as 500ms, 30s or 5m',
        },
        retries: { type: 'integer', minimum: 0, maximum: 10 },
        status: {
          anyOf: [{ type: 'integer' }, { type: 'string' }, { type: 'array', items: { type: 'integer' } }],
        },
      },
    },
  },
};

async function problems(text: string): Promise<string[]> {
  const error = await readDocument(text, { schema }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(DocumentError);
  return (error as DocumentError).message.split('\n');
}

test('a document that conforms is read as it is', async () => {
  const { value, place } = await readDocument(
    `checks:\n  - name: a\n    url: http://x\n    status: [200, 204]\n`,
    { schema },
  );
  expect(value).toEqual({ checks: [{ name: 'a', url: 'http://x', status: [200, 204] }] });
  expect(place(['checks', 0, 'url'])).toEqual({ line: 3, column: 10 });
  expect(place(['checks', 0, 'url'], 'key')).toEqual({ line: 3, column: 5 });
  expect(place(['checks', 0, 'nowhere', 'deep'])).toEqual({ line: 2, column: 5 });
});

test('JSON is read by the same way, with positions', async () => {
  const text = '{\n\t"checks": [\n\t\t{"name": "a", "ulr": "http://x"}]}';
  expect(await problems(text)).toEqual([
    'line 3, column 17, checks[0].ulr: unknown key "ulr"; did you mean "url"?',
  ]);
});

test('an error names the line, the column, the key and what would be right', async () => {
  expect(
    await problems(
      'checks:\n  - name: a\n    url: ftp://x\n    timeout: 5x\n    retries: 11\n    status: true\n',
    ),
  ).toEqual([
    'line 3, column 10, checks[0].url: should be a URL that begins with http:// or https://, but is the text "ftp://x"',
    'line 4, column 14, checks[0].timeout: should be a time such as 500ms, 30s or 5m, but is the text "5x"',
    'line 5, column 14, checks[0].retries: should be at most 10, but is 11',
    'line 6, column 13, checks[0].status: should be a whole number, text or a list, but is true',
  ]);
  expect(await problems('version: bleu\nchecks: []\n')).toEqual([
    'line 1, column 10, version: should be "blue" or "green", but is the text "bleu"; did you mean "blue"?',
    'line 2, column 9, checks: has 0 items; at least 1 are needed',
  ]);
  expect(await problems('checks:\n  - url: http://x\n  - just text\n')).toEqual([
    'line 2, column 5, checks[0]: the key "name" is missing',
    'line 3, column 5, checks[1]: should be a mapping, but is the text "just text"',
  ]);
  expect(await problems('')).toEqual(['line 1, column 1: should be a mapping, but is empty']);
});

test('what is no YAML is refused with its place and the likely mistake', async () => {
  expect(await problems('checks:\n  - name: a\n    name: b\n')).toEqual([
    'line 3, column 5: the key "name" stands twice in the same mapping; keep one',
  ]);
  expect((await problems('checks:\n\t- name: a\n'))[0]).toContain('indent with spaces');
  expect((await problems('a: b: c\n'))[0]).toMatch(
    /^line 1, column \d+: a value with ": " in it must stand in quotes/,
  );
  expect((await problems('a: *x\n'))[0]).toContain('alias');
  expect((await problems('a: 1\n---\nb: 2\n'))[0]).toContain('only one document');
  expect((await problems('a: !js x\n'))[0]).toContain('must stand in quotes');
});

test('many keys in one mapping are read in time that grows with them, and one that stands twice is found', async () => {
  const lines = (count: number, anchored: boolean) =>
    Array.from({ length: count }, (_, i) => `k${i}: ${anchored ? `&k${i} ` : ''}1`);
  const quickest = async (text: string) => {
    const times: number[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      // Of the processor, which others may be using too.
      const started = process.cpuUsage();
      await parseDocument(text);
      times.push(process.cpuUsage(started).user);
    }
    return Math.min(...times);
  };
  for (const anchored of [false, true]) {
    const quarter = await quickest(lines(7000, anchored).join('\n'));
    // Four times as long; 16 times when each key is compared with each other.
    expect(await quickest(lines(28_000, anchored).join('\n'))).toBeLessThan(9 * quarter);
    const again = parseDocument([...lines(28_000, anchored), 'k7: 2'].join('\n'));
    await expect(again).rejects.toThrow(
      'line 28001, column 1: the key "k7" stands twice in the same mapping',
    );
  }
  await expect(parseDocument('{"a": 1,\n "\\u0061": 2}')).rejects.toThrow('line 2, column 2');
  await expect(parseDocument('{"a": {"b": 1}, "b": 1}')).resolves.toMatchObject({
    value: { a: { b: 1 }, b: 1 },
  });
  const merged = 'a: &a { x: 1 }\nb: &b { y: 2 }\nc: { <<: *a, <<: *b }\n';
  expect((await parseDocument(merged, { merge: true })).value).toMatchObject({ c: { x: 1, y: 2 } });
  await expect(parseDocument(merged)).rejects.toThrow('the key "<<" stands twice');
});

test('JSON has the places of its values as YAML has', async () => {
  const text = '{\n "a\\"b": [1, {"c]": "}"}],\n "d": "\\\\", "e": null\n}';
  const { place } = await parseDocument(text);
  expect(place(['a"b', 1, 'c]'])).toEqual({ line: 2, column: 21 });
  expect(place(['a"b', 1, 'c]'], 'key')).toEqual({ line: 2, column: 15 });
  expect(place(['e'])).toEqual({ line: 3, column: 18 });
  expect(place(['d', 'nowhere'])).toEqual({ line: 3, column: 7 });
});

test('a bomb is refused quickly: aliases, circles, depth, size', async () => {
  const laughs = [
    'a0: &a0 [x,x,x,x,x,x,x,x,x]',
    ...Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`),
  ].join('\n');
  const cases: [string, string][] = [
    [laughs, 'aliases'],
    ['a: &a [*a]', 'itself'],
    ['['.repeat(100_000), 'deeper'],
    [`${'- '.repeat(5000)}a`, 'deeper'],
    [Array.from({ length: 300 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'), 'deeper'],
    ['a'.repeat(2 ** 21), 'characters'],
  ];
  for (const [text, word] of cases) {
    const error = await parseDocument(text).then(
      () => undefined,
      (thrown: unknown) => thrown as Error,
    );
    expect(error).toBeInstanceOf(DocumentError);
    expect(error!.message).toContain(word);
  }
});

test('arbitrary text is read or refused with a position, never anything else', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'ab:-[]{}&*!|>\'"#,? \n\t%@`') })),
      async (text) => {
        try {
          await readDocument(text, { schema });
        } catch (error) {
          expect(error).toBeInstanceOf(DocumentError);
          for (const problem of (error as DocumentError).problems) {
            expect(problem.line).toBeGreaterThan(0);
            expect(problem.column).toBeGreaterThan(0);
          }
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('what JSON can say comes back as it was', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue({ depthSize: 'small' }), async (value) => {
      const { value: back } = await parseDocument(JSON.stringify(value));
      expect(JSON.stringify(back)).toBe(JSON.stringify(value));
    }),
    { numRuns: 300 },
  );
});

test('a broken document becomes one failure with the place to annotate', async () => {
  const error = await readDocument('checks: []\nversion: x\n', { schema }).catch(
    (thrown: unknown) => thrown as DocumentError,
  );
  const failure = documentFailure(error as DocumentError, { file: 'smoke.yml' });
  expect(failure).toMatchObject({ kind: 'input', place: { file: 'smoke.yml', line: 1, column: 9 } });
  expect(failure.message).toBe(
    'smoke.yml, line 1, column 9, checks: has 0 items; at least 1 are needed (and 1 more, below)',
  );
  expect(failure.details).toContain('line 2');
});

test('a schema of somebody else decides by its own draft', async () => {
  expect(
    await validateSchema(
      { type: 'object', properties: { id: { type: 'integer' } }, required: ['id'] },
      { id: 'x' },
    ),
  ).toEqual([{ path: ['id'], message: 'should be a whole number, but is the text "x"' }]);
  expect(
    await validateSchema({ $schema: 'http://json-schema.org/draft-07/schema#', contains: { const: 2 } }, [1]),
  ).toHaveLength(1);
  expect(await validateSchema({ format: 'email' }, 'a@example.org')).toEqual([]);
  await expect(validateSchema({ $ref: 'https://example.org/other' }, 1)).rejects.toThrow();
});

test('a path reads as one writes it, and a typo finds its word', () => {
  expect(pathText(['checks', 1, 'headers', 'content type'])).toBe('checks[1].headers["content type"]');
  expect(suggest('expectstatus', ['expect-status', 'expect-body'])).toBe('expect-status');
  expect(suggest('tiemout', ['timeout', 'name'])).toBe('timeout');
  expect(suggest('zzz', ['timeout', 'name'])).toBeUndefined();
});

test('numbers can be had as they were written', async () => {
  const text = 'id: 9007199254740993\nversion: 1.10\nlist: &l [1, 1.0, .5, 0x10]\nalso: *l\n';
  const { value, exact } = await parseDocument(text);
  expect(value).toEqual({ id: 2 ** 53, version: 1.1, list: [1, 1, 0.5, 16], also: [1, 1, 0.5, 16] });
  expect(JSON.stringify(exact())).toBe(
    '{"id":9007199254740993,"version":1.10,"list":[1,1.0,0.5,16],"also":[1,1.0,0.5,16]}',
  );
});
