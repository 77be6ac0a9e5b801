import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GitHubRig, type GitHubStub, type Repository, rigGitHub } from '@deploy-actions/github/testing';
import { parseFields, redactor } from '@deploy-actions/kit';
import type { HistoryEntry } from '@deploy-actions/ledger';
import type { Workflow } from '@deploy-actions/runner';
import { type RecordOutputs, recordDeployment } from '../deployment-record.ts';
import { fields } from '../fields.ts';

export interface RecordRig extends GitHubRig {
  record(inputs?: Record<string, string>): Promise<RecordOutputs>;
  /** What was written, by name; renewed by each call. */
  files: Record<string, string>;
  /** Files that the run has left, by path. */
  given: Record<string, string>;
  /** The server's history; an error is thrown. */
  history: readonly HistoryEntry[] | Error;
  /** Those of further servers, by name. */
  others: Record<string, readonly HistoryEntry[] | Error>;
  secrets: string[];
  summary: string;
}

/** deployment-record over a stub of GitHub's API, on a clock that waits no real time. */
export async function rigRecord(
  workflow: Workflow,
  repository: Partial<Repository> = {},
  permissions: GitHubStub['permissions'] = { contents: 'read' },
): Promise<RecordRig> {
  const github = await rigGitHub({ name: 'org/shop', ...repository }, permissions);
  const rig: RecordRig = {
    ...github,
    files: {},
    given: {},
    history: [],
    others: {},
    secrets: [],
    summary: '',
    async record(given = {}) {
      Object.assign(rig, { files: {}, summary: '' });
      const inputs = parseFields(fields, { input: (name) => given[name] ?? '' });
      const secrets = redactor();
      for (const secret of rig.secrets) secrets.add(secret);
      const read = (path: string) => {
        const text = rig.given[path];
        if (text === undefined) throw new Error(`no file ${path}`);
        return text;
      };
      const ports = {
        workflow,
        log: github.log,
        clock: github.clock,
        signal: new AbortController().signal,
        redactor: secrets,
        summary: (markdown: string) => void (rig.summary += markdown),
        annotate: () => {},
      };
      return await recordDeployment(inputs, ports, {
        github: () => github.api,
        histories: () =>
          Promise.resolve(
            Object.entries({ web1: rig.history, ...rig.others }).map(([server, history]) => ({
              server,
              read() {
                if (history instanceof Error) throw history;
                return { records: [...history], unread: [] };
              },
            })),
          ),
        readFile: read,
        readTail: read,
        isFile: (path) => path in rig.given,
        write: (name, text) => ((rig.files[name] = text), `/tmp/${name}`),
      });
    },
  };
  return rig;
}

/** A file that holds an event's payload. */
export function eventFile(event: object): string {
  const file = join(mkdtempSync(join(tmpdir(), 'event-')), 'event.json');
  writeFileSync(file, JSON.stringify(event));
  return file;
}
