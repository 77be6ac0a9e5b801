import type { Lab } from '@deploy-actions/lab';
import { startSlackStub, startTelegramStub } from '@deploy-actions/notice/testing';
import type { Progress } from './progress.ts';
import {
  type Messengers,
  type Shop,
  SITE_PORT,
  describeShop,
  openJob,
  publishBadVersion,
  startSite,
} from './shop.ts';
import { type Step, playStep } from './step.ts';
import { type Traffic, type Watch, watchTraffic } from './watch.ts';

/** What the client saw, and what the messengers show. */
export interface Rehearsal extends Traffic {
  /** The colour that serves at the end. */
  color: string;
  /** The final messages as their readers see them, by messenger. */
  messages: { messenger: string; text: string }[];
}

const COLORS = {
  color: 'auto',
  'color-services': 'web\napi\nworker\nscheduler',
  'live-only-services': 'worker\nscheduler',
};

/** What a person would try by hand: a page, the data, a login that gives a token. */
const JOURNEY_CHECKS = `
- name: front page
  request: GET /
  expect: { status: 200 }
- name: no profile without a login
  request: GET /api/me
  expect: { status: 401 }
- name: profile
  steps:
    - request: { method: POST, url: /api/login, json: { user: demo, password: demo } }
      capture: { token: { jsonpath: $.token } }
    - request: { url: /api/me, bearer: '{{token}}' }
      expect: { status: 200 }
`;

/** Enough requests that one in ten going wrong cannot be missed. */
const WATCH_CHECKS = `
thresholds: { error-rate: 1%, min-checks: 60 }
checks:
  - name: 'answer {{n}}'
    matrix: { n: [${Array.from({ length: 60 }, (_, index) => index + 1).join(', ')}] }
    request: GET /api/echo?n={{n}}
    expect: { status: 200 }
`;

/**
 * Plays three workflow runs: v1 as a plain stack; v2 beside it, proven before the traffic moves to it without a
 * reload; and a bad release that looks healthy, takes the traffic, is found out and taken back.
 * @throws when a step does not end as it should, or what answers at the end is not v2.
 */
export async function playJourney(lab: Lab, progress: Progress, signal: AbortSignal): Promise<Rehearsal> {
  const messengers: Messengers = { slack: await startSlackStub(), telegram: await startTelegramStub() };
  const shop = describeShop(lab, messengers);
  const watch = watchTraffic(progress);
  try {
    const play = async (step: Step, run: number) => {
      const result = await watch.during(() => playStep(step, openJob(lab, run, signal), progress));
      return result.outputs;
    };
    await publishBadVersion(lab.registry, 'v3');
    await playFirstRun(shop, lab, play);
    watch.start(lab.host.url(SITE_PORT));
    const color = await playGoodRun(shop, watch, play);
    await playBadRun(shop, lab, watch, play);
    await watch.expect('v2');
    return {
      ...(await watch.stop()),
      color,
      messages: [
        ...messengers.slack.messages().map(({ text }) => ({ messenger: 'Slack', text })),
        ...messengers.telegram.messages().map(({ text }) => ({ messenger: 'Telegram', text })),
      ],
    };
  } finally {
    await watch.stop();
    await messengers.slack.close();
    await messengers.telegram.close();
  }
}

type Play = (step: Step, run: number) => Promise<Record<string, string>>;

async function playFirstRun(shop: Shop, lab: Lab, play: Play): Promise<void> {
  const { images = '' } = await play(shop.verify('v1'), 1);
  await play(shop.deploy('v1', images), 1);
  await startSite(lab.host);
  await play(shop.waitHere('v1'), 1);
}

/** Answers the colour of v2. */
async function playGoodRun(shop: Shop, watch: Watch, play: Play): Promise<string> {
  const { images = '' } = await play(shop.verify('v2'), 2);
  for (const step of shop.tell('started', 'Deploying v2')) await play(step, 2);
  const deployed = await play(shop.deploy('v2', images, COLORS), 2);
  const url = routeUrl(deployed['color-urls'], 'web');
  await play(shop.waitThere('v2', url), 2);
  const smoke = await play(
    shop.smoke('prove the journeys of v2, through SSH', {
      'base-url': url,
      via: 'ssh',
      checks: JOURNEY_CHECKS,
    }),
    2,
  );
  await play(shop.installProxy(), 2);
  watch.moves('v2', 'v2 takes the traffic');
  const { to: color = '' } = await play(shop.switchTo('v2'), 2);
  await watch.expect('v2');
  for (const step of shop.tell('success', 'Deployed v2', smoke['report'])) await play(step, 2);
  return color;
}

async function playBadRun(shop: Shop, lab: Lab, watch: Watch, play: Play): Promise<void> {
  const { images = '' } = await play(shop.verify('v3'), 3);
  const deployed = await play(shop.deploy('v3', images, COLORS), 3);
  await play(shop.waitThere('v3', routeUrl(deployed['color-urls'], 'web')), 3);
  watch.moves('v3', 'v3 takes the traffic');
  await play(shop.switchTo('v3', { 'confirm-within': '5m' }), 3);
  const smoke = await play(
    {
      ...shop.smoke('watch v3 at the site', { 'base-url': lab.host.url(SITE_PORT), checks: WATCH_CHECKS }),
      expect: 'failure',
      outcome: ({ outputs }) => `found out: ${outputs['failed']} of 60 answers failed`,
    },
    3,
  );
  watch.moves('v2', 'v2 has it back');
  await play(shop.rollBack(), 3);
  await play(shop.waitHere('v2'), 3);
  for (const step of shop.tell('rolled-back', 'v3 was taken back, v2 serves', smoke['report']))
    await play(step, 3);
}

function routeUrl(json: string | undefined, route: string): string {
  const url = (JSON.parse(json ?? '{}') as Record<string, string>)[route];
  if (url === undefined) throw new Error(`the deployment named no address for the route ${route}: ${json}`);
  return url;
}
