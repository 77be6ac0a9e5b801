# shellcheck shell=dash

# connect_with_curl SECONDS HOST:PORT: with nothing on its stdin curl connects, has nothing to say, and ends when its time
# is up. 127: there is no curl.
connect_with_curl() {
  command -v curl >/dev/null 2>&1 || exit 127
  curl -sS --noproxy '*' --connect-timeout "$1" --max-time "$1" "telnet://$2" </dev/null >/dev/null
}
