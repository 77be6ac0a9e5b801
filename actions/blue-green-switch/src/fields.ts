import {
  FieldError,
  type Inputs,
  duration,
  field,
  flag,
  integer,
  lines,
  linesOf,
  oneOf,
  pattern,
  quote,
  required,
  text,
  withDefault,
} from '@deploy-actions/kit';
import { LADDER, idField, projectField } from '@deploy-actions/ledger';
import { serverFields } from '@deploy-actions/shell';
import type { ManagedProxy } from '@deploy-actions/traffic';
import { PROXIES } from '@deploy-actions/traffic/proxies';

/** `name: service:port`. */
function parseRoute(line: string): { name: string; service: string; port: number } {
  const match = /^([a-z0-9][a-z0-9._-]{0,62})\s*:\s+([a-zA-Z0-9._-]+):(\d+)$/.exec(line);
  const port = Number(match?.[3]);
  if (!match || port < 1 || port > 65535) {
    throw new FieldError(`${quote(line)} is not name: service:port`, {
      remedy: 'Write, for example, `site: web:8080`.',
    });
  }
  return { name: match[1]!, service: match[2]!, port };
}

/** `100`, or rising steps such as `5,25,50,100`. */
function parseWeights(value: string): number[] {
  const weights = value
    .split(',')
    .map((part) => (/^\d{1,3}%?$/.test(part.trim()) ? Number.parseInt(part, 10) : NaN));
  const known = [...LADDER, 100];
  for (const [index, weight] of weights.entries()) {
    if (!known.includes(weight)) {
      throw new FieldError(`${quote(value)} has a weight that is none of ${known.join(', ')}`, {
        remedy: 'The proxy knows these: they are declared once, so that a step needs no reload.',
      });
    }
    if (index > 0 && weight <= weights[index - 1]!) throw new FieldError(`${quote(value)} does not rise`);
  }
  return weights;
}

/** A share such as `1%` or `0.01`. */
function parseRate(value: string): number {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(value);
  const rate = Number(match?.[1]) / (match?.[2] === '%' ? 100 : 1);
  if (!match || rate > 1) {
    throw new FieldError(`${quote(value)} is not a share of requests`, {
      remedy: 'Write a percentage such as 1% or 0.5%.',
    });
  }
  return rate;
}

function parseUrl(value: string): string {
  let url: URL | undefined;
  try {
    url = new URL(value);
  } catch {
    url = undefined;
  }
  if (!url || !/^https?:$/.test(url.protocol) || /["\\\s]/.test(url.href) || url.username !== '') {
    throw new FieldError(`${quote(value)} is no http or https address`, {
      remedy: 'Write where the proxy answers, such as https://shop.example.org/health.',
    });
  }
  return url.href;
}

const MANAGED: Readonly<Record<string, RegExp>> = {
  address: /^(?:https?:\/\/)?[A-Za-z0-9.*-]*(?::\d+)?$/,
  image: /^[A-Za-z0-9][A-Za-z0-9._/:@-]*$/,
  ports: /^\d+(?::\d+)?(?: \d+(?::\d+)?)*$/,
  certificate: /^(?:\/[A-Za-z0-9._@+-]+)+$/,
  key: /^(?:\/[A-Za-z0-9._@+-]+)+$/,
  email: /^[^\s@{}]+@[A-Za-z0-9.-]+$/,
};

/** `key: value` lines for a managed proxy. */
function parseManaged(value: string): ManagedProxy {
  const found = new Map<string, string>();
  for (const [index, raw] of value.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, name = '', text = ''] = /^([a-z]+)\s*:\s+(.*)$/.exec(line) ?? [];
    if (!MANAGED[name]?.test(text)) {
      throw new FieldError(`${quote(line)} is not understood`, {
        line: index + 1,
        remedy: `Write lines such as \`address: shop.example.org\` and \`ports: 80 443\`; known are ${Object.keys(MANAGED).join(', ')}.`,
      });
    }
    found.set(name, text);
  }
  const address = found.get('address');
  if (address === undefined)
    throw new FieldError('has no `address`', {
      remedy: 'Write `address: shop.example.org`, or `address: :80`.',
    });
  return {
    address,
    image: found.get('image'),
    ports: (found.get('ports') ?? '80 443').split(' '),
    certificate: found.get('certificate'),
    key: found.get('key'),
    email: found.get('email'),
  };
}

export const fields = {
  ...serverFields,
  project: required(projectField()),
  proxy: withDefault(oneOf(['auto', ...PROXIES.map(({ kind }) => kind), 'managed']), 'auto'),
  managed: field(parseManaged),
  routes: linesOf(parseRoute),
  'site-config': pattern(/^(?:\/[A-Za-z0-9._@+-]+)+$/, 'an absolute path of plain characters on the server'),
  to: withDefault(oneOf(['idle', 'blue', 'green', 'confirm']), 'idle'),
  weight: withDefault(field(parseWeights), [100]),
  'step-interval': withDefault(duration(1000, 3_600_000), 60_000),
  sticky: pattern(/^[A-Za-z0-9_]{1,32}$/, 'the name of a cookie (letters, digits and _)'),
  'verify-url': field(parseUrl),
  'expect-version': pattern(/^[A-Za-z0-9._+-]{1,200}$/, 'a version (letters, digits and . _ + -)'),
  'version-from': withDefault(text(), 'json:version'),
  'verify-timeout': withDefault(duration(1000, 600_000), 30_000),
  'color-header': withDefault(
    field((value) => {
      if (value === 'off') return undefined;
      if (!/^[A-Za-z0-9-]{1,60}$/.test(value)) {
        throw new FieldError(`${quote(value)} is neither the name of a header nor off`);
      }
      return value;
    }),
    'X-Deploy-Color',
  ),
  'drain-timeout': withDefault(duration(0, 3_600_000), 30_000),
  'stop-old': withDefault(
    field((value) => (value === 'keep' ? undefined : duration(0, 604_800_000).parse(value))),
    undefined,
  ),
  'confirm-within': duration(1000, 86_400_000),
  'port-range': pattern(/^\d+-\d+$/, 'a range of ports such as 18000-18999'),
  'live-only-services': lines(),
  'max-error-rate': field(parseRate),
  'max-p95': duration(1),
  'min-requests': withDefault(integer(1), 50),
  install: withDefault(oneOf(['true', 'false', 'check']), 'false'),
  uninstall: flag(),
  plan: flag(),
  status: flag(),
  'lock-timeout': withDefault(duration(0), 600_000),
  'resume-on-boot': field((value) => flag().parse(value)),
  'deployment-id': idField(),
};

export const outputs = [
  'from',
  'to',
  'weight',
  'switched-at',
  'overlap-ms',
  'drained',
  'report',
  'report-file',
] as const;

export type SwitchInputs = Inputs<typeof fields>;
export type SwitchOutputs = Record<(typeof outputs)[number], string | number | boolean | object | undefined>;
