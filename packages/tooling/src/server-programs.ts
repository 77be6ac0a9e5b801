import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ServerProgram, programText } from '@deploy-actions/host';
import { PROGRAMS as RELEASE } from '@deploy-actions/release';
import { PROGRAMS as TRAFFIC } from '@deploy-actions/traffic';
import { runProgram } from './program.ts';

/** Every program that is sent to servers, in each of its variants. */
export const SERVER_PROGRAMS: readonly ServerProgram[] = [...RELEASE, ...TRAFFIC];

// Variables come from the run's parameters; words are split where a list is meant; functions are used by others.
const EXCLUDED = 'SC1090,SC1091,SC2012,SC2013,SC2016,SC2034,SC2046,SC2086,SC2154,SC2181,SC2317,SC2329,SC3043';

/** What shellcheck says of a program as it is sent; empty when it is content. */
export async function findings(shellcheck: string, program: ServerProgram): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'server-program-'));
  try {
    const file = join(folder, 'program');
    writeFileSync(file, programText(program));
    const { code, output } = await runProgram(shellcheck, [
      '--shell=dash',
      `--exclude=${EXCLUDED}`,
      '--format=gcc',
      file,
    ]);
    return code === 0 ? '' : output;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
