import { expect, test } from '@jest/globals';
import type { Service } from '../model.ts';
import { one, translated } from '../testing/stack.ts';

test('a port becomes a number, and what would be opened to the world is refused with its place', () => {
  const { web, release } = translated(
    one({
      ports: [
        { mode: 'ingress', target: 80, published: '8080', protocol: 'tcp' },
        { mode: 'ingress', host_ip: '0.0.0.0', target: 80, published: '8080', protocol: 'tcp' },
        { mode: 'host', target: 53, published: '53', protocol: 'udp', name: 'dns' },
      ],
    }),
  );
  expect(web['ports']).toEqual([
    { mode: 'ingress', target: 80, published: 8080, protocol: 'tcp' },
    { mode: 'host', target: 53, published: 53, protocol: 'udp' },
  ]);
  expect(web['deploy']).toMatchObject({ endpoint_mode: 'vip' });
  expect(release.services[0]!.ports).toEqual([
    { mode: 'mesh', target: 80, published: 8080, protocol: 'tcp' },
    { mode: 'host', target: 53, published: 53, protocol: 'udp' },
  ]);
  const loopback = translated(one({ ports: [{ host_ip: '127.0.0.1', target: 5432, published: '5432' }] }));
  expect(loopback.refusals).toEqual([
    {
      of: 'web',
      key: 'services.web.ports.0.host_ip',
      why: '(127.0.0.1:5432:5432) would be opened on every address of every node, to whoever reaches them',
      remedy: expect.stringContaining('services of one network reach web at web:5432'),
    },
  ]);
  expect(translated(one({ ports: [{ target: 80, published: '8000-8001' }] })).keys).toEqual([
    'services.web.ports.0.published',
  ]);
});

test('one port of two services is refused before Swarm does it in the middle of a deployment', () => {
  const ports = [{ target: 80, published: '8080' }];
  const { refusals } = translated(one({ ports }, { services: { api: { image: 'api:v1', ports } } }));
  expect(refusals).toMatchObject([
    { of: 'api', key: 'services.api.ports', why: expect.stringContaining('which web has as well') },
  ]);
});

test('a port of the node may be of two services that are never on one node', () => {
  const ports = [{ mode: 'host', target: 80, published: '8080' }];
  const on = (node: string) => ({ placement: { constraints: [`node.hostname == ${node}`] } });
  const both = (first: Service['deploy'], second: Service['deploy']) =>
    translated(
      one({ ports, deploy: first }, { services: { api: { image: 'api:v1', ports, deploy: second } } }),
    ).keys;
  expect(both(on('one'), on('two'))).toEqual([]);
  expect(both(on('one'), on('one'))).toEqual(['services.api.ports']);
  expect(both(on('one'), {})).toEqual(['services.api.ports']);
});
