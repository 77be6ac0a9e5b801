import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { readApart, readRefusal } from './apart.ts';
import { FORMS } from './result-forms.ts';
import { defineInspection } from './define-program.ts';
import { APART, FITNESS } from './host-parts.ts';
import { inspect } from './inspect.ts';
import type { Part } from './part.ts';
import { readStatus } from './status.ts';
import { hostsForEach, shellsHere } from './testing/hosts.ts';
import { testInspection } from './testing/program.ts';

// Real processes on a busy machine.
jest.setTimeout(60_000);

const hostWith = hostsForEach(afterEach);

describe.each(shellsHere())('with %s as sh, a visit', (shell) => {
  const visit = (host: ReturnType<typeof hostWith>, body: string, files = 1) => {
    const text: Part = {
      name: 'test',
      file: body,
      needs: [],
      parameters: [],
      results: { '*': FORMS.text },
      source: () => body,
      sent: () => `${body}\n`,
    };
    return inspect(host.session(), {
      path: host.path,
      visit: true,
      files: Array.from({ length: files }, (_, index) => ({ name: `f/${index}`, content: `${index}` })),
      program: defineInspection({ name: 'test', parts: [APART, FITNESS, text] }).with({}),
    });
  };

  test('has the files that were sent, and leaves nothing, neither of its own nor in the folder', async () => {
    for (const files of [1, 40]) {
      const host = hostWith(shell);
      const { fields } = await visit(
        host,
        'inspect() { result run "$run"; result sent "$(cat f/0)"; }',
        files,
      );
      expect(fields).toMatchObject({ sent: '0', run: expect.stringMatching(/deploy-actions-visit\./) });
      expect(existsSync(fields['run']!)).toBe(false);
      expect(existsSync(host.path)).toBe(false);
      mkdirSync(`${host.path}/.deploy`, { recursive: true });
      await visit(host, 'inspect() { result a b; }', files);
      expect(readdirSync(`${host.path}/.deploy`)).toEqual([]);
    }
  });

  test('a look that no run follows leaves nothing in the folder either, whether it goes well or not', async () => {
    const host = hostWith(shell);
    const look = (body: string, files: number) =>
      inspect(host.session(), {
        path: host.path,
        passing: true,
        files: Array.from({ length: files }, (_, index) => ({ name: `f/${index}`, content: `${index}` })),
        program: testInspection({ body, secrets: { word: 'correct-horse' } }),
      });
    for (const files of [0, 1, 40]) {
      const { fields } = await look('inspect() { result sent "$word $(ls f 2>/dev/null | wc -l)"; }', files);
      expect(fields['sent']?.replace(/ +/, ' ')).toBe(`correct-horse ${files}`);
      await expect(look(`inspect() { fail refused disk-full 'no room'; }`, files)).rejects.toThrow('no room');
    }
    expect(readdirSync(`${host.path}/.deploy/incoming`)).toEqual([]);
  });

  test('goes on where a part of it fails, and tells each part and each failure', async () => {
    const host = hostWith(shell);
    const { fields } = await visit(
      host,
      `good() { result a b; }
bad() { result a b; fail refused disk-full 'no room' 'make some'; }
broken() { return 3; }
inspect() { apart good good; apart bad bad; apart broken broken; apart path fit_path; apart status tell_status; result end yes; }`,
    );
    expect(readApart(fields['good']!, { a: FORMS.text })).toMatchObject({
      fields: { a: 'b' },
      failure: undefined,
    });
    expect(readApart(fields['bad']!, { a: FORMS.text })).toMatchObject({
      fields: { a: 'b' },
      failure: { kind: 'refused', code: 'disk-full', message: 'no room', remedy: 'make some' },
    });
    expect(readApart(fields['broken']!, { a: FORMS.text }).failure).toMatchObject({ code: 'program-ended' });
    expect(readRefusal(fields['path']!)).toBeUndefined();
    expect(readStatus(host.path, fields['status']!)).toEqual({ lock: undefined, runs: [], order: {} });
    expect(fields['end']).toBe('yes');
  });

  test('refuses a folder as a deployment would, and makes none', async () => {
    const host = hostWith(shell);
    writeFileSync(host.path, 'a file');
    const { fields } = await visit(host, 'inspect() { apart path fit_path; }');
    expect(readRefusal(fields['path']!)).toMatchObject({ code: 'path-not-usable' });
  });
});
