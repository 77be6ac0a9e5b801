import { expect, test } from '@jest/globals';
import { readReports } from './found-reports.ts';
import { redactor } from './redact.ts';
import { type Report, reportJson } from './report.ts';

const report = (kind: Report['kind'], ok: boolean): Report => ({
  kind,
  ok,
  summary: `${kind} ${ok ? 'is well' : 'failed'}`,
  elapsedMs: 1500,
  checks: [{ name: 'web', ok, attempts: 2, elapsedMs: 1500, phase: 'http', detail: 'status 503' }],
});
const noFile = () => {
  throw new Error('no file');
};

test('reports of every action are read, one per line, in a list, or written over several lines', () => {
  const all = (['health', 'smoke', 'watch', 'switch', 'rollback', 'verify', 'deploy'] as const).map((kind) =>
    report(kind, false),
  );
  expect(readReports(all.map((one) => reportJson(one, redactor())).join('\n\n'), noFile)).toEqual({
    reports: all,
    wholes: all,
    problems: [],
  });
  expect(readReports(JSON.stringify(all), noFile).reports).toEqual(all);
  expect(readReports(JSON.stringify(all[0], null, 2), noFile).reports).toEqual([all[0]]);
});

test('a report-file is read where a line is a path', () => {
  const found = readReports('\nreports/smoke.json\n', (path) =>
    path === 'reports/smoke.json' ? reportJson(report('smoke', true), redactor()) : noFile(),
  );
  expect(found).toMatchObject({ reports: [report('smoke', true)], problems: [] });
});

test('a step that did not run leaves an empty line and no complaint', () => {
  expect(readReports('\n  \n', noFile)).toEqual({ reports: [], wholes: [], problems: [] });
});

test('what is no report is told of by its line and costs nothing else', () => {
  const found = readReports(
    ['{"half":', '42', '{}', 'missing.json', reportJson(report('health', true), redactor())].join('\n'),
    noFile,
  );
  expect(found.reports).toEqual([report('health', true)]);
  expect(found.problems.map((problem) => /line (\d)/.exec(problem)?.[1])).toEqual(['1', '2', '3', '4']);
});
