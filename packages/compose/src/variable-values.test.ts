import { expect, test } from '@jest/globals';
import type { ComposeModel } from './model.ts';
import { serviceHash } from './release.ts';
import { parseVariableValues, withVariableValues, writtenSecrets } from './variable-values.ts';

const VALUES = new Map([
  ['TOKEN', 'a$$b\n"c"'],
  ['MOTD', 'hello'],
]);

function model(change: Partial<ComposeModel> = {}): ComposeModel {
  return {
    name: 'shop',
    services: {
      api: {
        image: 'api',
        secrets: [
          { source: 'token' },
          { source: 'token', target: '/etc/token', uid: '10', mode: 0o400 },
          { source: 'token', target: 'other' },
          { source: 'file' },
        ],
        configs: [{ source: 'motd', target: '/etc/motd' }],
      },
      web: { image: 'web', secrets: [{ source: 'file' }] },
    },
    secrets: {
      token: { name: 'shop_token', environment: 'TOKEN' },
      file: { name: 'shop_file', file: '/srv/shop/shared/file' },
    },
    configs: { motd: { name: 'shop_motd', environment: 'MOTD' } },
    ...change,
  };
}

const written = (given = model(), values: ReadonlyMap<string, string> = VALUES) =>
  withVariableValues(given, values, '/srv/shop/shared/.env');

test('a secret of a variable is written where Compose would write it, for its owner and mode, and the others stay', () => {
  const { services, secrets, configs } = written();
  expect(services['api']).toEqual({
    image: 'api',
    secrets: [{ source: 'file' }],
    configs: [
      { source: 'motd', target: '/etc/motd' },
      { source: 'secret.token', target: '/run/secrets/token' },
      { source: 'secret.token', target: '/etc/token', uid: '10', mode: 0o400 },
      { source: 'secret.token', target: '/run/secrets/other' },
    ],
  });
  expect(services['web']).toEqual(model().services['web']);
  expect(secrets).toEqual({ file: model().secrets!['file'] });
  // As Compose wrote it, with its own sign for a literal dollar.
  expect(configs).toEqual({
    motd: { name: 'shop_motd', content: 'hello' },
    'secret.token': { content: 'a$$b\n"c"' },
  });
});

test('a new value changes the services that are given it, and only those', () => {
  const [old, fresh] = [written(), written(model(), new Map([...VALUES, ['TOKEN', 'new']]))];
  expect(serviceHash(fresh, 'api')).not.toBe(serviceHash(old, 'api'));
  expect(serviceHash(fresh, 'web')).toBe(serviceHash(old, 'web'));
});

test('the value is found again in the configuration, plain, so that no log shows it', () => {
  expect(writtenSecrets(written())).toEqual(['a$b\n"c"']);
});

test("a config of the user's own under that name keeps its content", () => {
  const own = model();
  own.configs = { 'secret.token': { content: 'mine' } };
  own.services['api']!.configs = [{ source: 'secret.token' }];
  expect(written(own).configs).toEqual({
    'secret.token': { content: 'mine' },
    'secret.token.': { content: 'a$$b\n"c"' },
  });
});

test('a file without any is what it was', () => {
  const plain: ComposeModel = {
    name: 'shop',
    services: { web: { image: 'web', read_only: true, secrets: [{ source: 'file' }] } },
    secrets: { file: { file: '/x' } },
  };
  expect(written(plain)).toEqual(plain);
});

test.each([
  ['is not set', new Map<string, string>()],
  ['is empty', new Map([['TOKEN', '']])],
])('a variable that %s is refused, with both places where it may stand', (_, values) => {
  expect(() => written(model({ configs: {} }), values)).toThrow(
    expect.objectContaining({
      message:
        'the secret token takes its value from the variable TOKEN, which has none, neither in `env` nor in /srv/shop/shared/.env on the server',
      remedy: expect.stringContaining('Add TOKEN=… to `env`'),
    }),
  );
});

test('what no service is given needs no value', () => {
  const unused = model();
  unused.services = { web: unused.services['web']! };
  expect(written(unused, new Map())).toEqual({
    ...unused,
    configs: {},
    secrets: { file: { name: 'shop_file', file: '/srv/shop/shared/file' } },
  });
});

test.each([
  ['secret', { read_only: true }, 'api is read_only, and token takes its value from a variable'],
  ['config', { read_only: true, secrets: [] }, 'api is read_only, and motd takes its value from a variable'],
])('a %s of a variable for a container that nothing can be written into is refused', (_, change, message) => {
  const given = model();
  given.services['api'] = { ...given.services['api']!, ...change };
  expect(() => written(given)).toThrow(message);
});

test('a variable whose name Compose cannot ask for is refused by that', () => {
  const given = model({ secrets: { token: { environment: 'my.token' } } });
  expect(() => written(given)).toThrow('the variable my.token, whose name Compose cannot ask for in a file');
});

test('an answer that is none has no values', () => {
  expect(parseVariableValues('{"services":{"values":{"environment":{"A":"x","B":3}}}}')).toEqual(
    new Map([['A', 'x']]),
  );
  for (const text of ['', 'no', '[]', 'null', '{"services":{"values":{"environment":"x"}}}'])
    expect(parseVariableValues(text)).toBeUndefined();
});

test('values are read as Compose tells them, also where it leaves out an environment without any, and else nothing is', () => {
  const told = (values: unknown) => parseVariableValues(JSON.stringify({ services: { values } }));
  expect(told({ environment: { A: '1', B: null } })).toEqual(new Map([['A', '1']]));
  for (const empty of [{ image: 'values', command: null }, { environment: {} }, { environment: null }])
    expect(told(empty)).toEqual(new Map());
  for (const other of [undefined, null, [], { environment: ['A=1'] }, { environment: 'A=1' }])
    expect(told(other)).toBeUndefined();
  for (const text of ['', 'null', '{"services":null}']) expect(parseVariableValues(text)).toBeUndefined();
});
