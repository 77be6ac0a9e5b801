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

/** The workflow of a page that has this `name:`; without a name the first one. */
export function workflowOf(page: string, name?: string): string {
  const blocks = [...readPage(page).matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text]) => text!);
  const found = name === undefined ? blocks[0] : blocks.find((text) => text.startsWith(`name: ${name}\n`));
  if (found === undefined) throw new Error(`${page} has no workflow ${name ?? 'at all'}`);
  return found;
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

/** What a reader of docs/server.md has in hand at its end. */
export interface ReadyServer {
  privateKey: string;
  /** Lines of known_hosts, for the port at which the lab's server answers. */
  knownHosts: string;
  /** What each block printed. */
  said: string[];
}

/** Makes a bare server of a lab host, and types docs/server.md there from top to bottom. */
export async function typeServerPage(host: Host): Promise<ReadyServer> {
  await host.sh('crontab -r -u deploy 2>/dev/null; userdel -r deploy; rm -rf /srv/deploy');
  // The name of the page leads to the server itself: its own sshd, with its own keys.
  await host.sh('echo "127.0.0.1 web1.example.org" >>/etc/hosts');
  const said: string[] = [];
  for (const block of blocksOf('server.md')) {
    let { text } = block;
    if (text.includes('AAAA…')) {
      const publicKey = await host.sh('cut -d " " -f 2 /root/yours/deploy_shop.pub');
      text = text.replace('AAAA…', publicKey.trim());
    }
    const output = await typeBlock(host, { ...block, text });
    if (text.includes('ssh_host_')) await host.write('/root/yours/known_hosts', output, { owner: 'root' });
    said.push(output);
  }
  return {
    privateKey: await host.sh('cat /root/yours/deploy_shop'),
    knownHosts: said[4]!.replaceAll('web1.example.org', `[127.0.0.1]:${host.sshPort}`),
    said,
  };
}

/** The secrets by which the pages' workflows reach a server that was made ready by its page. */
export function secretsOf(host: Host, ready: ReadyServer): Record<string, string> {
  return {
    DEPLOY_HOST: `deploy@127.0.0.1:${host.sshPort}`,
    DEPLOY_SSH_KEY: ready.privateKey,
    DEPLOY_KNOWN_HOSTS: ready.knownHosts,
  };
}
