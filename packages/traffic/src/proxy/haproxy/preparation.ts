import { NO_REACH, requireFlags } from '../contained.ts';
import type { Preparation } from '../proxy.ts';
import { withoutRegions } from '../region.ts';
import { installHaproxy } from './edit.ts';

export const preparation: Preparation = {
  reach(view) {
    requireFlags(view);
    const canaryWhy = 'haproxy has no log of its own for a colour';
    const name = `deploy-${view.project}.sock`;
    if (view.container === undefined) {
      const socket = `/run/haproxy/${name}`;
      return { ...NO_REACH, socket, socketInside: socket, canaryWhy };
    }
    // In a container it is reached where the folder that it lies in is mounted from the server.
    const mount = view.container.mounts.find(({ destination }) =>
      /^\/(?:var\/)?run\/haproxy\/?$/.test(destination),
    );
    if (!mount) {
      const socketFolder = `${view.folder}.haproxy`;
      const warning = `the runtime socket of HAProxy in ${view.container.name} cannot be reached from the server, so each switch has to reload it, which closes idle connections of clients. To have none: add the volume ${socketFolder}:/run/haproxy to the container, recreate it once, and run install again`;
      return { ...NO_REACH, socketFolder, canaryWhy, warnings: [warning] };
    }
    const socketFolder = mount.source.replace(/\/$/, '');
    return {
      ...NO_REACH,
      socket: `${socketFolder}/${name}`,
      socketInside: `${mount.destination.replace(/\/$/, '')}/${name}`,
      socketFolder,
      canaryWhy,
    };
  },
  install: installHaproxy,
  uninstall: withoutRegions,
};
