import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { BackupRig } from './backup-rig.ts';

/**
 * A volume of the stack, `media`, that the service `web` has; the stand-in's tar finds it in a folder of the test, which is
 * answered: the one that the engine keeps its content in.
 */
export function withVolume(rig: BackupRig, destination = '/media'): string {
  const volume = path.join(rig.host.home, 'volumes/shop_media/_data');
  mkdirSync(path.join(volume, 'pictures'), { recursive: true });
  writeFileSync(path.join(volume, 'pictures/a.png'), 'picture');
  rig.docker.make(
    'volume',
    'shop_media',
    { 'com.docker.compose.project': 'shop', 'com.docker.compose.volume': 'media' },
    { Driver: 'local', Mountpoint: volume, Options: null },
  );
  rig.service('web', [{ Name: 'shop_media', Destination: destination }]);
  rig.host.tool(
    'tar',
    `how=$(cat "$HOME/how/tar" 2>/dev/null)
tar=/bin/tar
case "$IN_CONTAINER" in *helper*) [ ! -e "$HOME/how/busybox" ] || tar='busybox tar' ;; esac
case "$IN_CONTAINER $*" in *helper*' -C /volume '*)
  [ "$how" != fails ] || { echo 'tar: ./a: file changed as we read it' >&2; exit 1; }
  exec $tar -C '${volume}' -cf - . ;; esac
$tar "$@" || exit
case "$how $*" in 'loses '*-xpf*)
  for word; do
    if [ "$last" = -C ]; then find "$word" -type f | sed q | while read -r file; do rm "$file"; done; fi
    last=$word
  done ;;
esac`,
  );
  return volume;
}
