import {
  ENGINE,
  ENGINE_CLUSTER,
  ENGINE_CONTAINERS,
  ENGINE_FAILURE,
  ENGINE_IMAGES,
  ENGINE_NETWORKS,
  ENGINE_RELEASES,
  LIVE_NAMES,
} from '@deploy-actions/engine';
import {
  FORMS,
  OWN_GROUP,
  PROCESSES,
  type ResultForms,
  defineInspection,
  defineProgram,
  defineTimer,
  part,
} from '@deploy-actions/host';
import { COLOR_PORTS } from '@deploy-actions/ledger';
import { LEDGER_PARAMETERS, LEDGER_READING_SH, LEDGER_SH } from '@deploy-actions/ledger/sh';
import { PROXIES, proxyOf } from '../proxy/registry.ts';
import { AS_ROOT, FOUND, HOST_PROCESSES, OF_PROXY, SHARED } from '../proxy/shared.ts';
import { ANSWERS, CLOCK } from './answers.ts';
import { CALLERS, PROXY_LINES } from './callers.ts';

const READING = part(LEDGER_READING_SH);
const LEDGER = part(LEDGER_SH, { needs: [READING], parameters: LEDGER_PARAMETERS });

const COLORS = part(new URL('colors.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, READING],
  parameters: ['project', 'routes', 'live_only'],
});
/** What is asked of the engine about colours, on a server by itself. */
const SERVER_COLORS = part(new URL('server-colors.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, COLORS],
});
/** The same in a cluster. */
const CLUSTER_COLORS = part(new URL('cluster-colors.sh', import.meta.url), {
  needs: [ENGINE_CLUSTER, COLORS, ANSWERS],
  parameters: ['place'],
});
/** What connections to a colour go to, on a server by itself and in a cluster. */
const SERVER_CONNECTIONS = part(new URL('server-connections.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, COLORS],
});
const CLUSTER_CONNECTIONS = part(new URL('cluster-connections.sh', import.meta.url), { needs: [SHARED] });
/** What the manager's proxy does with a switch that nobody confirms; a server by itself asks nobody. */
const ALONE_LEAD = part(new URL('no-lead.sh', import.meta.url));
const CLUSTER_LEAD = part(new URL('heed-lead.sh', import.meta.url), {
  needs: [ANSWERS],
  parameters: ['lead_connect', 'lead_token'],
});
/** All of several servers go on, or none does. */
const TOGETHER = part(new URL('await-others.sh', import.meta.url), {
  parameters: ['hosts', 'go_seconds'],
  results: { stopped: FORMS.flag },
});
const BUSY = part(new URL('busy.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, COLORS, SHARED, CLOCK],
  parameters: ['drain_seconds'],
  results: {
    drained: FORMS.word(['true', 'false', 'unknown']),
    drain_ms: FORMS.count,
    drain_left: FORMS.like(/^(?:\d{1,9}|unknown)$/, 'a number of connections'),
  },
});
const TOOLS = part(new URL('look-at-tools.sh', import.meta.url), {
  needs: [ENGINE, COLORS],
  parameters: ['docker_host', 'folder'],
});
const LIVE_ONLY = part(new URL('live-only.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, ENGINE_RELEASES, COLORS, LIVE_NAMES],
});
const RECORD = part(new URL('traffic-record.sh', import.meta.url), {
  needs: [COLORS, LEDGER],
  parameters: ['proxy', 'proxy_container', 'folder', 'routes_json'],
});
const GIVE_BACK = part(new URL('give-back.sh', import.meta.url), { needs: [LIVE_ONLY, RECORD] });
const TAKE_BACK = part(new URL('take-back.sh', import.meta.url), { needs: [GIVE_BACK] });
const LIES = part(new URL('lies.sh', import.meta.url), {
  needs: [SHARED],
  parameters: ['config_file', 'config_inside'],
});
const START_TIMERS = part(new URL('start-timers.sh', import.meta.url), {
  needs: [COLORS],
  parameters: ['confirm_seconds', 'stop_after'],
  results: { confirm_until: FORMS.count },
});
const WAY_BACK = part(new URL('way-back.sh', import.meta.url), { needs: [COLORS] });
/** Share, requests, failed ones of 10,000, 95th percentile and source of the figures, of each step with `;` behind it. */
const GATES = FORMS.like(
  /^(?:(?:blue|green)(?:-\d{1,2})? \d{1,12} \d{1,5} (?:\d{1,12}|unknown) [^;\0-\x1f]{1,400};)*$/,
  'a list of figures',
);
const CANARY = part(new URL('canary.sh', import.meta.url), {
  needs: [COLORS, ANSWERS],
  parameters: [
    'canary_log',
    'canary_why',
    'max_error_rate',
    'max_p95',
    'min_requests',
    'step_seconds',
    'watch_runner',
  ],
  results: { gates: GATES },
});
/** What a switch tells. */
export const SWITCH_RESULTS: ResultForms = {
  from: FORMS.share,
  to: FORMS.share,
  weight: FORMS.like(/^(?:\d{1,2}|100)$/, 'a weight of 0 to 100'),
  changed: FORMS.flag,
  stopped: FORMS.flag,
  switched_from: FORMS.share,
  switch_ms: FORMS.difference,
  switched_at: FORMS.time,
  overlap_ms: FORMS.difference,
  mechanism: FORMS.word(['flag', 'map', 'file', 'reload']),
  release: FORMS.idOrNone,
};
const SWITCH = part(new URL('switch.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, TOOLS, ANSWERS, CLOCK, BUSY, TAKE_BACK, LIES, START_TIMERS, CANARY, TOGETHER],
  parameters: [
    'mechanism',
    'target',
    'steps',
    'traffic_first',
    'verify_seconds',
    'start_target',
    'marks_bad',
    'marks_good',
    'reason',
  ],
  results: SWITCH_RESULTS,
});

/** What changes a proxy's configuration. */
const PREPARATION = part(new URL('preparation.sh', import.meta.url), {
  needs: [TOOLS, ANSWERS, RECORD, LIES, AS_ROOT],
  parameters: ['first_share', 'fresh', 'old_sum', 'login', 'login_group', 'verify_seconds', 'reason'],
  results: { backup: FORMS.path },
});

const ACCOUNT = FORMS.like(/^[\p{L}\p{N}][\p{L}\p{N} ._@\\+$-]{0,255}$/u, 'the name of a user or a group');
const LOOK_RESULTS: ResultForms = {
  containers: FORMS.text,
  unfinished: FORMS.lines(
    /^(?:running|interrupted) \/[^\t]+\t/,
    'a state, the folder of a run and its address',
  ),
  proxies: PROXY_LINES,
  traffic: FORMS.text,
  slot_blue: FORMS.idOrNone,
  slot_green: FORMS.idOrNone,
  ports: COLOR_PORTS,
  proxy: FORMS.text,
  confirm: FORMS.lines(
    /^\d{1,15} \d{1,15} (?:blue|green)(?:-\d{1,2})?(?: [a-z0-9][a-z0-9._-]{0,62}| ?)$/,
    'the record, the time and the share of a switch',
  ),
  history: FORMS.text,
  releases: FORMS.text,
  current: FORMS.text,
  user: ACCOUNT,
  group: ACCOUNT,
  folder_state: FORMS.word(['absent', 'writable', 'foreign']),
  'share_*': FORMS.shareOrNone,
  config_file: FORMS.path,
  config: FORMS.text,
  whole: FORMS.text,
  'whole_*': FORMS.text,
  mounts: FORMS.text,
  node: FORMS.text,
  address: FORMS.like(/^[0-9a-fA-F.:]{0,45}$/, 'an address of the network'),
  meets: FORMS.lines(/^[a-zA-Z0-9._-]+(?: [a-zA-Z0-9][\w.-]*)+$/, 'a service and its networks'),
  stacks: FORMS.text,
};

/** Looks at everything that a switch, an installation or a rollback must know. Its fields: see `parseLook`. */
export const LOOK = defineInspection({
  name: 'look',
  parts: [
    ...PROXIES.flatMap(({ lookPart, wholePart }) => [lookPart, wholePart]),
    part(new URL('look.sh', import.meta.url), {
      needs: [
        ENGINE,
        ENGINE_CONTAINERS,
        ENGINE_CLUSTER,
        ENGINE_FAILURE,
        PROCESSES,
        AS_ROOT,
        OF_PROXY,
        FOUND,
        HOST_PROCESSES,
      ],
      results: LOOK_RESULTS,
    }),
  ],
  parameters: ['project', 'folder', 'share_names', 'docker_host', 'site_config', 'wants_config'],
});

/** Starts the managed proxy where it does not run as wanted. Its files: `managedFiles`. */
export const MANAGED = defineProgram({
  name: 'managed',
  parts: [
    part(new URL('../proxy/managed/managed.sh', import.meta.url), {
      needs: [ENGINE, ENGINE_CONTAINERS, ENGINE_NETWORKS, ENGINE_IMAGES, AS_ROOT],
    }),
  ],
  parameters: [
    'project',
    'folder',
    'docker_host',
    'image',
    'ports',
    'certificate',
    'key',
    'networks',
    'login',
    'login_group',
  ],
});

/** Does nothing: the host recovers what was cut off before it comes to this. */
export const SETTLE = defineProgram({
  name: 'settle',
  parts: [part(new URL('settle.sh', import.meta.url))],
  parameters: [],
});

/** What is asked of the proxy by what moves its traffic and holds it to that. */
function switched(kind: string) {
  const { movePart, sharePart, configurationPart } = proxyOf(kind);
  return [movePart, sharePart, configurationPart];
}

/** What is asked of it by what changes its configuration. */
function prepared(kind: string) {
  const { sharePart, configurationPart, preparationParts } = proxyOf(kind);
  return [sharePart, configurationPart, ...preparationParts];
}

/** Whose containers the colours are: a server's by itself, or a cluster's. */
export type ColorsOf = 'server' | 'cluster';

const NAME_ENDS: Readonly<Record<ColorsOf, string>> = { server: '', cluster: ' in a cluster' };
const colorsPart = { server: SERVER_COLORS, cluster: CLUSTER_COLORS } as const;
const leadPart = { server: ALONE_LEAD, cluster: CLUSTER_LEAD } as const;
const connectionsPart = { server: SERVER_CONNECTIONS, cluster: CLUSTER_CONNECTIONS } as const;

/** Moves the traffic. */
export const switchProgram = (kind: string, of: ColorsOf = 'server') =>
  defineProgram({
    name: `switch ${kind}${NAME_ENDS[of]}`,
    parts: [
      ...switched(kind),
      colorsPart[of],
      connectionsPart[of],
      SWITCH,
      part(new URL('move.sh', import.meta.url)),
    ],
  });

/** Moves the traffic back to a colour that still holds what was chosen. */
export const flipProgram = (kind: string, of: ColorsOf = 'server') =>
  defineProgram({
    name: `flip ${kind}${NAME_ENDS[of]}`,
    parts: [
      ...switched(kind),
      colorsPart[of],
      connectionsPart[of],
      SWITCH,
      part(new URL('expected.sh', import.meta.url), { parameters: ['expect_slot'] }),
    ],
  });

/** Prepares a proxy once. */
export const installProgram = (kind: string, of: ColorsOf = 'server') =>
  defineProgram({
    name: `install ${kind}${NAME_ENDS[of]}`,
    parts: [
      ...prepared(kind),
      colorsPart[of],
      PREPARATION,
      part(new URL('install.sh', import.meta.url), {
        needs: [OWN_GROUP],
        results: { changed: FORMS.flag, to: FORMS.share },
      }),
    ],
  });

/** Takes our parts out of a proxy's configuration again. */
export const uninstallProgram = (kind: string, of: ColorsOf = 'server') =>
  defineProgram({
    name: `uninstall ${kind}${NAME_ENDS[of]}`,
    parts: [
      ...prepared(kind),
      colorsPart[of],
      PREPARATION,
      part(new URL('uninstall.sh', import.meta.url), {
        parameters: ['canary_log'],
        results: { from: FORMS.shareOrNone, to: FORMS.share, changed: FORMS.flag, remains: FORMS.line },
      }),
    ],
  });

/** Confirms a switch that waits for it. */
export const confirmProgram = (kind: string, of: ColorsOf = 'server') =>
  defineProgram({
    name: `confirm ${kind}${NAME_ENDS[of]}`,
    parts: [
      colorsPart[of],
      connectionsPart[of],
      leadPart[of],
      proxyOf(kind).movePart,
      proxyOf(kind).sharePart,
      part(new URL('confirm.sh', import.meta.url), {
        needs: [TOOLS, TAKE_BACK, WAY_BACK, START_TIMERS, BUSY, TOGETHER],
        parameters: ['reason'],
        results: { from: FORMS.shareOrNone, to: FORMS.shareOrNone },
      }),
    ],
  });

/** What a switch leaves behind for when nobody confirms it, or when the old colour's time is over. */
export const timerProgram = (kind: string, of: ColorsOf = 'server') =>
  defineTimer({
    name: `timer ${kind}${NAME_ENDS[of]}`,
    parts: [
      colorsPart[of],
      leadPart[of],
      proxyOf(kind).movePart,
      proxyOf(kind).sharePart,
      part(new URL('timer.sh', import.meta.url), {
        needs: [ENGINE_CONTAINERS, TOOLS, GIVE_BACK, WAY_BACK],
      }),
    ],
    parameters: ['path', 'deployment_id'],
    // What `start_timer` writes down.
    later: ['operation', 'timer_until', 'timer_fence', 'from', 'from_release', 'target', 'old_content'],
  });

/** All programs of this package, for the checks that each of them must pass. */
export const PROGRAMS = [
  LOOK,
  CALLERS,
  MANAGED,
  SETTLE,
  ...[switchProgram, flipProgram, installProgram, uninstallProgram, confirmProgram, timerProgram].flatMap(
    (program) => PROXIES.flatMap(({ kind }) => [program(kind), program(kind, 'cluster')]),
  ),
];
