import { type Reference, formatReference } from '@deploy-actions/image';
import { codeSpan, escapeMarkdown, formatBytes, formatDuration, markdownTable } from '@deploy-actions/kit';
import { shortDigest } from './manifest/digest.ts';
import { formatPlatform } from './manifest/platform.ts';
import { type Verification, promotionsOf } from './verification.ts';

const REVISION = 'org.opencontainers.image.revision';

/** The job summary: what was verified, as what, and what was not and why. */
export function renderSummary(outcomes: readonly Verification[], now: Date): string {
  const failed = outcomes.filter((outcome) => outcome.problem !== undefined);
  const verified = outcomes.filter((outcome) => outcome.found !== undefined && outcome.problem === undefined);
  const parts = [`### Images: ${verified.length} of ${outcomes.length} verified`];
  if (failed.length > 0) {
    parts.push(
      markdownTable(
        ['Image', 'What is wrong', 'What to do'],
        failed.map(({ wanted, problem }) => [
          escapeMarkdown(wanted.names.join(', ')),
          `**${problem!.code}** ${escapeMarkdown(problem!.message)}`,
          escapeMarkdown(problem!.remedy ?? ''),
        ]),
      ),
    );
  }
  if (verified.length > 0) {
    parts.push(
      markdownTable(
        ['Image', 'Tag', 'Digest', 'Platforms', 'Size', 'Age', 'Revision', 'Attested by'],
        verified.map(({ wanted: { names, reference }, found, attested }) => {
          const { digest, variants } = found!;
          const created = variants.flatMap(({ created }) => (created ? [created.getTime()] : []));
          const revisions = new Set(variants.flatMap(({ labels }) => labels?.[REVISION] ?? []));
          return [
            `${escapeMarkdown(names.join(', '))}<br>${codeSpan(reference.repository)}`,
            codeSpan(reference.tag ?? ''),
            `[${codeSpan(shortDigest(digest))}](${pageOf(reference, digest)})`,
            variants
              .flatMap(({ platform }) => (platform ? [codeSpan(formatPlatform(platform))] : []))
              .join(' '),
            variants.flatMap(({ size }) => (size === undefined ? [] : [formatBytes(size)])).join(', '),
            created.length > 0 ? formatDuration(Math.max(0, now.getTime() - Math.min(...created))) : '',
            [...revisions].map((revision) => codeSpan(revision.slice(0, 12))).join(' '),
            attested ? escapeMarkdown(attested.by) : '',
          ];
        }),
      ),
    );
  }
  const promotions = promotionsOf(outcomes);
  if (promotions.length > 0) {
    const named = (digest: string | null | undefined) =>
      digest === undefined ? '' : digest === null ? 'no such tag' : codeSpan(shortDigest(digest));
    parts.push(
      markdownTable(
        [`Tag ${codeSpan(promotions[0]!.tag)}`, 'Before', 'Wanted', 'What became of it'],
        promotions.map(({ repository, before, digest, state, problem }) => [
          codeSpan(repository),
          named(before),
          named(digest),
          problem
            ? `**${state}** ${escapeMarkdown(problem.message)} ${escapeMarkdown(problem.remedy ?? '')}`
            : state,
        ]),
      ),
    );
  }
  return parts.join('\n\n');
}

/** Where a person sees the image; elsewhere than at the two that have pages, the manifest itself. */
function pageOf(reference: Reference, digest: string): string {
  const { registry, path } = reference;
  if (registry === 'ghcr.io') return `https://ghcr.io/${path}`;
  if (registry === 'docker.io') {
    return `https://hub.docker.com/${path.startsWith('library/') ? path.replace('library/', '_/') : `r/${path}`}`;
  }
  return `https://${registry}/v2/${path}/manifests/${digest}`;
}

/** One line of the log for an image that was verified. */
export function renderLine({ wanted, found, attested, traffic, elapsedMs }: Verification): string {
  const facts = [
    found!.variants.flatMap(({ platform }) => (platform ? [formatPlatform(platform)] : [])).join(' '),
    found!.variants.flatMap(({ size }) => (size === undefined ? [] : [formatBytes(size)])).join(', '),
    attested ? `attested by ${attested.by}` : '',
    `${traffic.requests} requests, ${formatBytes(traffic.bytes)}, ${formatDuration(elapsedMs)}`,
  ].filter(Boolean);
  return `${wanted.names.join(', ')}: ${formatReference(wanted.reference)} is ${found!.digest} (${facts.join('; ')})`;
}
