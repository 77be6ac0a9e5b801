# shellcheck shell=dash
# How Redis and Valkey are asked in the container that they run in.

# A password that the service has in its environment under a name that is known.
# shellcheck disable=SC2016 # the container's own
redis_login='REDISCLI_AUTH=${REDISCLI_AUTH:-${REDIS_PASSWORD:-${VALKEY_PASSWORD:-}}}
file=${REDIS_PASSWORD_FILE:-${VALKEY_PASSWORD_FILE:-}}
[ -z "$file" ] || REDISCLI_AUTH=$(cat "$file")
[ -z "$REDISCLI_AUTH" ] || export REDISCLI_AUTH
client=$(command -v redis-cli || command -v valkey-cli) || { echo "there is neither redis-cli nor valkey-cli in the image" >&2; exit 1; }
'
