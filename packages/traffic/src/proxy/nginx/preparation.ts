import { insidePath } from '../mounts.ts';
import { NO_REACH, requireFlags } from '../contained.ts';
import type { Preparation } from '../proxy.ts';
import { withoutRegions } from '../region.ts';
import { installNginx } from './edit.ts';

/** Where nginx writes the answers of a canary: made by root, so that no user can put a link in its way. */
const CANARY_LOGS = '/var/log/deploy-actions';

export const preparation: Preparation = {
  reach(view) {
    requireFlags(view);
    const path = `${CANARY_LOGS}/${view.project}.log`;
    const inside = view.container === undefined ? path : insidePath(path, view.container);
    if (inside !== undefined) return { ...NO_REACH, canaryLog: path, canaryLogInside: inside };
    return {
      ...NO_REACH,
      canaryWhy: `${view.container!.name} has no volume ${CANARY_LOGS}:${CANARY_LOGS}`,
    };
  },
  install: installNginx,
  uninstall: withoutRegions,
};
