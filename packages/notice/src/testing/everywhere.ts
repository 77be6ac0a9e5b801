import type { Notice } from '../record.ts';
import { sampleNotice } from './sample.ts';

/** The same text everywhere where text from outside can stand. */
export function everywhere(text: string): Notice {
  return sampleNotice('failure', {
    title: text,
    message: text,
    environment: text,
    version: text,
    deploymentId: text,
    ref: text,
    commit: { sha: '8f2c1d7e9b0a4c5d6e7f8091a2b3c4d5e6f70819', subject: text, author: text },
    actor: `by ${text}`,
    fields: [
      ['Field', text],
      [text, 'value'],
    ],
    phases: [{ name: text, state: 'failed', elapsedMs: 10 }],
    reports: [
      {
        kind: 'health',
        ok: false,
        summary: text,
        elapsedMs: 5,
        checks: [{ name: text, ok: false, attempts: 1, elapsedMs: 5, phase: text, detail: text }],
      },
    ],
    links: [{ name: text, url: 'https://shop.example.com/' }],
    details: text,
  });
}
