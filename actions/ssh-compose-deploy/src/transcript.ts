import { appendFileSync, mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { type RunEvent, phaseTitle } from '@deploy-actions/host';
import type { Ports } from '@deploy-actions/runner';

/** The deployment's own words, kept in files for an artifact; secrets are taken out before anything is written. */
export interface Transcript {
  take(server: string, event: RunEvent): void;
  /** Paths of what was written: all of it, and what the migrations said. Undefined where nothing was. */
  files(): { log: string | undefined; migrationLog: string | undefined };
}

/** More bytes than a log is read for; what a program prints without end must not fill the runner's disk. */
const MOST_BYTES = 64 * 2 ** 20;

/** `several`: each line carries its server's name. */
export function transcript(ports: Pick<Ports, 'workflow' | 'redactor'>, several: boolean): Transcript {
  const phases = new Map<string, string>();
  const written = new Map<'deployment' | 'migration', { path: string; bytes: number }>();
  let folder: string | undefined;
  const write = (name: 'deployment' | 'migration', line: string) => {
    folder ??= newFolder(ports.workflow.temp);
    const file = written.get(name) ?? { path: join(folder, `${name}.log`), bytes: 0 };
    const text = `${ports.redactor.redact(line)}\n`;
    const bytes = Buffer.byteLength(text);
    if (file.bytes + bytes <= MOST_BYTES) appendFileSync(file.path, text, { mode: 0o600 });
    written.set(name, { path: file.path, bytes: file.bytes + bytes });
  };
  return {
    take(server, event) {
      if (event.type === 'state' || event.type === 'reconnected') return;
      if (event.type === 'phase') phases.set(server, event.name);
      const words = event.type === 'phase' ? `== ${phaseTitle(event.name)}` : event.text;
      const line = several ? `${server} | ${words}` : words;
      write('deployment', line);
      if (phases.get(server) === 'migrate') write('migration', line);
    },
    files: () => ({ log: written.get('deployment')?.path, migrationLog: written.get('migration')?.path }),
  };
}

function newFolder(temp: string): string {
  mkdirSync(temp, { recursive: true });
  return mkdtempSync(join(temp, 'ssh-compose-deploy-'));
}
