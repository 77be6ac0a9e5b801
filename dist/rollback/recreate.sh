# shellcheck shell=dash

# require_place: what brings a release up on this server can be used.
require_place() { require_engine; }
