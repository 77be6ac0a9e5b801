import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Debian's Chromium; undefined where it is not installed. */
export function findChromium(): string | undefined {
  return ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
}

/** How a page is looked at. */
export interface View {
  width: number;
  height: number;
  /** What the reader's system asks for; light where it is left out. */
  dark?: boolean;
  /** For a page whose scripts draw: milliseconds of the page's own clock that they have. */
  drawsFor?: number;
}

/** Renders a page that refers to nothing outside itself, and answers the PNG. */
export async function photograph(chromium: string, html: string, size: View): Promise<Buffer> {
  return await withPage(html, async (page, folder) => {
    const picture = join(folder, 'page.png');
    const time = size.drawsFor === undefined ? [] : [`--virtual-time-budget=${size.drawsFor}`];
    const { said, code } = await browse(chromium, folder, size, [`--screenshot=${picture}`, ...time, page]);
    if (!existsSync(picture))
      throw new Error(`chromium ended with ${code} and no picture: ${said.slice(-2000)}`);
    return readFileSync(picture);
  });
}

/** Opens a page, lets its scripts run, and answers the document as it is then, in HTML. */
export async function documentAfter(chromium: string, html: string, size: View): Promise<string> {
  return await withPage(html, async (page, folder) => {
    const { said, printed, code } = await browse(chromium, folder, size, [
      '--virtual-time-budget=5000',
      '--dump-dom',
      page,
    ]);
    if (!printed.includes('<'))
      throw new Error(`chromium ended with ${code} and no document: ${said.slice(-2000)}`);
    return printed;
  });
}

async function withPage<T>(html: string, work: (page: string, folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'picture-'));
  try {
    const page = join(folder, 'page.html');
    writeFileSync(page, html);
    return await work(pathToFileURL(page).href, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function browse(
  chromium: string,
  folder: string,
  size: View,
  rest: readonly string[],
): Promise<{ said: string; printed: string; code: number | null }> {
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
      ...(size.dark ? ['--blink-settings=preferredColorScheme=0'] : []),
      `--user-data-dir=${join(folder, 'profile')}`,
      `--window-size=${size.width},${size.height}`,
      ...rest,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let [said, printed] = ['', ''];
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
  const code = await new Promise<number | null>((done, fail) => child.on('error', fail).on('close', done));
  clearTimeout(timer);
  return { said, printed, code };
}
