import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { HttpResponse } from '@deploy-actions/http';
import { Failure, markdownTable } from '@deploy-actions/kit';
import { reader } from '../answer/answer.ts';
import type { OpenapiCase } from '../testing/openapi-case.ts';
import { openapiCases } from '../testing/openapi-cases.ts';
import { conformance } from './conformance.ts';

const DESCRIPTION = 'api.yaml';

/** What came of a case: nothing, what differs, or why the description is refused. */
async function verdictOf(
  one: OpenapiCase,
): Promise<{ conforms: true } | { differs: string } | { refused: string }> {
  const text =
    typeof one.description === 'string' ? one.description : JSON.stringify(one.description, null, 2);
  const files: Record<string, string> = { [DESCRIPTION]: text, ...one.files };
  const held = conformance((path) => {
    if (!Object.hasOwn(files, path)) throw new Failure('input', `no such file: ${path}`);
    return files[path]!;
  });
  const response = {
    url: `http://127.0.0.1${one.path ?? '/x'}`,
    status: one.status ?? 200,
    headers: { 'content-type': one.type ?? 'application/json' } as Record<string, string>,
    headerList: [],
    body: Buffer.from(JSON.stringify(one.body ?? null)),
  } as unknown as HttpResponse;
  const answer = { response, exec: undefined, durationMs: 1, method: one.method ?? 'GET' };
  try {
    const discord = await held.openapi(DESCRIPTION, answer, reader(answer));
    return discord === undefined
      ? { conforms: true }
      : { differs: `${discord.got}; wanted ${discord.wanted}` };
  } catch (error) {
    if (error instanceof Failure) return { refused: error.message };
    throw error;
  }
}

test.each(openapiCases.map((one) => [`${one.subject}: ${one.name}`, one] as const))(
  '%s',
  async (_name, one) => {
    const verdict = await verdictOf(one);
    if (one.verdict === 'conforms') expect(verdict).toEqual({ conforms: true });
    else if ('differs' in one.verdict)
      expect(verdict).toEqual({ differs: expect.stringMatching(one.verdict.differs) });
    else expect(verdict).toEqual({ refused: expect.stringMatching(one.verdict.refused) });
  },
);

test('what a description says of the answers to a request is prepared before the checks, once for all of them', async () => {
  const files: Record<string, string> = {
    'api.yaml': `
openapi: 3.1.0
paths:
  /items/{id}:
    get:
      responses:
        200: { $ref: ./item.yaml }
        500: { content: { application/json: { schema: { $ref: ./missing.yaml } } } }
`,
    'item.yaml': 'content: { application/json: { schema: { $ref: ./schema.yaml } } }',
    'schema.yaml': 'type: object\nrequired: [id]',
  };
  const read: string[] = [];
  const held = conformance((path) => {
    read.push(path);
    if (!Object.hasOwn(files, path)) throw new Failure('input', `no such file: ${path}`);
    return files[path]!;
  });
  await held.prepare('openapi', 'api.yaml');
  // What is wrong with an answer that does not come is no matter of the checks.
  await held.prepareAnswers('api.yaml', 'GET', '/items/0').catch(() => {});
  expect(new Set(read)).toEqual(new Set(Object.keys(files).concat('missing.yaml', '/missing.yaml')));
  const before = read.length;
  for (const body of [{ id: 1 }, {}, { id: 2 }]) {
    const response = {
      url: 'http://127.0.0.1/items/7',
      status: 200,
      headers: { 'content-type': 'application/json' } as Record<string, string>,
      headerList: [],
      body: Buffer.from(JSON.stringify(body)),
    } as unknown as HttpResponse;
    const answer = { response, exec: undefined, durationMs: 1, method: 'GET' };
    expect((await held.openapi('api.yaml', answer, reader(answer))) === undefined).toBe('id' in body);
  }
  expect(read.length).toBe(before);
});

test('the documents say how many cases of OpenAPI there are, and of what', () => {
  const subjects = [...new Set(openapiCases.map(({ subject }) => subject))];
  const counted = (cases: OpenapiCase[]) => [
    String(cases.length),
    String(cases.filter(({ verdict }) => verdict === 'conforms').length),
    String(cases.filter(({ verdict }) => verdict !== 'conforms' && 'differs' in verdict).length),
    String(cases.filter(({ verdict }) => verdict !== 'conforms' && 'refused' in verdict).length),
  ];
  const table = markdownTable(
    ['What', 'Cases', 'Conform', 'Differ', 'Refused'],
    [
      ...subjects.map((subject) => [
        subject,
        ...counted(openapiCases.filter((one) => one.subject === subject)),
      ]),
      ['All', ...counted(openapiCases)],
    ],
  );
  const text = readFileSync(join(__dirname, '../../../../docs/conformance.md'), 'utf8');
  const block = /<!-- openapi -->\n\n(.*?)\n\n<!-- \/openapi -->/s.exec(text)?.[1];
  const cells = (markdown = '') =>
    markdown.split('\n').map((line) => line.split('|').map((cell) => cell.trim().replace(/^:?-+:?$/, '-')));
  expect(cells(block)).toEqual(cells(table.trim()));
});
