import { ENGINE } from '@deploy-actions/engine';
import { defineInspection, defineProgram, defineTimer, part } from '@deploy-actions/host';
import { LEDGER_PARAMETERS, LEDGER_READING_SH, LEDGER_SH } from '@deploy-actions/ledger/sh';
import { PROXIES, proxyOf } from '../proxy/registry.ts';
import { SITE_PARAMETERS, SWITCH_PARAMETERS } from './parameters.ts';

/** What all proxies share. */
const PROXY = part(new URL('../proxy/proxy.sh', import.meta.url), { needs: [ENGINE] });
const PREPARATION = part(new URL('preparation.sh', import.meta.url));
const UNINSTALL = part(new URL('uninstall.sh', import.meta.url));
const READING = part(LEDGER_READING_SH);
const LEDGER = part(LEDGER_SH, { needs: [READING], parameters: LEDGER_PARAMETERS });
const OBSERVE = part(new URL('observe.sh', import.meta.url), { needs: [ENGINE, READING] });
const SWITCH = part(new URL('switch.sh', import.meta.url), { needs: [LEDGER] });
const CANARY = part(new URL('canary.sh', import.meta.url));
const INSTALL = part(new URL('install.sh', import.meta.url));
const CONFIRM = part(new URL('confirm.sh', import.meta.url));
const TIMER = part(new URL('timer.sh', import.meta.url));
const MOVE = part(new URL('move.sh', import.meta.url));
const EXPECTED = part(new URL('expected.sh', import.meta.url));

const common = (kind: string) => [PROXY, proxyOf(kind).part, OBSERVE, SWITCH];

/** Looks at everything that a switch, an installation or a rollback must know. Its fields: see `parseLook`. */
export const LOOK = defineInspection({
  name: 'look',
  parts: [part(new URL('look.sh', import.meta.url), { needs: [ENGINE] })],
  parameters: [
    'project',
    'folder',
    'share_names',
    'docker_host',
    'site_config',
    'wants_config',
    'proxy_kinds',
  ],
});

/** Starts the managed proxy where it does not run as wanted. Its Caddyfile is `$files/Caddyfile`. */
export const MANAGED = defineProgram({
  name: 'managed',
  parts: [part(new URL('../proxy/managed/managed.sh', import.meta.url), { needs: [ENGINE, READING] })],
  parameters: [
    'project',
    'folder',
    'docker_host',
    'image',
    'ports',
    'certificate',
    'key',
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

/** Moves the traffic. */
export const switchProgram = (kind: string) =>
  defineProgram({
    name: `switch ${kind}`,
    parts: [...common(kind), CANARY, MOVE],
    parameters: [...SITE_PARAMETERS, ...SWITCH_PARAMETERS],
  });

/** Moves the traffic back to a colour that still holds what was chosen. */
export const flipProgram = (kind: string) =>
  defineProgram({
    name: `flip ${kind}`,
    parts: [...common(kind), CANARY, EXPECTED],
    parameters: [...SITE_PARAMETERS, ...SWITCH_PARAMETERS, 'expect_slot'],
  });

/** What a program that changes a proxy's configuration is told besides the site and the switch. */
const PREPARATION_PARAMETERS = [
  ...SITE_PARAMETERS,
  ...SWITCH_PARAMETERS,
  'first_share',
  'fresh',
  'old_sum',
  'socket_folder',
  'login',
  'login_group',
] as const;

const preparing = (kind: string) => [...common(kind), PREPARATION, ...proxyOf(kind).preparationParts];

/** Prepares a proxy once. */
export const installProgram = (kind: string) =>
  defineProgram({
    name: `install ${kind}`,
    parts: [...preparing(kind), INSTALL],
    parameters: PREPARATION_PARAMETERS,
  });

/** Takes our parts out of a proxy's configuration again. */
export const uninstallProgram = (kind: string) =>
  defineProgram({
    name: `uninstall ${kind}`,
    parts: [...preparing(kind), UNINSTALL],
    parameters: PREPARATION_PARAMETERS,
  });

/** Confirms a switch that waits for it. */
export const confirmProgram = (kind: string) =>
  defineProgram({
    name: `confirm ${kind}`,
    parts: [...common(kind), CONFIRM],
    parameters: [...SITE_PARAMETERS, ...SWITCH_PARAMETERS],
  });

/** What a switch leaves behind for when nobody confirms it, or when the old colour's time is over. */
export const timerProgram = (kind: string) =>
  defineTimer({
    name: `timer ${kind}`,
    parts: [...common(kind), TIMER],
    parameters: [...SITE_PARAMETERS, ...SWITCH_PARAMETERS, 'path', 'deployment_id'],
  });

/** All programs of this package, for the checks that each of them must pass. */
export const PROGRAMS = [
  LOOK,
  MANAGED,
  SETTLE,
  ...[switchProgram, flipProgram, installProgram, uninstallProgram, confirmProgram, timerProgram].flatMap(
    (program) => PROXIES.map(({ kind }) => program(kind)),
  ),
];
