# shellcheck shell=dash
# What all proxies share. Parameter: proxy_container (empty on the host).

# in_proxy PROGRAM WORDS…: where the proxy runs, in its container or on the host. For two minutes: a program there may wait for
# names that nobody resolves, or for a proxy that hangs, while the lock is held.
in_proxy() {
  if [ -n "$proxy_container" ]; then engine_in_time 120 "$proxy_container" "$@"; else timeout 120 "$@" </dev/null; fi
}

# The end of what a command said, as one line.
reason() { tail -n 3 | tr '\n' ' ' | cut -c 1-600; }
