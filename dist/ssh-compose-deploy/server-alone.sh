# shellcheck shell=dash
# What the managers of a cluster tell one another has no meaning on a server by itself; see lead.sh.

take_lead() { :; }
still_leads() { :; }
end_lead() { :; }
marked() {
  shift
  "$@"
}
