import { spawn } from 'node:child_process';

/** Where a program runs, as far as it decides whether a page can be shown. */
export interface Desk {
  platform: NodeJS.Platform;
  env: Readonly<Record<string, string | undefined>>;
  /** Whether somebody sits before it: standard output is a terminal. */
  terminal: boolean;
}

/** The program that opens a file as the person there would; undefined without a display, and in CI. */
export function openerOf({ platform, env, terminal }: Desk): string | undefined {
  if (!terminal || env['CI'] || env['SSH_CONNECTION']) return undefined;
  if (platform === 'darwin') return 'open';
  return env['DISPLAY'] || env['WAYLAND_DISPLAY'] ? 'xdg-open' : undefined;
}

/** Opens files and waits for nothing: where the program is not there, their paths have been said. */
export function openFiles(opener: string, files: readonly string[]): void {
  for (const file of files) {
    const child = spawn(opener, [file], { stdio: 'ignore', detached: true });
    child.on('error', () => {});
    child.unref();
  }
}
