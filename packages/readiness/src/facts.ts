import { PREFLIGHT } from './programs.ts';
import { parseVariableValues } from '@deploy-actions/compose';
import { type Apart, type HostStatus, readApart, readRefusal, readStatus } from '@deploy-actions/host';
import { Failure, messageOf } from '@deploy-actions/kit';
import { type BackupRecord, readBackups } from '@deploy-actions/ledger';
import { type Inspection, type InspectionRequest, readInspection } from '@deploy-actions/release';
import { type Clockwork, skewOf } from './clock-skew.ts';
import { type LoadedProxy, readLoaded } from '@deploy-actions/traffic/loaded';
import { type Listener, type Published, readListeners, readPublished } from './ports.ts';

/** Something that was looked at: what it is, or why it is not known. */
export type Known<T> = { is: T } | { failure: Failure };

/** A file system's room. */
export interface Disk {
  folder: string;
  /** Bytes; those that the login user may still write. */
  size: number;
  free: number;
  /** Undefined where the file system makes them as it needs them. */
  inodes: number | undefined;
  freeInodes: number | undefined;
}

/** The machine, by /proc. Undefined is what it does not tell. */
export interface Machine {
  host: string;
  kernel: string;
  system: string;
  user: string;
  groups: readonly string[];
  processors: number | undefined;
  /** Of the last five minutes. */
  load: number | undefined;
  /** Percent of the processors' time, where they were watched. */
  busy: number | undefined;
  /** Bytes. */
  memory: number | undefined;
  available: number | undefined;
  /** The server's own addresses, loopback ones left out. */
  addresses: readonly string[];
  disks: { path?: Disk; images?: Disk };
  /** Milliseconds by which the server's clock is ahead, and how far off that may be. */
  skew: { ms: number; give: number } | undefined;
}

/** Docker there. */
export interface Engine {
  engine: string;
  compose: string;
  /** The folder of its images. */
  root: string;
}

/** What one look at a server told. The release and the values hold secrets: never log them. */
export interface Facts {
  machine: Machine;
  /** What would be refused of the application's folder. */
  path: Failure | undefined;
  status: Known<HostStatus>;
  engine: Known<Engine>;
  release: Known<Inspection>;
  /** What the variables of the env file are to Compose, the lines of `env` included. */
  values: ReadonlyMap<string, string> | undefined;
  /** What was warned of while the configuration was resolved, such as variables that are not set. */
  warnings: readonly string[];
  /** Undefined where the server does not tell. */
  listeners: readonly Listener[] | undefined;
  /** Undefined where Docker could not be asked. */
  published: readonly Published[] | undefined;
  /** Those that run on the host, and in containers where Docker could be asked. */
  proxies: readonly LoadedProxy[];
  backups: readonly BackupRecord[];
}

/** Reads the fields that `PREFLIGHT` answered. Throws on what is no answer of it. */
export function readFacts(
  fields: Readonly<Record<string, string>>,
  request: InspectionRequest,
  warnings: readonly string[],
  clockwork: Clockwork,
): Facts {
  const of = (name: string): string => {
    const value = fields[name];
    if (value === undefined) throw new Error(`it does not tell ${name}`);
    return value;
  };
  const release = readApart(of('release'), PREFLIGHT.results);
  const engine = readApart(of('docker'), PREFLIGHT.results);
  return {
    machine: readMachine(of('machine'), clockwork),
    path: readRefusal(of('path')),
    status: known(() => readStatus(request.path, of('status'))),
    engine: apart(engine, ({ compose = '', engine: version = '', root = '' }) => ({
      engine: version,
      compose,
      root,
    })),
    release: apart(release, (told) => readInspection(told, request, { staging: '', stack: undefined })),
    values: readValues(release.fields['values']),
    warnings,
    listeners: readListeners(of('sockets')),
    published: fields['published'] === undefined ? undefined : readPublished(fields['published']),
    proxies: readLoaded(of('proxies')),
    backups: readBackups(of('backups')).records.reverse(),
  };
}

function apart<T>({ fields, failure }: Apart, read: (fields: Apart['fields']) => T): Known<T> {
  return failure ? { failure } : known(() => read(fields));
}

function known<T>(read: () => T): Known<T> {
  try {
    return { is: read() };
  } catch (error) {
    if (error instanceof Failure) return { failure: error };
    const failure = new Failure('remote', `the server's answer cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
    return { failure };
  }
}

/** Plain, where Compose writes a literal dollar twice. */
function readValues(json: string | undefined): Map<string, string> | undefined {
  const values = json === undefined ? undefined : parseVariableValues(json);
  return values && new Map([...values].map(([name, value]) => [name, value.replaceAll('$$', '$')]));
}

function readMachine(text: string, clockwork: Clockwork): Machine {
  const told = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [, word, value] = /^([a-z0-9]+) (.*)$/.exec(line) ?? [];
    if (word !== undefined) told.set(word, [...(told.get(word) ?? []), value!]);
  }
  const of = (word: string) => (told.get(word)?.[0] ?? '').trim();
  const number = (word: string) => (/^\d{1,18}(?:\.\d+)?$/.test(of(word)) ? Number(of(word)) : undefined);
  const disks: Machine['disks'] = {};
  for (const line of told.get('disk') ?? []) {
    const match = /^(path|images) (\d+) (\d+) (\d+) (\d+) (\d+) (\/.*)$/.exec(line);
    if (!match) continue;
    const [block, blocks, free, inodes, freeInodes] = match.slice(2, 7).map(Number) as [
      number,
      number,
      number,
      number,
      number,
    ];
    disks[match[1] as 'path' | 'images'] = {
      folder: match[7]!,
      size: block * blocks,
      free: block * free,
      inodes: inodes > 0 ? inodes : undefined,
      freeInodes: inodes > 0 ? freeInodes : undefined,
    };
  }
  const addresses = [
    ...(told.get('address') ?? []).filter((one) => /^\d+(?:\.\d+){3}$/.test(one)),
    ...(told.get('address6') ?? [])
      .filter((one) => /^[0-9a-f]{32}$/.test(one))
      .map((one) => one.match(/.{4}/g)!.join(':')),
  ];
  return {
    host: of('host'),
    kernel: of('kernel'),
    system: of('system'),
    user: of('user'),
    groups: of('groups').split(' ').filter(Boolean),
    processors: number('processors'),
    load: number('load'),
    busy: number('busy'),
    memory: number('memory'),
    available: number('available'),
    addresses: addresses.filter((one) => !one.startsWith('127.') && one !== LOOPBACK6),
    disks,
    skew: skewOf(of('began'), of('ended'), clockwork),
  };
}

const LOOPBACK6 = '0000:0000:0000:0000:0000:0000:0000:0001';
