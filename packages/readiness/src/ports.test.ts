import { expect, test } from '@jest/globals';
import { readListeners, readPublished } from './ports.ts';

test('who listens is read as the kernel writes it; a server that does not tell is not one where nobody does', () => {
  const socket = (address: string, port: string) => `${address}:${port} www-data`;
  const lines = [
    socket('0100007F', '1F90'),
    socket('00000000', '0050'),
    socket('0101A8C0', '01BB'),
    socket('00000000000000000000000001000000', '0016'),
    'program 80 nginx',
    'no socket of any kind',
  ];
  expect(readListeners(['told', ...lines].join('\n'))).toEqual([
    { port: 8080, reach: 'loopback', user: 'www-data', program: undefined },
    { port: 80, reach: 'every-address', user: 'www-data', program: 'nginx' },
    { port: 443, reach: 'one-address', user: 'www-data', program: undefined },
    { port: 22, reach: 'loopback', user: 'www-data', program: undefined },
  ]);
  expect(readListeners('told\n')).toEqual([]);
  for (const silent of ['', lines.join('\n')]) expect(readListeners(silent)).toBeUndefined();
});

test('ports that containers publish are read one by one, each range and both kinds of addresses', () => {
  const line =
    'web\tshop\t0.0.0.0:8080-8081->80-81/tcp, [::]:8080-8081->80-81/tcp, 127.0.0.1:53->53/tcp, 53/udp';
  expect(readPublished(line).map(({ port, reach }) => [port, reach])).toEqual([
    [8080, 'every-address'],
    [8081, 'every-address'],
    [53, 'loopback'],
  ]);
});
