import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { execScript } from '../host-parts.ts';

test('what is sent with every exec is short', () => {
  expect(Buffer.byteLength(execScript('_follow'))).toBeLessThan(24 * 1024);
});

test('no sh source holds a tab or a line that is too long', () => {
  for (const file of readdirSync(import.meta.dirname).filter((name) => name.endsWith('.sh'))) {
    for (const line of readFileSync(path.join(import.meta.dirname, file), 'utf8').split('\n')) {
      expect(line).not.toContain('\t');
      expect(line.length).toBeLessThan(160);
    }
  }
});
