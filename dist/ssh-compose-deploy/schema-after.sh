# shellcheck shell=dash

# schema_after RUN: what the migrations of that run have done to the schema, as it wrote: same or migrated. A run without
# migrations has written nothing.
schema_after() {
  if [ -f "$1/schema" ]; then cat "$1/schema"; else echo same; fi
}
