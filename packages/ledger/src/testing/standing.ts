import type { HistoryEntry } from '../history.ts';
import type { ReleaseRecord } from '../release-record.ts';
import type { Standing, StandingContainer } from '../standing.ts';

/** A healthy container of a compose project. */
export function standingContainer(
  project: string,
  service: string,
  more: Partial<StandingContainer> = {},
): StandingContainer {
  return {
    project,
    service,
    status: 'running',
    health: 'healthy',
    release: undefined,
    liveOnly: false,
    ...more,
  };
}

/** What stands on a server where only this is to be seen. */
export function standingWith(fields: {
  history?: readonly HistoryEntry[];
  releases?: readonly ReleaseRecord[];
  containers?: readonly StandingContainer[];
  current?: string;
  share?: string;
  slots?: readonly [blue: string, green: string];
}): Standing {
  const [blue, green] = fields.slots ?? ['', ''];
  return {
    history: fields.history ?? [],
    releases: fields.releases ?? [],
    containers: fields.containers ?? [],
    routed: [],
    share: fields.share,
    traffic: undefined,
    current: fields.current === undefined ? '' : `releases/${fields.current}`,
    slots: { blue, green },
    confirm: undefined,
  };
}
