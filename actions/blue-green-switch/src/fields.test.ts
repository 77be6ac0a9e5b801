import { expect, test } from '@jest/globals';
import { Failure, parseFields } from '@deploy-actions/kit';
import { fields } from './fields.ts';

const SERVER: Record<string, string> = {
  host: 'deploy@web1.example.org',
  'ssh-key': '-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----',
  path: '/srv/shop',
  project: 'shop',
};

const read = (given: Record<string, string>) =>
  parseFields(fields, { input: (name) => ({ ...SERVER, ...given })[name] ?? '' });

function failure(given: Record<string, string>): Failure {
  try {
    read(given);
  } catch (error) {
    return error as Failure;
  }
  throw new Error('it was accepted');
}

test('the defaults are a whole switch to the idle colour that keeps the old one warm', () => {
  expect(read({})).toMatchObject({
    to: 'idle',
    weight: [100],
    'stop-old': undefined,
    'color-header': 'X-Deploy-Color',
    install: 'false',
    proxy: 'auto',
  });
});

test('weights are steps that rise and that the proxy knows', () => {
  expect(read({ weight: '5, 25%,50,100' }).weight).toEqual([5, 25, 50, 100]);
  expect(failure({ weight: '7,100' }).message).toContain('none of 1, 5, 10, 20, 25, 50, 75, 90, 100');
  expect(failure({ weight: '50,25' }).message).toContain('does not rise');
  for (const weight of ['0', '101', 'half', '5;25', '-5']) expect(failure({ weight }).input).toBe('weight');
});

test('a route names its line when it is wrong', () => {
  expect(read({ routes: 'site: web:8080\n# more\napi: api:9000' }).routes).toEqual([
    { name: 'site', service: 'web', port: 8080 },
    { name: 'api', service: 'api', port: 9000 },
  ]);
  const wrong = failure({ routes: 'site: web:8080\napi: api' });
  expect(wrong.message).toContain('line 2');
  expect(wrong.remedy).toContain('site: web:8080');
});

test('a share of failed requests is a percentage or a fraction', () => {
  expect(read({ 'max-error-rate': '0.5%' })['max-error-rate']).toBe(0.005);
  expect(read({ 'max-error-rate': '0.02' })['max-error-rate']).toBe(0.02);
  for (const rate of ['200%', '2', 'none', '-1%'])
    expect(failure({ 'max-error-rate': rate }).input).toBe('max-error-rate');
});

test('an address with a password, another scheme or a quote in it is refused', () => {
  for (const url of ['ftp://x', 'https://user:pw@x/', 'x', 'https://x/"a']) {
    if (url.includes('"')) expect(read({ 'verify-url': url })['verify-url']).toBe('https://x/%22a');
    else expect(failure({ 'verify-url': url }).input).toBe('verify-url');
  }
});

test('the header of the colour can be named, or turned off', () => {
  expect(read({ 'color-header': 'off' })['color-header']).toBeUndefined();
  expect(read({ 'color-header': 'X-Color' })['color-header']).toBe('X-Color');
  expect(failure({ 'color-header': 'X Color' }).input).toBe('color-header');
});

test('what becomes part of a configuration or a shell parameter is of plain characters', () => {
  for (const [name, value] of Object.entries({
    project: 'shop;rm',
    sticky: 'a b',
    'site-config': '/etc/nginx/$(id)',
    'expect-version': 'v1"; x',
    managed: 'address: shop.example.org {',
  })) {
    expect(failure({ [name]: value }).input).toBe(name);
  }
});

test('a managed proxy is described by lines', () => {
  expect(
    read({ managed: 'address: shop.example.org\nports: 80 8443:443\nemail: ops@example.org' }).managed,
  ).toEqual({
    address: 'shop.example.org',
    image: undefined,
    ports: ['80', '8443:443'],
    certificate: undefined,
    key: undefined,
    email: 'ops@example.org',
  });
  expect(failure({ managed: 'ports: 80' }).message).toContain('has no `address`');
});
