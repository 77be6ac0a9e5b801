import { Failure } from '@deploy-actions/kit';
import { insidePath } from './mounts.ts';
import type { ProxyView, Reach } from './proxy.ts';

export const NO_REACH: Reach = {
  socket: '',
  socketInside: '',
  socketFolder: '',
  watched: '',
  canaryLog: '',
  canaryLogInside: '',
  canaryWhy: '',
  warnings: [],
};

/** A proxy in a container must see the folder of the flags by the path that it has on the server. */
export function requireFlags({ folder, container }: ProxyView): void {
  if (container === undefined || insidePath(`${folder}/blue`, container) === `${folder}/blue`) return;
  throw new Failure(
    'refused',
    `the container ${container.name} does not see the folder of the flags, ${folder}`,
    {
      remedy: `Add the volume ${folder}:${folder}:ro to it (the folder, not a file), and recreate it once.`,
    },
  );
}
