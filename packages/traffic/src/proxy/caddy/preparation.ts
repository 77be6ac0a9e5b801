import { NO_REACH, requireFlags } from '../contained.ts';
import type { Preparation } from '../proxy.ts';
import { withoutRegions } from '../region.ts';
import { installCaddy } from './edit.ts';

export const preparation: Preparation = {
  reach(view) {
    requireFlags(view);
    return { ...NO_REACH, canaryWhy: 'caddy has no log of its own for a colour' };
  },
  install: installCaddy,
  uninstall: withoutRegions,
};
