import { BRING_BACK } from '@deploy-actions/archive/bring-back';
import { CLUSTER, ENGINE_IMAGES, REQUIREMENTS } from '@deploy-actions/engine';
import { FORMS, defineProgram, part } from '@deploy-actions/host';
import {
  ALONE_LEAD,
  BRING_UP,
  CLUSTER_UP,
  COLOR,
  CONTAINER,
  DEPENDENCIES,
  IMAGES,
  LEDGER,
  TAKE_LEAD,
  WORK,
} from './programs.ts';

const RECORDED_IMAGES = part(new URL('sh/recorded-images.sh', import.meta.url), {
  needs: [ENGINE_IMAGES, IMAGES],
});

/** What every rollback to a recorded release needs. */
const RECORDED = part(new URL('sh/recorded.sh', import.meta.url), {
  needs: [ENGINE_IMAGES, WORK, LEDGER, RECORDED_IMAGES, CONTAINER, BRING_BACK],
  parameters: ['base_project'],
});

const RETURN_RESULTS = { from: FORMS.idOrNone, to: FORMS.id, stopped: FORMS.flag };
const ROLLBACK = part(new URL('sh/rollback.sh', import.meta.url), { results: RETURN_RESULTS });

/** What a rollback in place is told. */
const REDEPLOY_PARAMETERS = [
  'project',
  'release',
  'failed_release',
  'docker_host',
  'wait_timeout',
  'remove_orphans',
  'hosts',
  'go_seconds',
  'database_elsewhere',
  'database_seconds',
  'takes_back',
  'reason',
] as const;

/** A rollback that recreates a recorded release. */
export const REDEPLOY = defineProgram({
  name: 'redeploy',
  parts: [
    RECORDED,
    ALONE_LEAD,
    BRING_UP,
    DEPENDENCIES,
    ROLLBACK,
    part(new URL('sh/recreate.sh', import.meta.url), { needs: [REQUIREMENTS] }),
  ],
  parameters: [...REDEPLOY_PARAMETERS, 'stop_timeout'],
});

/** The same in a cluster, on one of its managers. */
export const REDEPLOY_CLUSTER = defineProgram({
  name: 'redeploy-cluster',
  parts: [
    RECORDED,
    CLUSTER_UP,
    TAKE_LEAD,
    ROLLBACK,
    part(new URL('sh/return-cluster.sh', import.meta.url), { needs: [CLUSTER] }),
  ],
  parameters: REDEPLOY_PARAMETERS,
});

/** Proves on another node of the cluster that its tasks can come back there, and hears which release serves. */
export const REDEPLOY_NODE = defineProgram({
  name: 'redeploy-node',
  parts: [
    WORK,
    LEDGER,
    RECORDED_IMAGES,
    part(new URL('sh/return-node.sh', import.meta.url), { needs: [CLUSTER], results: RETURN_RESULTS }),
  ],
  parameters: ['release', 'base_project', 'docker_host', 'go_seconds', 'reason'],
});

/** Lets a recorded release stand by in the idle colour; no traffic moves. */
export const STAND_BY = defineProgram({
  name: 'stand-by',
  parts: [
    RECORDED,
    ALONE_LEAD,
    BRING_UP,
    DEPENDENCIES,
    COLOR,
    part(new URL('sh/stand-by.sh', import.meta.url), { needs: [REQUIREMENTS] }),
  ],
  parameters: [
    'project',
    'color',
    'shared_services',
    'source',
    'release',
    'failed_release',
    'failed_project',
    'docker_host',
    'wait_timeout',
    'stop_timeout',
    'remove_orphans',
    'reason',
  ],
});

/** All, for the checks that each of them must pass. */
export const RECORDED_PROGRAMS = [REDEPLOY, REDEPLOY_CLUSTER, REDEPLOY_NODE, STAND_BY];
