import {
  FieldError,
  bytes,
  duration,
  field,
  integer,
  linesOf,
  oneOf,
  pairs,
  quote,
  required,
  secret,
  text,
  withDefault,
} from '@deploy-actions/kit';
import { parsePlatform } from './manifest/platform.ts';
import { parsePromotedTag } from './promotion.ts';
import { parseRepository, parseSignerWorkflow } from './attestation/signer-rule.ts';
import { parseCosignKey } from './attestation/simple-signing.ts';

const HOST = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?$|^\[[0-9a-f:]+\](?::\d{1,5})?$/;

function host(value: string): string {
  if (!HOST.test(value.toLowerCase())) {
    throw new FieldError(`${quote(value)} is not a registry's host`, {
      remedy: "Write host or host:port as in the image's name, such as ghcr.io or registry.example.com:5000.",
    });
  }
  return value.toLowerCase();
}

/** One item per line or between commas. */
function list<T>(parse: (item: string) => T) {
  const inner = linesOf((line) =>
    line
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean)
      .map(parse),
  );
  return { ...inner, parse: (value: string): T[] => inner.parse(value).flat(), empty: (): T[] => [] };
}

export const fields = {
  images: required(text()),
  registry: field(host),
  'registry-username': text(),
  'registry-password': secret(text()),
  'github-token': secret(text()),
  platforms: list(parsePlatform),
  labels: pairs(),
  'max-size': bytes(),
  'max-size-action': withDefault(oneOf(['fail', 'warn']), 'fail'),
  'max-age': duration(),
  wait: withDefault(duration(0, 3_600_000), 10_000),
  promote: field(parsePromotedTag),
  attestations: withDefault(oneOf(['none', 'if-present', 'required']), 'none'),
  'signer-repo': field(parseRepository),
  'signer-workflow': field(parseSignerWorkflow),
  'predicate-type': withDefault(text(), 'https://slsa.dev/provenance/v1'),
  'cosign-key': field(parseCosignKey),
  'trusted-root': text(),
  'insecure-registries': list(host),
  concurrency: withDefault(integer(1, 50), 8),
  'request-timeout': withDefault(duration(1000, 600_000), 20_000),
};

export const outputs = ['images', 'digests', 'all-verified', 'promoted', 'report', 'report-file'] as const;
