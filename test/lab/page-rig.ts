import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '@deploy-actions/lab';
import { findRoot } from '@deploy-actions/tooling';

/** A block of shell of a page, and by whom it is run: `root` or `deploy` of the server, or the reader, `yours`. */
export interface Block {
  who: string;
  text: string;
}

/**
 * The blocks of shell of a page of docs.
 * @throws when the page has a block of another kind, which no test would run.
 */
export function blocksOf(page: string): Block[] {
  const text = readPage(page);
  const found = [...text.matchAll(/^```sh (\w+)\n([\s\S]*?)^```$/gm)].map(([, who, body]) => ({
    who: who!,
    text: body!,
  }));
  const all = [...text.matchAll(/^```(?!yaml)\w/gm)].length;
  if (found.length !== all) throw new Error(`${page} has ${all} blocks, of which ${found.length} can be run`);
  return found;
}

/** The first workflow of a page. */
export function workflowOf(page: string): string {
  const [, text] = /^```yaml\n([\s\S]*?)^```$/m.exec(readPage(page)) ?? [];
  if (text === undefined) throw new Error(`${page} has no workflow`);
  return text;
}

function readPage(page: string): string {
  return readFileSync(join(findRoot(), 'docs', page), 'utf8');
}

/** Runs a block on a server up to the first line that fails, in bash as a person would, and answers what it printed. */
export async function typeBlock(host: Host, { who, text }: Block): Promise<string> {
  const user = who === 'yours' ? 'root' : who;
  await host.write('/tmp/typed', text, { owner: user });
  return await host.sh('mkdir -p ~/yours && cd ~/yours && exec bash -e /tmp/typed </dev/null', { user });
}
