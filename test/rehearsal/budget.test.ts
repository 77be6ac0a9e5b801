import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findRoot } from '@deploy-actions/tooling';
import { readJob } from '@deploy-actions/tooling/job';
import { PHASES, countLines, labelOf } from './budget.ts';

const example = readFileSync(join(findRoot(), 'examples/production-blue-green.yml'), 'utf8');

test('every step of the production pipeline belongs to one phase of the document, and every phase names steps that are there', () => {
  const labels = readJob(example).steps.map((step) => labelOf({ step }));
  expect(PHASES.flatMap(({ steps }) => steps).toSorted()).toEqual(labels.toSorted());
  expect(PHASES.filter(({ steps, instead }) => steps.length === 0 && instead === undefined)).toEqual([]);
});

test('what the table says a phase is allowed, the page of the pipelines says too', () => {
  const page = readFileSync(join(findRoot(), 'docs/pipelines.md'), 'utf8');
  const section = page.slice(page.indexOf('## Production in two colours')).replace(/ +/g, ' ');
  for (const { name, allowedMinutes } of PHASES)
    expect(section).toContain(`| ${name} | ${allowedMinutes} min |`);
});

test('lines are counted without comments and empty ones', () => {
  expect(countLines('# head\n\na: 1 # one\n  # more\nb: 2\n')).toBe(2);
  expect(countLines(example)).toBeLessThanOrEqual(120);
});
