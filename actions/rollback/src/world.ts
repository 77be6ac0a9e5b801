import type { Ports } from '@deploy-actions/runner';
import type { Connecting } from '@deploy-actions/shell';

/** All that the action has to do with: the runner's side, and the servers. */
export interface World extends Ports, Connecting {
  /** Seconds that Docker's word `unhealthy` must last. Default: as long as a slow check may need once more. */
  patience?: number;
  /** Milliseconds for which a server that is not reached any more is asked for again. Default: two minutes. */
  reconnectFor?: number;
}
