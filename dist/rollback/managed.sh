# shellcheck shell=dash
# Starts the managed proxy where it does not run as wanted. Parameters: managedParameters (networks: those of both colours
# on which it reaches the application), and login, login_group; the Caddyfile is $files/Caddyfile.

operate() {
  engine_use "$docker_host"
  phase prepare
  if [ ! -w "$folder" ] && ! as_root install -d -m 0755 -o "$login" -g "$login_group" "$folder"; then
    fail refused root-needed "$folder cannot be made" "An administrator can run, on the server: install -d -m 0755 -o $login -g $login_group $folder"
  fi
  mkdir -p proxy && chmod 0755 proxy
  # What was prepared before stays: the colours' part is in it.
  if [ ! -f proxy/Caddyfile ]; then cp "$files/Caddyfile" proxy/Caddyfile && chmod 0644 proxy/Caddyfile; fi
  for managed_network in $networks; do
    engine_network "$managed_network" "$project" ||
      fail remote docker-failed "the network $managed_network could not be made"
  done
  managed_name=$project-proxy
  managed_want="$image $ports $certificate $key"
  managed_is=$(engine_keeper "$managed_name" proxy) || managed_is=
  case $managed_is in
    "$managed_want true")
      join_managed
      say "$managed_name runs already"
      return 0
      ;;
    ' '* | '<no value> '*)
      fail refused foreign-containers "there is a container $managed_name already, and it is not the managed proxy of $project: nothing was changed" \
        "Give it another name (container_name in the compose file, or docker rename), or remove it."
      ;;
  esac
  engine_has_images "$image" || run "the image $image" engine_pull "$image" "" "$run/pull" || fail remote pull-failed "the image $image could not be pulled"
  [ -z "$managed_is" ] || engine_remove "$managed_name"
  phase start
  make_managed
  join_managed
  engine_resume "$managed_name" || fail remote docker-failed "$managed_name does not start: are its ports ($ports) taken?"
  wait_until 20 "$managed_name to run" managed_runs || fail unhealthy proxy-unhealthy "$managed_name does not stay up: $(engine_last_words "$managed_name" | tr '\n' ' ' | cut -c 1-400)"
  say "$managed_name answers on $ports"
}

# make_managed: the container, which does not run yet.
make_managed() {
  set --
  for managed_port in $ports; do
    case $managed_port in *:*) set -- "$@" --publish "$managed_port" ;; *) set -- "$@" --publish "$managed_port:$managed_port" ;; esac
  done
  if [ -n "$certificate" ]; then
    set -- "$@" --volume "$certificate:/etc/deploy-actions/cert.pem:ro" --volume "$key:/etc/deploy-actions/key.pem:ro"
  fi
  # One network at first: what is joined later sorts behind it.
  engine_make --name "$managed_name" --restart unless-stopped --label "$(engine_label project "$project")" \
    --label "$(engine_label proxy "$managed_want")" --network "${networks%% *}" --volume "$path/proxy:/etc/caddy:ro" \
    --volume "$folder:$folder:ro" --volume "${project}_proxy-data:/data" "$@" --entrypoint caddy "$image" \
    run --config /etc/caddy/Caddyfile || fail remote docker-failed "the container $managed_name could not be made"
}

# It is on each of its networks, also where the application has come to others.
join_managed() {
  for managed_network in $networks; do
    ! engine_networks "$managed_name" | awk '{ print $1 }' | grep -qxF "$managed_network" || continue
    engine_join "$managed_network" "$managed_name" || fail remote docker-failed "$managed_name could not join the network $managed_network"
  done
}

# It stays up, so that a command can be run in it.
managed_runs() { engine_in "$managed_name" caddy version >/dev/null 2>&1; }
recover() { :; }
