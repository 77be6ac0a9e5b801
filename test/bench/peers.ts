import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findRoot } from '@deploy-actions/tooling';

/**
 * Programs of others that a benchmark measures beside ours: installed into .cache by the benchmark itself, never
 * a dependency. Answers the folder, or undefined when the registry cannot be reached.
 */
export function installPeers(packages: Readonly<Record<string, string>>): string | undefined {
  const folder = join(findRoot(), '.cache', 'peers');
  const missing = Object.entries(packages).filter(
    ([name]) => !existsSync(join(folder, 'node_modules', name)),
  );
  if (missing.length === 0) return folder;
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, 'package.json')))
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const wanted = missing.map(([name, version]) => `${name}@${version}`);
  console.log(`installing ${wanted.join(', ')} into .cache/peers`);
  try {
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...wanted], {
      cwd: folder,
      stdio: 'pipe',
      timeout: 300_000,
    });
    return folder;
  } catch {
    return undefined;
  }
}

/** A module for `node --require` that writes what a process used to the file USAGE_FILE when it ends. */
export const USAGE_HOOK = `process.on('exit', () => {
  const file = process.env.USAGE_FILE;
  if (!file) return;
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  require('node:fs').writeFileSync(file, JSON.stringify({ rssMb: maxRSS / 1024, cpuMs: (userCPUTime + systemCPUTime) / 1000 }));
});
`;

export interface Usage {
  rssMb: number;
  cpuMs: number;
}

/** Rows as a plain table, numbers to the right. */
export function table(head: string[], rows: string[][]): string {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: string[]) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ');
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}
