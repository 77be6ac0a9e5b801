# shellcheck shell=dash

# require_place: the cluster can be changed from this server.
require_place() { require_node manager fail; }
