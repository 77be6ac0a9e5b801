# shellcheck shell=dash
# Services that somebody else deployed bear no hash of ours: the configuration that each has tells whether it is the one that was
# found and recorded.

# service_sums STACK SERVICES: by the lines of `engine_stack_services`, of each service without a hash of ours a line with its name
# and the SHA-256 of its configuration. Where each bears one, nothing is asked.
service_sums() {
  ! printf '%s\n' "$2" | awk '$7 == "-" { exit 1 }' || return 0
  spec_lines=$(engine_service_specs "$1") || return 1
  printf '%s\n' "$spec_lines" | while read -r spec_hash spec_name spec_text; do
    [ "$spec_hash" = - ] || continue
    printf '%s %s\n' "$spec_name" "$(printf '%s' "$spec_text" | sha256sum | cut -d ' ' -f 1)"
  done
}

# counted_services ADOPTED SERVICES: of such lines on standard input the names of those that count as the table SERVICES of a release
# has them: what is brought back by that very configuration, or was found with one in which nothing differs. ADOPTED has lines of
# what was found, and the hash that it counts as.
counted_services() {
  awk '
    FILENAME == ARGV[1] { counts[$1, $2]; next }
    FILENAME == ARGV[2] { hash[$7] = $5; next }
    ($1 in hash) && ($2 == hash[$1] || ($2, hash[$1]) in counts) { printf "%s ", $1 }
  ' "$1" "$2" -
}
