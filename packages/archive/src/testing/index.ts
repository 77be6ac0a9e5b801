import path from 'node:path';

// Databases as far as the programs of backups ask them: tools of a test's host, by their names.

const MARIADB = path.join(import.meta.dirname, 'mariadb.mjs');

/** A MariaDB, whose databases are folders of `mysql` in the home folder; see mariadb.mjs. */
export const MARIADB_TOOLS: Readonly<Record<string, string>> = Object.fromEntries(
  ['mariadb', 'mariadb-dump'].map((name) => [name, `exec '${process.execPath}' '${MARIADB}' ${name} "$@"`]),
);

const REDIS = `folder=$HOME/redis
case "$*" in
  *--version*) echo 'redis-cli 8.0.1' ;;
  *--rdb*) cat "$folder/memory"; echo "Transfer finished with success after $(($(wc -c <"$folder/memory"))) bytes" >&2 ;;
  *'CONFIG GET dir') printf 'dir\\n%s\\n' "$folder" ;;
  *'CONFIG GET dbfilename') printf 'dbfilename\\ndump.rdb\\n' ;;
  *'CONFIG GET appendonly') printf 'appendonly\\n%s\\n' "$(cat "$HOME/how/redis-aof" 2>/dev/null || echo no)" ;;
  *'CONFIG GET save') printf 'save\\n3600 1\\n' ;;
  *'CLIENT PAUSE'* | *'CLIENT UNPAUSE' | *'CONFIG SET'*) echo "$*" >>"$HOME/settings"; echo OK ;;
  *SAVE) [ ! -e "$HOME/how/redis-full" ] || { echo 'ERR'; exit 0; }; cp "$folder/memory" "$folder/dump.rdb"; echo OK ;;
  *INFO*) printf 'redis_version:8.0.1\\r\\nrole:master\\r\\ncluster_enabled:0\\r\\nused_memory:100\\r\\nloading:0\\r\\nrun_id:first\\r\\n' ;;
esac`;
const CHECK = `case "$(cat "$1")" in REDIS0012*) echo '[offset 14] Checksum OK' ;; *) exit 1 ;; esac`;

/** A Redis, which has its data in a file `memory` of the folder `redis` in the home folder, and its own file beside it. */
export const REDIS_TOOLS: Readonly<Record<string, string>> = { 'redis-cli': REDIS, 'redis-check-rdb': CHECK };
