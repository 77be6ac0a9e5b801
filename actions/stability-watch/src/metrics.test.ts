import type { ServerResponse } from 'node:http';
import { afterEach, expect, test } from '@jest/globals';
import { fromRunner } from '@deploy-actions/probe';
import { type TinyServer, serveHttp } from '../../../test/support/server.ts';
import { parseMetricLine } from './metric-line.ts';
import { metricLooks } from './metrics.ts';
import { run } from './testing/rig.ts';

const servers: TinyServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** A server that answers each request with the next of these texts, the last one for ever. */
async function saying(...answers: string[]): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = await serveHttp((request, response) => {
    asked.push(request.url ?? '');
    response.end(answers[Math.min(asked.length, answers.length) - 1]);
  });
  servers.push(server);
  return { url: server.url, asked };
}

const SHORT = { duration: '1s', interval: '1s' };
const vector = (...values: string[]) =>
  JSON.stringify({
    status: 'success',
    data: { resultType: 'vector', result: values.map((value) => ({ metric: {}, value: [1.5, value] })) },
  });
const ask = (url: string, metrics = 'rate(errors[1m]) < 0.5', more: Record<string, string> = {}) =>
  run({ ...SHORT, metrics, 'prometheus-url': url, ...more });

test('PromQL: every sample must hold; the sentence says what it is, and since when', async () => {
  const { url, asked } = await saying(vector('0', '0.25'));
  expect((await ask(url)).outputs).toMatchObject({ stable: true, requests: 0 });
  expect(asked[0]).toBe('/api/v1/query?query=rate%28errors%5B1m%5D%29');
  const bad = await ask((await saying(vector('0', '+Inf'))).url);
  expect(bad.failure!.message).toContain(
    'rate(errors[1m]) < 0.5 does not hold: it is Infinity, since the watch began',
  );
  expect(bad.report.checks).toMatchObject([{ name: 'metrics', ok: false, phase: 'expectation' }]);
});

test('one look that does not hold is borne, unless it is the last', async () => {
  const once = await saying(vector('0'), vector('9'), vector('0'));
  expect((await ask(once.url, undefined, { duration: '2s' })).outputs!.stable).toBe(true);
  const last = await saying(vector('0'), vector('0'), vector('9'));
  const { failure } = await ask(last.url);
  expect([last.asked.length, failure?.message]).toEqual([3, expect.stringContaining('it is 9')]);
  expect(failure!.message).not.toContain('since the watch began');
});

test('no sample, NaN, another form and no answer are no data, and no success', async () => {
  const answers: [string, string][] = [
    [vector(), 'there is no such figure'],
    [vector('NaN'), 'there is no such figure'],
    [vector('12 apples'), 'another form'],
    ['<html>', 'no answer of Prometheus'],
    ['null', 'no answer of Prometheus'],
    ['{"status":"success","data":{"resultType":"vector","result":"all"}}', 'no answer of Prometheus'],
    ['{"status":"error","errorType":"timeout","error":"query timed out"}', 'Prometheus says query timed out'],
  ];
  for (const [answer, words] of answers) {
    const { failure } = await ask((await saying(answer)).url);
    expect([answer, failure?.kind, failure?.message]).toEqual([
      answer,
      'unhealthy',
      expect.stringContaining(words),
    ]);
  }
}, 30_000);

test('an expression that Prometheus refuses, or that gives no number, is a mistake in the workflow', async () => {
  const refused = '{"status":"error","errorType":"bad_data","error":"parse error: unexpected <op>"}';
  expect((await ask((await saying(refused)).url)).failure).toMatchObject({
    kind: 'input',
    message: expect.stringContaining('unexpected <op>'),
  });
  const matrix = '{"status":"success","data":{"resultType":"matrix","result":[]}}';
  expect((await ask((await saying(matrix)).url)).failure).toMatchObject({ kind: 'input' });
});

test('a redirect, a late answer and one with another status are no data', async () => {
  const prometheus = async (answer: (response: ServerResponse) => void) => {
    const server = await serveHttp((_request, response) => answer(response));
    servers.push(server);
    return server.url;
  };
  const elsewhere = await prometheus((response) => {
    response.writeHead(302, { location: '/login' });
    response.end('<html>');
  });
  const broken = await prometheus((response) => {
    response.statusCode = 503;
    response.end(vector('0'));
  });
  for (const [url, words] of [
    [elsewhere, 'status 302, a redirect, and none is followed, and no answer of Prometheus'],
    [broken, 'status 503, and no answer of Prometheus'],
  ] as const)
    expect((await ask(url)).failure!.message).toContain(words);
  expect((await run({ ...SHORT, metrics: `${elsewhere}/metrics up == 1` })).failure!.message).toContain(
    'status 302, a redirect, and none is followed',
  );
  const reach = fromRunner();
  const late = metricLooks([parseMetricLine('up == 1')], await prometheus(() => {}), reach, 300);
  const started = Date.now();
  expect(await late.look(true, new AbortController().signal)).toBeUndefined();
  expect([late.missing().length, Date.now() - started < 5000]).toEqual([1, true]);
  await reach.close();
});

test('a figure that Prometheus warns of is judged, and told as one that may not be whole; its hints are none', async () => {
  const said = (text: string, value: string) =>
    JSON.stringify({ ...(JSON.parse(vector(value)) as object), warnings: [text] });
  const part = await ask((await saying(said('no store answered', '0'))).url);
  expect(part.failure!.message).toContain('Prometheus warns: no store answered');
  const bad = await ask((await saying(said('no store answered', '9'))).url);
  expect(bad.failure!.message).toContain('does not hold: it is 9');
  const hint = await ask((await saying(said('PromQL info: metric might not be a counter', '0'))).url);
  expect(hint.failure).toBeUndefined();
});

test('a page that is none of metrics gives no figure, and OpenMetrics must be whole', async () => {
  const page = async (body: string, type: string) => {
    const server = await serveHttp((_request, response) => {
      response.setHeader('content-type', type);
      response.end(body);
    });
    servers.push(server);
    return (await run({ ...SHORT, metrics: `${server.url}/metrics depth <= 100` })).failure?.message;
  };
  const open = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
  expect(await page('depth 5 # {trace_id="x"} 900\n# EOF\n', open)).toBeUndefined();
  expect(await page('depth 5\n', 'text/plain; version=0.0.4')).toBeUndefined();
  expect(await page('depth 5\n', open)).toContain('the page ends before its # EOF');
  expect(await page('<html>\ndepth 5\n', 'text/html')).toContain('the page is none of metrics: line 1');
});

test('a page in the text format: the samples with the labels are summed', async () => {
  const { url } = await saying('# TYPE depth gauge\ndepth{queue="a"} 60\ndepth{queue="b"} 50\n');
  const page = (rule: string) => run({ ...SHORT, metrics: `${url}/metrics ${rule}` });
  expect((await page('depth{queue="a"} <= 60')).outputs!.stable).toBe(true);
  expect((await page('depth <= 100')).failure!.message).toContain('it is 110');
  expect((await page('other > 0')).failure!.message).toContain('there is no such figure');
});

test.each([
  [{ metrics: 'up' }, 'does not end with what must hold'],
  [{ metrics: 'up == 1' }, 'input `prometheus-url` is empty'],
  [{ metrics: 'http://x/ {bad} > 1' }, 'is no metric'],
  [{ metrics: 'up == 1', 'prometheus-url': 'prometheus' }, 'is no address of Prometheus'],
])('%j is refused by name', async (inputs, words) => {
  expect((await run(inputs)).failure).toMatchObject({
    kind: 'input',
    message: expect.stringContaining(words),
  });
});
