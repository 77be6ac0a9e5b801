import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { HttpError } from '@deploy-actions/http';
import { codes, runVerify } from '../testing/verify-fixture.ts';

test('a registry that takes the connection and says nothing ends within request-timeout times four', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const host = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  try {
    const started = performance.now();
    const run = await runVerify({
      inputs: {
        images: `a=${host}/acme/shop:1\nb=${host}/acme/tool:1`,
        concurrency: '1',
        'request-timeout': '1s',
      },
      realTime: true,
      tellEvery: 300,
    });
    expect(performance.now() - started).toBeLessThan(5000);
    expect(codes(run)).toEqual(['registry-unreachable', 'registry-unreachable']);
    expect(run.log.filter((line) => !line.startsWith('debug')).join('\n')).toMatch(
      /waiting for 127\.0\.0\.1:\d+ to answer the manifest request, 4\.0 s at most/,
    );
  } finally {
    silent.close();
  }
}, 20_000);

test.each([
  ['20s', 60_000],
  ['10m', 60_000],
  ['5s', 20_000],
  ['1s', 4000],
])('a silent registry costs at most a minute, also with request-timeout %s', async (timeout, most) => {
  let waited = 0;
  const run = await runVerify({
    inputs: {
      images: Array.from({ length: 20 }, (_, index) => `s${index}=registry.example/acme/s${index}:1`).join(
        '\n',
      ),
      concurrency: '1',
      'request-timeout': timeout,
    },
    http: (_real, clock) => ({
      close: () => Promise.resolve(),
      request: ({ deadline }) => {
        waited += deadline!;
        clock.advance(deadline!);
        return Promise.reject(
          new HttpError('registry.example:443: no answer', { phase: 'http', timedOut: true, sent: true }),
        );
      },
    }),
  });
  expect(new Set(codes(run))).toEqual(new Set(['registry-unreachable']));
  expect(waited + run.sleeps.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(most);
  expect(waited).toBeGreaterThan(most / 3);
});
