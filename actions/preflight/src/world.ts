import { lookup } from 'node:dns/promises';
import { HttpError, openHttp } from '@deploy-actions/http';
import { formatDuration, messageOf } from '@deploy-actions/kit';
import { type Ports, writeReport } from '@deploy-actions/runner';
import { type Connecting, openSession } from '@deploy-actions/shell';

/** What was found out of a domain, or why it was not. */
type Found<T> = { is: T } | { problem: string };

export interface DomainAnswer {
  addresses: Found<readonly string[]>;
  /** When the certificate ends. */
  certificate: Found<Date>;
}

/** All that the action has to do with: the runner's side, servers, DNS and the sites. */
export interface World extends Ports, Connecting {
  /** Every address of a name; IPv6 in its short form. Throws where there is none. */
  addressesOf(name: string): Promise<readonly string[]>;
  /** When the certificate ends that the site shows. Throws where it shows none that is trusted. */
  certificateOf(name: string): Promise<Date>;
  writeReport(json: string): string;
}

/** Milliseconds for a name or a certificate. */
const SOON = 10_000;

/** The real world around preflight; `dns` is the system's resolver, which has no time limit of its own. */
export function openWorld(ports: Ports, dns = resolveAll): World & { close(): Promise<void> } {
  const { redactor, workflow, signal } = ports;
  const http = openHttp({ env: process.env, redactor });
  return {
    ...ports,
    connect: (server) => openSession(server, ports),
    async addressesOf(name) {
      const found = await soon(dns(name), ports);
      return [...new Set(found.map(({ address }) => canonicalAddress(address)))];
    },
    async certificateOf(name) {
      const answer = await http.request({
        url: `https://${name}/`,
        method: 'HEAD',
        deadline: SOON,
        signal,
        maxBytes: 65_536,
        overflow: 'cut',
      });
      if (!answer.certificate) throw new Error('the answer did not come over TLS');
      return answer.certificate.validTo;
    },
    writeReport: (json) => writeReport(workflow, 'preflight', json),
    close: () => http.close(),
  };
}

async function resolveAll(name: string): Promise<{ address: string }[]> {
  return await lookup(name, { all: true });
}

/** What the resolver answers; throws where it has not within the time. What it does then is left to itself. */
async function soon<T>(answer: Promise<T>, { clock, signal }: Pick<Ports, 'clock' | 'signal'>): Promise<T> {
  const over = new AbortController();
  const late = clock.sleep(SOON, AbortSignal.any([signal, over.signal])).then((): never => {
    throw new Error(`DNS has not answered within ${formatDuration(SOON)}`);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    over.abort();
  }
}

/** One spelling of each address, so that two can be compared (RFC 5952). */
export function canonicalAddress(address: string): string {
  if (!address.includes(':')) return address;
  try {
    return new URL(`http://[${address}]`).hostname.slice(1, -1);
  } catch {
    return address;
  }
}

/** Asks DNS and the site of a domain; what goes wrong is an answer too. */
export async function askDomain(name: string, world: World): Promise<DomainAnswer> {
  const [addresses, certificate] = await Promise.all([
    found(() => world.addressesOf(name)),
    found(() => world.certificateOf(name)),
  ]);
  world.signal.throwIfAborted();
  return { addresses, certificate };
}

async function found<T>(ask: () => Promise<T>): Promise<Found<T>> {
  try {
    return { is: await ask() };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (!(error instanceof HttpError) && (code === 'ENOTFOUND' || code === 'ENODATA'))
      return { problem: 'DNS does not know it' };
    return { problem: messageOf(error) };
  }
}
