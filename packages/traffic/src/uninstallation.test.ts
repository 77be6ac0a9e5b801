import { expect, test } from '@jest/globals';
import { parseLook } from './look.ts';
import { installNginx } from './proxy/nginx/edit.ts';
import { siteOf } from './testing/site.ts';
import { planUninstallation } from './uninstallation.ts';

const BEFORE = 'server {\n  location / {\n    proxy_pass http://127.0.0.1:8080;\n  }\n}\n';
const SITE = { ...siteOf({ canary: false }), url: 'http://127.0.0.1/', connect: '127.0.0.1:80' };
const INSTALLED = installNginx(BEFORE, SITE, { file: SITE.configFile, login: 'deploy' }).text;

const look = (fields: Record<string, string> = {}) =>
  parseLook({
    proxy: JSON.stringify(SITE),
    share_nginx: 'blue',
    config_file: SITE.configFile,
    config: INSTALLED,
    user: 'deploy',
    ...fields,
  });

test('the file is as it was, to the byte', async () => {
  const { text, color, diff } = await planUninstallation(look(), 'shop');
  expect(text).toBe(BEFORE);
  expect(color).toBe('blue');
  expect(diff.filter((line) => line.startsWith('+ '))).toEqual(['+     proxy_pass http://127.0.0.1:8080;']);
});

test('a file that has no parts of ours any more is taken as it is: an administrator may have been there', async () => {
  const { text, diff } = await planUninstallation(look({ config: BEFORE }), 'shop');
  expect(text).toBe(BEFORE);
  expect(diff).toEqual([]);
});

test.each([
  [{ share_nginx: 'green' }, 'traffic is on green, to which /etc/site would not lead', 'traffic-elsewhere'],
  [{ share_nginx: 'green-25' }, 'traffic is on green-25: nothing was changed', 'canary-on'],
  [{ share_nginx: '' }, 'traffic is on no known colour', 'request-refused'],
  [{ proxy: '' }, 'no proxy was prepared for shop', 'proxy-not-prepared'],
  [{ config_file: '/etc/other' }, 'the proxy was prepared in /etc/site, not in /etc/other', 'input-wrong'],
  [
    { config: INSTALLED.replaceAll('8080', '8088') },
    'traffic is on blue, to which /etc/site would not lead',
    'traffic-elsewhere',
  ],
])('%j is refused before anything is changed', async (fields, message, code) => {
  await expect(planUninstallation(look(fields), 'shop')).rejects.toMatchObject({
    message: expect.stringContaining(message),
    code,
    remedy: expect.stringMatching(/\w/),
  });
});

test('a file that cannot be read is named', async () => {
  const seen = { ...look(), config: undefined };
  await expect(planUninstallation(seen, 'shop')).rejects.toThrow('/etc/site cannot be read on the server');
});
