import { type PublishedReport, type Report, publishReport } from '@deploy-actions/kit';
import { type Ports, writeReport } from '@deploy-actions/runner';

/** What a report is published by. */
export type Reporting = Pick<Ports, 'redactor' | 'workflow'>;

/** The outputs `report` and `report-file`. */
export function publish(report: Report, { redactor, workflow }: Reporting): PublishedReport {
  return publishReport(report, redactor, (json) => writeReport(workflow, 'blue-green-switch', json));
}
