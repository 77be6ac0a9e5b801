import { BRING_BACK } from '@deploy-actions/archive/bring-back';
import { ENGINE_IMAGES, REQUIREMENTS } from '@deploy-actions/engine';
import { FORMS, defineProgram, part } from '@deploy-actions/host';
import { BRING_UP, COLOR, CONTAINER, DEPENDENCIES, IMAGES, LEDGER, WORK } from './programs.ts';

/** What every rollback to a recorded release needs. */
const RECORDED = part(new URL('sh/recorded.sh', import.meta.url), {
  needs: [ENGINE_IMAGES, WORK, REQUIREMENTS, LEDGER, IMAGES, BRING_UP, CONTAINER, DEPENDENCIES, BRING_BACK],
  parameters: ['base_project'],
});

/** A rollback that recreates a recorded release. */
export const REDEPLOY = defineProgram({
  name: 'redeploy',
  parts: [
    RECORDED,
    part(new URL('sh/rollback.sh', import.meta.url), {
      results: { from: FORMS.idOrNone, to: FORMS.id, stopped: FORMS.flag },
    }),
  ],
  parameters: [
    'project',
    'release',
    'failed_release',
    'docker_host',
    'wait_timeout',
    'stop_timeout',
    'remove_orphans',
    'hosts',
    'go_seconds',
    'database_elsewhere',
    'database_seconds',
    'takes_back',
    'reason',
  ],
});

/** Lets a recorded release stand by in the idle colour; no traffic moves. */
export const STAND_BY = defineProgram({
  name: 'stand-by',
  parts: [RECORDED, COLOR, part(new URL('sh/stand-by.sh', import.meta.url))],
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

/** Both, for the checks that each of them must pass. */
export const RECORDED_PROGRAMS = [REDEPLOY, STAND_BY];
