import { Failure } from '@deploy-actions/kit';
import { insidePath } from '../mounts.ts';
import { NO_REACH } from '../contained.ts';
import type { Preparation } from '../proxy.ts';
import { withoutRegions } from '../region.ts';
import { installTraefik } from './edit.ts';

export const preparation: Preparation = {
  reach({ configFile, container }) {
    const watched = configFile.replace(/\/[^/]*$/, '');
    if (container && insidePath(`${watched}/new.yml`, container) === undefined) {
      throw new Failure('refused', `the container ${container.name} sees ${configFile}, but not its folder`, {
        input: 'site-config',
        remedy: `Mount the folder ${watched} instead of the single file, name it in providers.file.directory, and recreate the container once.`,
      });
    }
    return { ...NO_REACH, watched, canaryWhy: 'traefik has no log of its own for a colour' };
  },
  install: installTraefik,
  uninstall: withoutRegions,
};
