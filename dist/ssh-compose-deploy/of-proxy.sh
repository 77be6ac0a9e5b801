# shellcheck shell=dash
# What each proxy defines under a name of its own, called by whoever knows none of them. Parameter: proxy_kinds.

# of_proxy FUNCTION KIND [ARGUMENT…]: FUNCTION_KIND, which the part of that proxy defines.
of_proxy() {
  of_function=$1_$2
  shift 2
  "$of_function" "$@"
}

# each_proxy FUNCTION: that of every proxy there is.
each_proxy() {
  for each_kind in $proxy_kinds; do of_proxy "$1" "$each_kind"; done
}
