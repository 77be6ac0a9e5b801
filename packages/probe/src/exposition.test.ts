import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { ExpositionError, metricValue, parseMetrics, parseSelector } from './exposition.ts';

/** What an exporter really wrote; of the long ones a part. */
const page = (name: string) => readFileSync(new URL(`fixtures/exposition/${name}`, import.meta.url), 'utf8');
const figure = (text: string, selector: string) => metricValue(parseMetrics(text), parseSelector(selector)!);

test.each([
  ['python-client.txt', 'shop_queue_depth{queue="mail"}', 12],
  ['python-client.txt', 'shop_queue_depth{queue="image"}', NaN],
  ['python-client.txt', 'shop_queue_depth{queue="video"}', -Infinity],
  ['python-client.txt', 'shop_requests_total{path="/api/\\"quoted\\"\\\\back\\nline"}', 3],
  ['python-client.txt', 'shop_requests_total{path="/api/jobs,{x}=\\"y\\"",method="POST"}', 1e21],
  ['python-client.txt', 'shop_latency_seconds_bucket{le="+Inf"}', 3],
  ['python-client.txt', 'shop_latency_seconds_sum', 7.45],
  ['python-client.openmetrics.txt', 'shop_requests_total{method="GET"}', 3],
  ['python-client.openmetrics.txt', 'shop_latency_seconds_bucket{le="0.1"}', 1],
  ['python-client.openmetrics.txt', 'shop_latency_seconds_bucket{le="0.5"}', 2],
  ['python-client.openmetrics.txt', 'shop_build_info{version="v1.2.3"}', 1],
  ['caddy.txt', 'caddy_http_requests_total{server="srv0"}', 2],
  ['caddy.txt', 'caddy_http_request_duration_seconds_bucket{code="200",le="0.005",handler="subroute"}', 2],
  ['haproxy.txt', 'haproxy_process_nbthread', 2],
  ['haproxy.txt', 'haproxy_frontend_http_responses_total{proxy="stats",code="5xx"}', 0],
  ['node-exporter.txt', 'node_scrape_collector_success{collector="cpu"}', 1],
])('%s: %s', (name, selector, expected) => {
  expect(figure(page(name), selector)).toBe(expected);
});

test('every line of what real exporters wrote is read', () => {
  for (const name of [
    'python-client.txt',
    'python-client.openmetrics.txt',
    'caddy.txt',
    'haproxy.txt',
    'node-exporter.txt',
  ]) {
    const text = page(name);
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect([name, parseMetrics(text).length]).toEqual([name, lines.length]);
  }
});

test('an exemplar, a timestamp and spaces are no part of the figure', () => {
  const text = [
    'a_bucket{le="0.1"} 8 # {trace_id="x"} 0.054 1520879607.789',
    'a_bucket { le = "0.2" , } 9 1520879607789',
    '  a_total 1.5e3 -1',
    '{"a.dotted", "code"="200"} +Inf',
  ].join('\r\n');
  expect(parseMetrics(text)).toEqual([
    { name: 'a_bucket', labels: { le: '0.1' }, value: 8 },
    { name: 'a_bucket', labels: { le: '0.2' }, value: 9 },
    { name: 'a_total', labels: {}, value: 1500 },
    { name: 'a.dotted', labels: { code: '200' }, value: Infinity },
  ]);
  expect(figure(text, '{"a.dotted"}')).toBe(Infinity);
});

test.each([
  '<html><body>Not found</body></html>',
  '{"queue_depth": 3}',
  'queue_depth 12apples',
  'queue_depth',
  'queue_depth{queue="a" 12',
  'queue_depth{queue="a} 12',
  'queue_depth{queue=a} 12',
  'queue_depth 0x10',
  'queue_depth 1 2 3',
  'queue_depth{a="b"}{c="d"} 1',
])('a page with the line %s gives no figure at all', (line) => {
  expect(() => parseMetrics(`queue_depth{queue="b"} 1\n${line}\n`)).toThrow(ExpositionError);
  expect(() => parseMetrics(`queue_depth{queue="b"} 1\n${line}\n`)).toThrow('line 2');
});

test('a label of any name is a label', () => {
  expect(parseSelector('a{__proto__="b",constructor="c"}')!.labels['constructor']).toBe('c');
  expect(figure('a{x="1"} 1\n', 'a{toString="function"}')).toBeUndefined();
});
