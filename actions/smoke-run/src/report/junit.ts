import { escapeHtml } from '@deploy-actions/kit';
import { detailOf } from './report.ts';
import { curlCommand } from '../request/request.ts';
import { type CheckOutcome, bodyBeginning, isWarning } from '../run-check.ts';
import type { ThresholdOutcome } from './threshold.ts';

/** The run as JUnit XML, as most readers take it: testsuites, testsuite, testcase with failure or skipped. */
export function junitXml(
  outcomes: CheckOutcome[],
  thresholds: ThresholdOutcome[],
  elapsedMs: number,
  redact: (text: string) => string,
): string {
  // Text by text, and before escaping: a secret that is a number must not break a time or a line.
  const xml = (text: string) => escapeXml(redact(text));
  const seconds = (ms: number) => (ms / 1000).toFixed(3);
  const failures =
    outcomes.filter((outcome) => !outcome.ok && !isWarning(outcome)).length +
    thresholds.filter(({ ok }) => !ok).length;
  const skipped = outcomes.filter((outcome) => outcome.skipped !== undefined).length;
  const total = outcomes.length + thresholds.length;
  const counts = `tests="${total}" failures="${failures}" errors="0" skipped="${skipped}" time="${seconds(elapsedMs)}"`;
  const cases = [
    ...outcomes.map((outcome) => {
      const { check, failure } = outcome;
      const where =
        check.where.file === undefined ? '' : ` file="${xml(check.where.file)}" line="${check.where.line}"`;
      const open = `    <testcase classname="smoke-run" name="${xml(check.name)}" time="${seconds(outcome.elapsedMs)}"${where}`;
      if (outcome.skipped !== undefined)
        return `${open}><skipped message="${xml(outcome.skipped)}"/></testcase>`;
      if (!failure) return `${open}/>`;
      const evidence = [
        failure.request ? curlCommand(failure.request, redact) : '',
        bodyBeginning(failure.answer, redact),
      ]
        .filter((text) => text !== '')
        .join('\n\n');
      if (isWarning(outcome))
        return `${open}><system-out>${xml(`warning: ${detailOf(outcome)}\n${evidence}`)}</system-out></testcase>`;
      return `${open}><failure type="${xml(failure.phase)}" message="${xml(detailOf(outcome))}">${xml(evidence)}</failure></testcase>`;
    }),
    ...thresholds.map(({ name, ok, detail }) => {
      const open = `    <testcase classname="smoke-run" name="${xml(name)}" time="0.000"`;
      return ok ? `${open}/>` : `${open}><failure type="threshold" message="${xml(detail)}"/></testcase>`;
    }),
  ];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="smoke-run" ${counts}>`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

/** Text in XML 1.0; characters that it cannot hold at all become U+FFFD. */
function escapeXml(text: string): string {
  return escapeHtml(text.toWellFormed().replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '\ufffd'));
}
