import { hostsForEach } from '@deploy-actions/host/testing';
import { summaryOfFailure } from '@deploy-actions/runner/testing';
import { storyMarkdown } from '../../actions/deployment-record/src/markdown.ts';
import { storyOf } from '../../actions/deployment-record/src/testing/story.ts';
import { deployRig } from '../../actions/ssh-compose-deploy/src/testing/deploy-rig.ts';
import { summaryOf } from '../../actions/stability-watch/src/summary.ts';

/** What a step writes to the job's summary in one case. */
export interface SummaryCase {
  name: string;
  /** Whether the step is green. */
  ok: boolean;
  markdown: string;
  /** What a person must see at once: what happened, and what serves now or that nothing was changed. */
  says: RegExp;
}

/** Those that the documentation shows, and how high the picture is. */
export const SHOWN = [
  { name: 'deployed', height: 490 },
  { name: 'restored', height: 460 },
] as const;

const API = 'registry.test/shop/api';

/**
 * The summaries of deployments that went well and that did not, each written by the action itself on servers of its own
 * whose Docker is scripted; and of two other actions, by samples of theirs.
 */
export async function summaryCases(): Promise<SummaryCase[]> {
  const cleanups: (() => Promise<void>)[] = [];
  const hostWith = hostsForEach((work) => cleanups.push(work));
  const cases: SummaryCase[] = [];
  const rigOf = <N extends string>(...names: N[]) => deployRig(names, hostWith);
  type Rig = ReturnType<typeof rigOf<'web1'>>;
  /** v1 runs; this is what happens when v2 is deployed. */
  const upgrade = async (
    name: string,
    says: RegExp,
    prepare: (rig: Rig) => void = () => {},
    more: Record<string, string> = {},
  ) => {
    const rig = rigOf('web1');
    await rig.deploy('v1');
    prepare(rig);
    const { failure, ports } = await rig.deploy('v2', { environment: 'production', ...more });
    const markdown = ports.summaries.join('\n') || (await summaryOfFailure('ssh-compose-deploy', failure!));
    cases.push({ name, ok: failure === undefined, markdown, says });
  };
  const scripted = (image: object) => (rig: Rig) =>
    rig.servers.web1.docker.script({ images: { [`${API}:v2`]: image } });
  try {
    await upgrade('deployed', /v2 is deployed and healthy on web1/);
    await upgrade(
      'restored',
      /v2 did not become healthy: api is unhealthy.*v1 serves on web1/,
      scripted({ health: 'unhealthy' }),
    );
    await upgrade(
      'left',
      /v2 did not become healthy.*was not restored and may be down: look at it now/,
      scripted({ health: 'unhealthy' }),
      { 'on-failure': 'keep' },
    );
    await upgrade('crashed', /api exited with 3.*v1 serves on web1/, scripted({ exits: 3 }));
    await upgrade('no-image', /registry has no .*api:v9; nothing was changed.*v1 serves/, undefined, {
      env: 'TAG=v9',
    });
    await upgrade('docker-refused', /may not use Docker[\s\S]*Outcome: .?nothing-changed/, (rig) =>
      rig.servers.web1.docker.script({
        refused: 'permission denied while trying to connect to the Docker daemon socket',
      }),
    );
    await upgrade(
      'wrong-compose-file',
      /The workflow needs a change: .*there is no missing\.yaml in the checkout/,
      undefined,
      { 'compose-file': 'compose.yaml\nmissing.yaml' },
    );
    const fleet = rigOf('web1', 'web2');
    await fleet.deploy('v1');
    fleet.servers.web2.docker.script({ images: { [`${API}:v2`]: { health: 'unhealthy' } } });
    const { failure, ports } = await fleet.deploy('v2', { environment: 'production' });
    cases.push({
      name: 'one-of-two',
      ok: failure === undefined,
      markdown: ports.summaries.join('\n'),
      says: /v2 did not become healthy.*v1 serves on web1 and web2/,
    });
  } finally {
    for (const cleanup of cleanups) await cleanup();
  }
  cases.push({ name: 'watch', ok: false, markdown: watchSummary(), says: /errors of 600 requests/ });
  cases.push({
    name: 'record',
    ok: false,
    markdown: storyMarkdown(storyOf()),
    says: /was rolled back|rolled back/i,
  });
  return cases;
}

/** A watch that ended early: errors rise in its second minute. */
function watchSummary(): string {
  const rows = Array.from({ length: 12 }, (_, index) => ({
    untilMs: (index + 1) * 10_000,
    requests: 50,
    errors: index < 8 ? 0 : (index - 7) * 4,
    restarts: index < 10 ? 0 : 1,
    p50Ms: 20 + index,
    p95Ms: 60 + index * (index < 8 ? 2 : 20),
  }));
  const errors = rows.reduce((sum, row) => sum + row.errors, 0);
  return summaryOf(
    { targets: [{}] as never, scope: {} as never, missing: [], evidence: ['api-1 | panic: out of memory'] },
    {
      kind: 'watch',
      ok: false,
      summary: `site: ${errors} errors of 600 requests, where 3 may happen`,
      elapsedMs: 120_000,
      checks: [
        {
          name: 'site',
          ok: false,
          attempts: 600,
          elapsedMs: 120_000,
          detail: `${errors} errors, the last: status 502`,
        },
      ],
    },
    rows,
  );
}
