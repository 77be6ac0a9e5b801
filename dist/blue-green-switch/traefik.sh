# shellcheck shell=dash
# How traffic moves at Traefik: by a file in the folder that it watches. Parameters: project, watched.

# A file made in the watched directory would be read half written, and be an event of its own, for which the next one
# has to wait. Traefik does not watch what is below; it reads it, but nothing by this name.
traffic_apply() { put_share "$files/shares/$1.yml"; }
put_share() {
  apply_folder=$watched/.deploy-actions-$project
  if [ ! -d "$apply_folder" ]; then mkdir -m 0755 "$apply_folder" || return 1; fi
  cp "$1" "$apply_folder/share" && chmod 0644 "$apply_folder/share" &&
    mv -f "$apply_folder/share" "$watched/deploy-actions-$project.yml"
}

# It takes a change when its throttle allows.
traffic_taken() { [ "$(ask '' 1 | awk '{ print $3 }')" = "$1" ]; }
