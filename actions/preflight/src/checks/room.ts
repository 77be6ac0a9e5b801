import { formatBytes, formatDuration } from '@deploy-actions/kit';
import type { Disk } from '@deploy-actions/readiness';
import { type Check, type Seen, type Verdict, failed, passed, told, unknown, warned } from './check.ts';
import { deploymentsUntilFull } from '../disk-trend.ts';

const CLEAN_UP =
  'See what takes it: docker system df and df -h; docker image prune removes what nobody uses.';
const UNTOLD = 'the server does not tell it (/proc)';
const SEE_PROC =
  'Look on the server why the login may not read it: ls -l /proc/stat /proc/meminfo /proc/loadavg /proc/cpuinfo';

/** Whether the machine has what it takes. */
export const ROOM: readonly Check[] = [
  {
    name: 'processors',
    judge({ facts, inputs }) {
      const least = inputs['min-cpus'];
      if (least === undefined) return undefined;
      const { processors } = facts.machine;
      if (processors === undefined || processors === 0) return unknown(UNTOLD, SEE_PROC);
      return processors < least
        ? failed(`${processors}, and min-cpus is ${least}`, 'Take a larger machine, or lower min-cpus.')
        : passed(`${processors}`);
    },
  },
  {
    name: 'memory',
    judge({ facts, inputs }) {
      const { memory, available } = facts.machine;
      if (memory === undefined || available === undefined || memory === 0) return unknown(UNTOLD, SEE_PROC);
      const least = inputs['min-memory'];
      const used = (100 * (memory - available)) / memory;
      const words = `${formatBytes(available)} of ${formatBytes(memory)} available`;
      if (least !== undefined && memory < least)
        return failed(
          `${words}: less in all than min-memory ${formatBytes(least)}`,
          'Take a larger machine, or lower min-memory.',
        );
      if (used > inputs['max-memory'])
        return failed(
          `${words}: ${used.toFixed(0)}% in use, and max-memory is ${inputs['max-memory']}%`,
          'See what takes it: docker stats --no-stream, and ps aux --sort=-rss.',
        );
      return passed(words);
    },
  },
  {
    name: 'load',
    judge({ facts, inputs }) {
      const { load, processors } = facts.machine;
      const most = inputs['max-load'];
      if (load === undefined || !processors)
        return most === undefined ? undefined : unknown(UNTOLD, SEE_PROC);
      const each = load / processors;
      const words = `${load} in five minutes, ${each.toFixed(2)} for each of ${processors} processors`;
      if (most === undefined) return told(words);
      return each > most
        ? failed(
            `${words}, and max-load is ${most}`,
            'See what works there: top, and docker stats --no-stream.',
          )
        : passed(words);
    },
  },
  {
    name: 'cpu',
    judge({ facts, inputs }) {
      const most = inputs['max-cpu'];
      if (most === undefined) return undefined;
      const { busy } = facts.machine;
      if (busy === undefined) return unknown(UNTOLD, SEE_PROC);
      return busy > most
        ? failed(
            `${busy}% of the processors' time, and max-cpu is ${most}%`,
            'See what works there: top, and docker stats --no-stream.',
          )
        : passed(`${busy}% of the processors' time`);
    },
  },
  {
    name: 'disk',
    judge: (seen) =>
      withTrend(
        seen,
        withImages(
          seen,
          disks(seen, (disk) => judgeDisk(seen, disk)),
        ),
      ),
  },
  {
    name: 'inodes',
    judge: (seen) =>
      disks(seen, (disk) => {
        const { inodes, freeInodes } = disk;
        if (inodes === undefined || freeInodes === undefined)
          return told(`${disk.folder}: made as they are needed`);
        const free = (100 * freeInodes) / inodes;
        const words = `${disk.folder}: ${free.toFixed(0)}% free`;
        return free < seen.inputs['min-free-inodes']
          ? failed(
              `${words}, and min-free-inodes is ${seen.inputs['min-free-inodes']}%`,
              'Remove what has many small files: docker image prune and docker builder prune, or look with du --inodes.',
            )
          : passed(words);
      }),
  },
  {
    name: 'clock',
    judge({ facts, inputs }) {
      const { skew } = facts.machine;
      if (skew === undefined)
        return unknown('the server does not tell its time', 'Try it on the server: date +%s.%N');
      const off = Math.abs(skew.ms);
      const most = inputs['max-clock-skew'];
      const words = `${formatDuration(off)} ${skew.ms < 0 ? 'behind' : 'ahead of'} the runner's, give or take ${formatDuration(skew.give)}`;
      const remedy = 'Let it be set: timedatectl set-ntp true (or install chrony).';
      if (off - skew.give > most)
        return failed(`${words}, and max-clock-skew is ${formatDuration(most)}`, remedy);
      if (off + skew.give > most)
        return unknown(`${words}: too far off to tell whether it is within ${formatDuration(most)}`, remedy);
      return passed(words);
    },
  },
];

/** Judges the disks of Docker and of `path`, which most often are one. */
function disks({ facts }: Seen, judge: (disk: Disk) => Verdict): Verdict {
  const { path, images } = facts.machine.disks;
  const missing = [path === undefined ? '`path`' : '', images === undefined ? 'Docker' : ''].filter(Boolean);
  const one = path && images && path.size === images.size && path.free === images.free;
  const seen = (one ? [images] : [images, path]).filter((disk) => disk !== undefined).map(judge);
  const worst =
    seen.find(({ state }) => state === 'failed') ??
    (missing.length > 0
      ? unknown(
          `the disk of ${missing.join(' and of ')} could not be seen`,
          'Where Docker does not answer, its folder is not known.',
        )
      : undefined);
  if (worst)
    return { ...worst, detail: [...new Set([worst.detail, ...seen.map(({ detail }) => detail)])].join('; ') };
  const state = seen.every((verdict) => verdict.state === 'told') ? 'told' : 'passed';
  return { state, detail: seen.map(({ detail }) => detail).join('; ') };
}

/** The verdict where images are to be pulled: they need room too, by the deployment's own rule. */
function withImages({ facts, registry }: Seen, verdict: Verdict): Verdict {
  const { images } = facts.machine.disks;
  if (verdict.state !== 'passed' || images === undefined || registry === undefined || !('is' in registry))
    return verdict;
  const { wanted } = registry.is;
  return images.free < wanted
    ? failed(`${verdict.detail}, and this release needs ${formatBytes(wanted)} with its images`, CLEAN_UP)
    : { ...verdict, detail: `${verdict.detail}; ${formatBytes(wanted)} needed with the images` };
}

/** Deployments that may still find room; fewer are warned of. */
const SOON = 5;

/** The verdict with "full in about so many deployments", where the history tells. */
function withTrend({ facts, inputs }: Seen, verdict: Verdict): Verdict {
  const { images } = facts.machine.disks;
  if (verdict.state !== 'passed' || images === undefined || !('is' in facts.release)) return verdict;
  const left = deploymentsUntilFull(facts.release.is.history, images.free, inputs['min-free-disk']);
  if (left === undefined || left > 100) return verdict;
  const detail = `${verdict.detail}; full in about ${left} deployment${left === 1 ? '' : 's'}, as the last ones went`;
  return left < SOON ? warned(detail, CLEAN_UP) : { ...verdict, detail };
}

function judgeDisk({ inputs }: Seen, { folder, free, size }: Disk): Verdict {
  const words = `${folder}: ${formatBytes(free)} of ${formatBytes(size)} free`;
  const least = inputs['min-free-disk'];
  const smallest = inputs['min-disk'];
  if (smallest !== undefined && size < smallest)
    return failed(
      `${words}, and min-disk is ${formatBytes(smallest)}`,
      'Take a larger disk, or lower min-disk.',
    );
  if (free < least) return failed(`${words}, and min-free-disk is ${formatBytes(least)}`, CLEAN_UP);
  const most = inputs['max-disk'];
  const used = size === 0 ? 100 : (100 * (size - free)) / size;
  if (most !== undefined && used > most)
    return failed(`${words}: ${used.toFixed(0)}% in use, and max-disk is ${most}%`, CLEAN_UP);
  return passed(words);
}
