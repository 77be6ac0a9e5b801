import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Debian's Chromium; undefined where it is not installed. */
export function findChromium(): string | undefined {
  return ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
}

/** Renders a page that refers to nothing outside itself, and answers the PNG. */
export async function photograph(
  chromium: string,
  html: string,
  size: { width: number; height: number },
): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'picture-'));
  try {
    const page = join(folder, 'page.html');
    const picture = join(folder, 'page.png');
    writeFileSync(page, html);
    const child = spawn(
      chromium,
      [
        '--headless',
        // The tests run as root in containers, where Chromium has no sandbox; the page is our own.
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--hide-scrollbars',
        '--disable-lcd-text',
        `--user-data-dir=${join(folder, 'profile')}`,
        `--window-size=${size.width},${size.height}`,
        `--screenshot=${picture}`,
        pathToFileURL(page).href,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
    const code = await new Promise<number | null>((done, fail) => child.on('error', fail).on('close', done));
    clearTimeout(timer);
    if (!existsSync(picture))
      throw new Error(`chromium ended with ${code} and no picture: ${said.slice(-2000)}`);
    return readFileSync(picture);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
