import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { type RequestListener, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { TestHost } from '@deploy-actions/host/testing';
import { COLORS, type Color, LADDER, parseShare, shareName, shares } from '@deploy-actions/ledger';
import { DEFAULT_HEADER, PROBE_HEADER, type PreparedSite, type Route } from '../site.ts';
import { siteOf } from './site.ts';

/** What a visitor gets from a colour. */
export interface Answer {
  status: number;
  body: string;
}

/**
 * What stands in for nginx in front of an application: a server that chooses the colour of each request by the flag, as
 * the configuration that install writes does, and a program `nginx` for what is asked of it by hand.
 */
export interface StandInProxy {
  /** Where it answers. */
  url: string;
  /** Where each colour answers by itself. */
  ports: Readonly<Record<Color, number>>;
  /** The name of the flag that is there; empty for none. */
  share(): string;
  /** Leaves that flag there, and no other. */
  put(share: string): void;
  /** What `nginx -t` refuses its configuration with from now on. */
  complain(word: string): void;
  /** From now on the answers are those of this colour, whatever the flag says: a proxy with an older configuration. */
  stick(color: Color | undefined): void;
  /** The record of a site with these routes, as install leaves it. */
  site(routes: readonly Route[]): PreparedSite;
  close(): Promise<void>;
}

/** Starts it for a host. `answer` says what a colour answers; undefined: nothing of it can be reached. */
export async function standInProxy(
  host: TestHost,
  answer: (color: Color) => Answer | undefined,
): Promise<StandInProxy> {
  const folder = path.join(host.home, 'flags');
  mkdirSync(folder);
  const names = shares(LADDER).map(shareName);
  const share = () => names.find((name) => existsSync(path.join(folder, name))) ?? '';
  const { token } = siteOf();
  let stuck: Color | undefined;
  let counted = 0;
  const colorFor = (chosen: string | undefined): Color | undefined => {
    const asked = COLORS.find((color) => chosen === `${token}-${color}`);
    const known = parseShare(share());
    if (stuck !== undefined || asked !== undefined || known === undefined) return stuck ?? asked;
    counted += 1;
    const isOwn = counted % 100 < known.weight;
    return isOwn ? known.color : COLORS.find((color) => color !== known.color);
  };
  const front = await serve((request, response) => {
    const color = colorFor(request.headers[PROBE_HEADER.toLowerCase()] as string | undefined) ?? 'blue';
    const { status, body } = answer(color) ?? { status: 502, body: 'Bad Gateway' };
    response.writeHead(status, { [DEFAULT_HEADER]: color, Connection: 'close' }).end(body);
  });
  const behind = (color: Color) =>
    serve((_request, response) => {
      const found = answer(color);
      if (found) response.writeHead(found.status, { Connection: 'close' }).end(found.body);
      else response.destroy();
    });
  const colors = { blue: await behind('blue'), green: await behind('green') };
  const { port } = front;
  const complaint = path.join(host.home, 'nginx-complaint');
  host.tool(
    'nginx',
    `if [ -f '${complaint}' ]; then cat '${complaint}' >&2; exit 1; fi; echo 'the configuration file test is successful' >&2`,
  );
  // Root's right to ask nginx, without asking this machine for it.
  host.tool('sudo', 'shift; exec "$@"');
  return {
    url: `http://127.0.0.1:${port}/version`,
    share,
    put(name) {
      rmSync(path.join(folder, share() || name), { force: true });
      writeFileSync(path.join(folder, name), '');
    },
    complain: (word) => writeFileSync(complaint, `${word}\n`),
    stick(color) {
      stuck = color;
    },
    site: (routes) => ({
      ...siteOf({ routes, folder, canaryLog: '', canaryLogInside: '' }),
      url: `http://127.0.0.1:${port}/version`,
      connect: `127.0.0.1:${port}`,
    }),
    ports: { blue: colors.blue.port, green: colors.green.port },
    async close() {
      await Promise.all([front, colors.blue, colors.green].map((one) => one.close()));
    },
  };
}

/** A server on a port of its own. */
async function serve(answer: RequestListener): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
