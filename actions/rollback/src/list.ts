import { shortImage } from '@deploy-actions/image';
import { escapeMarkdown, formatDuration, markdownTable } from '@deploy-actions/kit';
import {
  COLORS,
  imagesOf,
  colorsInUse,
  currentRelease,
  marksOf,
  releaseOfColor,
} from '@deploy-actions/ledger';
import type { Ports } from '@deploy-actions/runner';
import type { SeenServer } from '@deploy-actions/traffic';
import { EMPTY, type RollbackOutputs } from './fields.ts';

/** One release of a server, for the output `releases`. */
interface ListedRelease {
  server: string;
  release: string;
  version: string;
  /** RFC 3339; empty where the record does not say. */
  created: string;
  sha: string;
  serves: boolean;
  color: string;
  bad: boolean;
  /** Service -> image, by digest as the deployment told it; by its id where no digest is known. */
  images: Readonly<Record<string, string>>;
}

/** Prints what could be rolled back to: age, version, digests, outcome. Changes nothing. */
export function showList(seen: readonly SeenServer[], project: string, ports: Ports): RollbackOutputs {
  const rows: string[][] = [];
  const listed: ListedRelease[] = [];
  for (const { server, look } of seen) {
    const { history } = look;
    const bad = marksOf(history).releases;
    const current = currentRelease(look, project);
    const releases = [...look.releases].reverse();
    if (releases.length === 0) ports.log.info(`${server.name}: no release is recorded`);
    for (const release of releases) {
      const created = Date.parse(release.created);
      const age = Number.isNaN(created)
        ? '–'
        : `${formatDuration(Math.max(0, ports.clock.wall().getTime() - created))} ago`;
      const color = colorsInUse(look, project)
        ? COLORS.find((one) => releaseOfColor(look, project, one) === release.id)
        : undefined;
      const marks = [
        release.id === current ? 'serves now' : '',
        color ? `in ${color}` : '',
        bad.has(release.id)
          ? 'bad'
          : (history.findLast((entry) => entry.release === release.id)?.outcome ?? 'recorded'),
      ].filter((mark) => mark !== '');
      const images = imagesOf(release, history);
      listed.push({
        server: server.name,
        release: release.id,
        version: release.version,
        created: release.created,
        sha: release.sha,
        serves: release.id === current,
        color: color ?? '',
        bad: bad.has(release.id),
        images,
      });
      const digests = Object.entries(images).map(([service, image]) => `${service} ${shortImage(image)}`);
      ports.log.info(
        `${server.name}: ${release.id}  ${release.version}  ${age}  ${digests.join(', ')}  ${marks.join(', ')}`,
      );
      rows.push(
        [server.name, release.id, release.version, age, digests.join(', '), marks.join(', ')].map(
          escapeMarkdown,
        ),
      );
    }
  }
  ports.summary(
    `### What can be rolled back to\n\n${markdownTable(['Server', 'Release', 'Version', 'Age', 'Images', 'State'], rows)}\n`,
  );
  const current = seen[0] ? currentRelease(seen[0].look, project) : '';
  return { ...EMPTY, from: current, to: current, mode: 'list', reason: 'only listed', releases: listed };
}
