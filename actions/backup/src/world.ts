import type { Ports } from '@deploy-actions/runner';
import type { Connecting } from '@deploy-actions/shell';

/** All that the action has to do with: the runner's side, and the servers. */
export type World = Ports & Connecting;
