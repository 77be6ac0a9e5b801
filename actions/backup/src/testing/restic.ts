import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { BackupRig } from './backup-rig.ts';

/** A stand-in for restic on the server of a rig: a snapshot is a folder with its JSON and a copy of what was sent. */
export interface FakeRestic {
  /** How it behaves from now on, as the file of its name says. */
  behaves(how: ResticFault): void;
  /** The backups in it, by their tags, in the order in which they were sent. */
  ids(): string[];
  /** How it was called, a line each. */
  calls(): string[];
  /** Ids of its processes that run. */
  running(): number[];
  /** Changes the JSON of every snapshot. */
  change(change: (json: string) => string): void;
  /** A file of the newest snapshot. */
  file(id: string, name: string): string;
  /** Lets a lock lie in the repository, as restic tells of it, until it is taken off. */
  lock(lock: { hostname: string; username: string; pid: number }): void;
  /** How many locks lie there. */
  locks(): number;
  /** What its environment was: the password and the variables that it was given. */
  environment(): string;
}

/**
 * `old`: 0.16. `gone`: there is no repository. `stranger`: another password. `fails`: it cannot be written to. `hangs`
 * while it sends. `cuts` what it gives back. `locked`: somebody holds the lock that removing needs.
 */
export type ResticFault = 'old' | 'gone' | 'stranger' | 'fails' | 'hangs' | 'cuts' | 'locked' | '';

export const RESTIC_INPUTS = {
  engine: 'restic',
  repository: 'rest:https://shop:l0gin-secret@store.example.org/shop',
  'repository-password': 'pass of the repository',
  'repository-env': 'AWS_ACCESS_KEY_ID=AKIA1\nAWS_SECRET_ACCESS_KEY=se=cr=et==',
};

const RESTIC = String.raw`read -r how <"$HOME/how/restic" || exit 99
echo $$ >>"$HOME/pids/restic"
echo "$*" >>"$HOME/restic-calls"
env | grep -e RESTIC -e AWS | sort >"$HOME/restic-env"
repository=$HOME/repository
if [ "$1" = version ]; then
  if [ "$how" = old ]; then echo 'restic 0.16.4 compiled with go1.22'; else echo 'restic 0.18.0 compiled with go1.24.4 on linux/amd64'; fi
  exit 0
fi
[ "$1" != --retry-lock ] || shift 2
case $how in
  gone) echo 'Fatal: repository does not exist: unable to open config file' >&2; exit 10 ;;
  stranger) echo 'Fatal: wrong password or no key found' >&2; exit 12 ;;
esac
command=$1
shift
case $command in
  cat)
    case $1 in
      lock) cat "$repository.locks/$2" ;;
      *) echo '{"version":2}' ;;
    esac ;;
  list) ls "$repository.locks" ;;
  unlock) rm "$repository.locks"/* ;;
  snapshots)
    printf '['
    separator=
    for each in "$repository"/*/snapshot.json; do
      [ -f "$each" ] || continue
      printf '%s%s' "$separator" "$(cat "$each")"
      separator=,
    done
    printf ']\n' ;;
  backup)
    [ "$how" != fails ] || { echo 'Fatal: unable to save snapshot: server response unexpected: 507' >&2; exit 1; }
    [ "$how" != hangs ] || exec sleep 300
    while [ "$1" != -- ]; do
      case $1 in --host) host=$2 ;; --tag) tags=$2 ;; esac
      shift
    done
    snapshot=$(date +%N%s | sha256sum | cut -d ' ' -f 1)
    mkdir "$repository/$snapshot"
    cp -r "$2" "$repository/$snapshot/"
    printf '{"time":"2026-01-01T00:00:00Z","tree":"%s","paths":["%s"],"hostname":"%s","username":"deploy","tags":["%s"],"id":"%s","short_id":"x"}' \
      "$snapshot" "$PWD/$2" "$host" "$(echo "$tags" | sed 's/,/","/g')" "$snapshot" >"$repository/$snapshot/snapshot.json"
    printf '{"message_type":"summary","files_new":3,"snapshot_id":"%s"}\n' "$snapshot" ;;
  dump)
    if [ "$how" = cuts ]; then head -c 3 "$repository/$2/$3"; else cat "$repository/$2/$3"; fi ;;
  forget)
    [ -z "$(ls "$repository.locks")" ] || { echo 'Fatal: unable to create lock in backend: repository is already locked' >&2; exit 11; }
    [ "$how" != locked ] || { echo 'Fatal: unable to create lock in backend: repository is already locked by PID 7 on nas by root' >&2; exit 11; }
    for each; do rm -r "$repository/$each" || exit 1; done ;;
  *) echo "unknown: $command" >&2; exit 99 ;;
esac`;

export function fakeRestic(rig: BackupRig): FakeRestic {
  const at = (...names: string[]) => path.join(rig.host.home, ...names);
  mkdirSync(at('repository'));
  mkdirSync(at('repository.locks'));
  rig.host.tool('restic', RESTIC);
  const snapshots = () =>
    readdirSync(at('repository'))
      .map((name) => at('repository', name, 'snapshot.json'))
      .filter((file) => existsSync(file));
  const idOf = (file: string) => /"backup:([^"]*)"/.exec(readFileSync(file, 'utf8'))?.[1] ?? '';
  const fake: FakeRestic = {
    behaves: (how) => writeFileSync(at('how', 'restic'), `${how}\n`),
    ids: () => snapshots().map(idOf).sort(),
    calls: () => readFileSync(at('restic-calls'), 'utf8').trim().split('\n'),
    running: () => rig.running('restic'),
    change(change) {
      for (const file of snapshots()) writeFileSync(file, change(readFileSync(file, 'utf8')));
    },
    file(id, name) {
      const snapshot = snapshots().find((file) => idOf(file) === id);
      return path.join(path.dirname(snapshot!), id, name);
    },
    lock(lock) {
      const text = JSON.stringify(
        { time: '2026-11-28T02:05:53.98Z', exclusive: false, ...lock },
        undefined,
        2,
      );
      writeFileSync(at('repository.locks', createHash('sha256').update(text).digest('hex')), text);
    },
    locks: () => readdirSync(at('repository.locks')).length,
    environment: () => readFileSync(at('restic-env'), 'utf8'),
  };
  fake.behaves('');
  return fake;
}
