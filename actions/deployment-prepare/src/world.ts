import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openGitHub } from '@deploy-actions/github';
import { openHttp } from '@deploy-actions/http';
import { Failure } from '@deploy-actions/kit';
import { type Ports, writeReport } from '@deploy-actions/runner';
import type { World } from './deployment-prepare.ts';
import type { PrepareInputs } from './fields.ts';

/** The real world around deployment-prepare. */
export function openWorld(inputs: PrepareInputs, ports: Ports): World & { close(): Promise<void> } {
  const { workflow, redactor, clock, log, signal } = ports;
  const http = openHttp({ env: process.env, redactor });
  const { apiUrl, repository } = workflow;
  return {
    github() {
      const token = inputs['github-token'];
      if (token === undefined || repository === '')
        throw new Failure('input', 'input `github-token` is empty, and GitHub must be asked', {
          input: 'github-token',
          remedy: "Leave it out: the job's own token is its default.",
        });
      return openGitHub({ apiUrl, repository, token, exchange: http, clock, log, signal });
    },
    writeNotes(markdown) {
      const file = join(mkdtempSync(join(workflow.temp, 'deployment-prepare-')), 'notes.md');
      writeFileSync(file, redactor.redact(markdown), { mode: 0o600, flag: 'wx' });
      return file;
    },
    writeReport: (json) => writeReport(workflow, 'deployment-prepare', json),
    close: () => http.close(),
  };
}
