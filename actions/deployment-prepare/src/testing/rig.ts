import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GitHubRig, type GitHubStub, type Repository, rigGitHub } from '@deploy-actions/github/testing';
import { Failure, parseFields, redactor } from '@deploy-actions/kit';
import type { Workflow } from '@deploy-actions/runner';
import { type PrepareOutputs, prepareDeployment } from '../deployment-prepare.ts';
import { fields } from '../fields.ts';

export interface PrepareRig extends GitHubRig {
  /** Outputs, also of a failure; the failure where there is one. */
  prepare(
    inputs: Record<string, string>,
  ): Promise<{ outputs: Partial<PrepareOutputs>; failure: Failure | undefined }>;
  /** What was written for the job summary and as notes. */
  written: { summary: string; notes: string };
  secrets: string[];
}

/** deployment-prepare over a stub of GitHub's API, on a clock that waits no real time. */
export async function rigPrepare(
  workflow: Workflow,
  repository: Partial<Repository> = {},
  permissions: GitHubStub['permissions'] = { contents: 'read' },
): Promise<PrepareRig> {
  const github = await rigGitHub(repository, permissions);
  const written = { summary: '', notes: '' };
  const secrets: string[] = [];
  return {
    ...github,
    written,
    secrets,
    async prepare(given) {
      written.summary = '';
      const inputs = parseFields(fields, { input: (name) => given[name] ?? '' });
      const ports = {
        workflow,
        log: github.log,
        clock: github.clock,
        signal: new AbortController().signal,
        redactor: redactor(),
        summary: (markdown: string) => void (written.summary += markdown),
        addSecret: (value: string) => void secrets.push(value),
      };
      const world = {
        github: () => github.api,
        writeNotes: (markdown: string) => ((written.notes = markdown), '/tmp/notes.md'),
        writeReport: () => '/tmp/report.json',
      };
      try {
        return { outputs: await prepareDeployment(inputs, ports, world), failure: undefined };
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        return { outputs: (error.outputs ?? {}) as Partial<PrepareOutputs>, failure: error };
      }
    },
  };
}

/** A file that holds an event's payload. */
export function eventFile(event: object): string {
  const file = join(mkdtempSync(join(tmpdir(), 'event-')), 'event.json');
  writeFileSync(file, JSON.stringify(event));
  return file;
}
