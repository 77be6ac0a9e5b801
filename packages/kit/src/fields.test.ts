import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Failure } from './failure.ts';
import {
  bytes,
  duration,
  flag,
  integer,
  lines,
  oneOf,
  orVariable,
  pairs,
  parseFields,
  rawText,
  required,
  secret,
  text,
  withDefault,
} from './fields.ts';

const read = (values: Record<string, string>) => ({ input: (name: string) => values[name] ?? '' });

function failureOf(work: () => unknown): Failure {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    return error as Failure;
  }
  throw new Error('nothing was thrown');
}

test('inputs become typed values, empty ones their defaults', () => {
  const fields = {
    host: required(text()),
    port: withDefault(integer(1, 65535), 22),
    wait: duration(),
    size: bytes(),
    strict: flag(),
    mode: withDefault(oneOf(['auto', 'redeploy']), 'auto'),
    targets: lines(),
  };
  expect(
    parseFields(
      fields,
      read({ host: ' h ', wait: '5m', size: '1GiB', strict: 'true', targets: 'a\n# no\n\n b ' }),
    ),
  ).toEqual({
    host: 'h',
    port: 22,
    wait: 300_000,
    size: 2 ** 30,
    strict: true,
    mode: 'auto',
    targets: ['a', 'b'],
  });
});

test('a missing required input is one error that names it and says what to add', () => {
  const failure = failureOf(() => parseFields({ host: required(text()) }, read({})));
  expect(failure.kind).toBe('input');
  expect(failure.input).toBe('host');
  expect(failure.message).toBe('input `host` is required and is empty');
  expect(failure.remedy).toBe(
    'Write `host:` under `with:` of this step. Where it stands there, the secret or variable behind it is empty: check its name, and that the job names the `environment:` that holds it.',
  );
});

test('a wrong line is named by its number in the input, empty lines counted', () => {
  const failure = failureOf(() => parseFields({ env: pairs() }, read({ env: 'A=1\n\nB' })));
  expect(failure.message).toBe('input `env`, line 3: "B" is not name=value');
});

test('all wrong inputs are told at once', () => {
  const fields = { port: integer(1, 65535), wait: duration() };
  const failure = failureOf(() => parseFields(fields, read({ port: 'x', wait: '5' })));
  expect(failure.message).toContain('input `port`: "x" is not a whole number from 1 to 65535');
  expect(failure.message).toContain('input `wait`: "5" is not a time');
});

test('no error shows the value of a secret', () => {
  fc.assert(
    fc.property(
      fc
        .string({ minLength: 4, unit: 'grapheme-ascii' })
        .filter((s) => s.trim().length >= 4 && !/^\d+$/.test(s.trim())),
      (value) => {
        const seen: string[] = [];
        const fields = { token: secret(integer()) };
        const failure = failureOf(() =>
          parseFields(fields, { ...read({ token: value }), onSecret: (known) => seen.push(known) }),
        );
        expect(seen).toEqual([value.trim()]);
        expect(failure.message).toBe('input `token`: the value is not a whole number of at least 0');
      },
    ),
  );
});

test('a value whose bytes matter is not trimmed', () => {
  expect(parseFields({ body: rawText() }, read({ body: '  a\n' }))).toEqual({ body: '  a\n' });
});

test('a flag takes YAML spellings and nothing else', () => {
  for (const word of ['true', 'True', 'TRUE'])
    expect(parseFields({ f: flag() }, read({ f: word })).f).toBe(true);
  for (const word of ['yes', '1', 'on'])
    expect(failureOf(() => parseFields({ f: flag() }, read({ f: word }))).kind).toBe('input');
});

describe('a variable that stands for an input', () => {
  const fields = {
    host: orVariable(required(text()), 'DEPLOY_HOST'),
    port: orVariable(integer(1, 9), 'DEPLOY_PORT'),
  };
  const from = (inputs: Record<string, string>, variables: Record<string, string>) => {
    const given: string[] = [];
    const values = parseFields(fields, {
      ...read(inputs),
      variable: (name) => variables[name] ?? '',
      onVariable: (input, variable) => given.push(`${input} ${variable}`),
    });
    return { ...values, given };
  };

  test('gives what the input leaves empty, and is told', () => {
    expect(from({ port: ' ' }, { DEPLOY_HOST: ' web1 ', DEPLOY_PORT: '2' })).toEqual({
      host: 'web1',
      port: 2,
      given: ['host DEPLOY_HOST', 'port DEPLOY_PORT'],
    });
  });

  test('is not looked at where the input has a value', () => {
    expect(from({ host: 'web2', port: '3' }, { DEPLOY_HOST: 'web1', DEPLOY_PORT: 'wrong' })).toEqual({
      host: 'web2',
      port: 3,
      given: [],
    });
  });

  test('is named where it is wrong, and where both are empty', () => {
    expect(failureOf(() => from({ host: 'web1' }, { DEPLOY_PORT: 'x' })).message).toBe(
      'input `port` (from the variable DEPLOY_PORT): "x" is not a whole number from 1 to 9',
    );
    const empty = failureOf(() => from({}, { DEPLOY_HOST: '\n' }));
    expect(empty.message).toBe('input `host` is required and is empty');
    expect(empty.remedy).toContain(
      'Write `host:` under `with:` of this step, or `DEPLOY_HOST:` under `env:` of the job.',
    );
  });

  test('is a secret where the input is one', () => {
    const known: string[] = [];
    parseFields(
      { key: orVariable(secret(rawText()), 'DEPLOY_SSH_KEY') },
      { ...read({}), variable: () => 'correct-horse\n', onSecret: (value) => known.push(value) },
    );
    expect(known).toEqual(['correct-horse\n']);
  });
});
