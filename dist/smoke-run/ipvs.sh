# shellcheck shell=dash

# has_ipvs: the kernel can spread connections over tasks (IPVS), which published ports and virtual addresses need. It need not
# be loaded before the first of them.
has_ipvs() {
  [ -e /proc/net/ip_vs ] || grep -qs '/ip_vs\.ko' "/lib/modules/$(uname -r)/modules.dep" "/lib/modules/$(uname -r)/modules.builtin"
}
