# shellcheck shell=dash
# What all proxies share. Parameter: proxy_container (empty on the host).

# in_proxy COMMAND…: where the proxy runs, in its container or on the host.
in_proxy() {
  if [ -n "$proxy_container" ]; then engine_in "$proxy_container" "$@"; else "$@" </dev/null; fi
}

# The end of what a command said, as one line.
reason() { tail -n 3 | tr '\n' ' ' | cut -c 1-600; }
