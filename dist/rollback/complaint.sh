# shellcheck shell=dash
# What Docker says when it does not do what it was asked, and what that means to a person: the one table of it. The words
# are those of Docker 20 to 29, of containerd, and of the registries that they pass on.

complaint_kind=
complaint_code=
complaint_message=
complaint_remedy=

# complaint_about SAID [IMAGE [REGISTRY]]: what the words mean, into complaint_kind, _code, _message and _remedy; false
# for words that are not known. IMAGE: the one that was to be pulled. REGISTRY: the one that a login was given for.
# Words of one kind may stand within a text of another kind: the first that is found counts, in this order.
complaint_about() {
  complaint_image=${2:-an image}
  complaint_host=$(complaint_registry_of "${2:-}")
  complaint_of_engine "$1" || complaint_of_swarm "$1" || complaint_of_server "$1" "${2:-}" || complaint_of_registry "$1" ||
    complaint_of_image "$1" "${3:-}" || complaint_of_network "$1"
}

# complaint_of_engine SAID: the engine is not there, does not answer, or does not let the user in.
complaint_of_engine() {
  case $1 in
    *'permission denied'*unix://* | *'permission denied'*docker.sock* | *'permission denied'*'ocker daemon'*)
      complaint refused docker-not-allowed "the user $(complaint_user) may not use Docker${DOCKER_HOST:+ at $DOCKER_HOST}" "$(complaint_right)"
      ;;
    *'annot connect to the Docker daemon'* | *'ailed to connect to the docker API'* | *'error during connect'* | *'Is the docker daemon running'*)
      complaint refused docker-unreachable "the Docker engine does not answer${DOCKER_HOST:+ at $DOCKER_HOST}" \
        "Start it: systemctl start docker (and systemctl enable docker, for the next boot). For a rootless engine give docker-host: $(complaint_rootless)"
      ;;
    *'docker: not found'* | *'docker: command not found'* | *"docker': No such file"*) complaint_missing ;;
    *'client version '*' is too new'* | *'client version '*' is too old'*)
      complaint remote docker-failed "docker and the engine on the server are of versions that do not go together: $(complaint_last "$1")" \
        'Update the older one of the two there.'
      ;;
    *) return 1 ;;
  esac
}

# complaint_of_swarm SAID: the server is no manager that can be asked about its cluster.
complaint_of_swarm() {
  case $1 in
    *'does not have a leader'*) complaint_quorum ;;
    *'Swarm is encrypted and needs to be unlocked'*) complaint_locked 'this server' ;;
    *'not a swarm manager. Worker nodes'*) complaint_worker 'this server' ;;
    *'not a swarm manager.'* | *'not part of a swarm'*) complaint_alone 'this server' ;;
    *) return 1 ;;
  esac
}

# complaint_locked NAME, complaint_alone NAME, complaint_worker NAME, complaint_quorum: what keeps a server from that.
complaint_locked() {
  complaint refused cluster-locked "the swarm on $1 is locked since its engine was started anew, so it can be asked nothing" \
    'Unlock it there: docker swarm unlock. Its key is no business of a workflow.'
}
complaint_alone() {
  complaint refused no-cluster "$1 is in no swarm${2:+ ($2)}" \
    'On the first server: docker swarm init; on the others the command that docker swarm join-token worker prints.'
}
complaint_worker() {
  complaint refused no-manager "$1 is a worker of its swarm, and the first host must be a manager" \
    'Name a manager first in host: docker node ls on one shows which they are.'
}
complaint_quorum() {
  complaint refused no-quorum 'the swarm does not have a leader: more than half of its managers must be up' \
    'Bring managers back first. What runs goes on running; nothing was changed.'
}

# complaint_of_server SAID IMAGE: the server has no more room, addresses or ports. IMAGE: empty where none was pulled.
complaint_of_server() {
  case $1 in
    *'no space left on device'* | *'disk quota exceeded'*)
      complaint refused disk-full "the disk of the server is full${2:+: $2 could not be pulled}" \
        'Free some space: docker system df shows what takes it, df -i whether it is the number of files.'
      ;;
    *'Pool overlaps'* | *'invalid pool request'* | *'address pools have been fully subnetted'*)
      complaint remote docker-failed "the network's addresses are taken by another network of the server: $(complaint_last "$1")" \
        'docker network ls shows them. Remove one that nobody uses (docker network prune), or give the network a range of its own in the compose file (ipam.config.subnet).'
      ;;
    *'port is already allocated'* | *'address already in use'*)
      complaint remote docker-failed "a port is taken on the server: $(complaint_last "$1")" \
        'docker ps, or ss -ltnp, shows by whom. Stop that, or publish another port.'
      ;;
    *) return 1 ;;
  esac
}

# complaint_of_registry SAID: the registry is not asked, or not for now, whatever the image is.
complaint_of_registry() {
  case $1 in
    *'docker-credential-'*)
      complaint refused registry-refused "Docker on the server could not ask its credential helper for the login to pull $complaint_image: $(complaint_last "$1")" \
        "Install that helper for $(complaint_user), or remove it from ~/.docker/config.json there."
      ;;
    *toomanyrequests* | *'Too Many Requests'* | *'pull rate limit'*)
      complaint refused rate-limited "the registry $complaint_host lets nobody pull $complaint_image for now: too many requests" \
        "Wait and run the job again, or log in (registry: $complaint_host, registry-username, registry-password): who is logged in may pull more."
      ;;
    *'x509:'* | *'certificate signed by unknown'* | *'certificate has expired'* | *'failed to verify certificate'*)
      complaint refused registry-untrusted "Docker on the server does not trust the certificate of $complaint_host: $(complaint_last "$1")" \
        "Put the certificate authority into /etc/docker/certs.d/$complaint_host/ca.crt on the server, or renew the certificate; look at the server's clock too."
      ;;
    *'server gave HTTP response to HTTPS client'*)
      complaint refused registry-untrusted "the registry $complaint_host does not speak HTTPS" \
        "Give it a certificate; or, within a network that you trust, name it under insecure-registries in /etc/docker/daemon.json on the server."
      ;;
    *) return 1 ;;
  esac
}

# complaint_of_image SAID REGISTRY: the registry was asked, and does not give this image.
complaint_of_image() {
  case $1 in
    *'no matching manifest for'* | *'no match for platform'* | *'does not match the specified platform'* | *'does not provide the specified platform'*)
      complaint refused platform-missing "$complaint_image is not there for the server's platform: $(complaint_last "$1")" \
        'Build it for that platform too (docker buildx build --platform …), or name the platform in the compose file.'
      ;;
    *'no basic auth credentials'* | *'authentication required'* | *unauthorized* | *Unauthorized* | *'access denied'* | *'denied: '* | \
      *': denied'* | *'403 Forbidden'*)
      complaint refused registry-refused "the registry $complaint_host refused $complaint_image: $(complaint_last "$1")" \
        "$(complaint_login "$2")"
      ;;
    *'manifest unknown'* | *'no such manifest'* | *'name unknown'* | *'not known to registry'* | *': not found'* | *' not found:'*)
      complaint input image-unknown "the registry has no $complaint_image" 'Check that it was pushed, under this name.'
      ;;
    *'is no longer supported'*manifest* | *'manifest.v1+prettyjws'* | *'schema 1'*)
      complaint refused schema-1 "$complaint_image is of the old format, schema 1, which Docker reads no more" 'Push it again with a current tool.'
      ;;
    *'invalid reference format'*)
      complaint input image-unknown "$complaint_image is no name of an image: $(complaint_last "$1")" 'Correct it in the compose file, or the variable that it is made of.'
      ;;
    *) return 1 ;;
  esac
}

# complaint_of_network SAID: the registry is out of order, or the server does not reach it.
complaint_of_network() {
  case $1 in
    *'status: 50'* | *'500 Internal'* | *'502 Bad'* | *'503 Service'* | *'504 Gateway'*)
      complaint refused registry-down "the registry $complaint_host is out of order: $(complaint_last "$1")" 'Run the job again when it is well.'
      ;;
    *'i/o timeout'* | *'TLS handshake timeout'* | *'Client.Timeout'* | *'deadline exceeded'* | *'connection refused'* | *'no such host'* | \
      *'server misbehaving'* | *'network is unreachable'* | *'no route to host'* | *'connection reset'* | *'proxyconnect'* | *': EOF'*)
      complaint remote pull-failed "the server does not reach the registry $complaint_host for $complaint_image: $(complaint_last "$1")" \
        "Look at the server's network: DNS, firewall, and the proxy of the Docker service where one is needed. Then run the job again."
      ;;
    *) return 1 ;;
  esac
}

# complaint KIND CODE MESSAGE REMEDY: what the words mean.
complaint() {
  # shellcheck disable=SC2034 # a program that ends by it goes by it
  complaint_kind=$1
  complaint_code=$2
  complaint_message=$3
  complaint_remedy=$4
}

complaint_missing() {
  complaint refused docker-missing 'Docker is not installed on the server, or not where its shell looks for programs' 'Install Docker Engine and its Compose plugin.'
}

# The login user, as a person would name it.
complaint_user() { id -un 2>/dev/null || id -u; }

# What gives the right to use the engine: it may be one of somebody's own, which no group opens.
complaint_right() {
  if [ -n "${DOCKER_HOST-}" ]; then
    printf 'docker-host names it: log in as the user whose engine it is (this one'"'"'s own would be at %s), or let an administrator give the right to it.' "$(complaint_rootless)"
  else
    printf 'Let an administrator run: usermod -aG docker %s (it holds from the next login on: run the job again). For a rootless engine give docker-host: %s' "$(complaint_user)" "$(complaint_rootless)"
  fi
}

# The socket of an engine of the user's own.
complaint_rootless() { printf 'unix:///run/user/%s/docker.sock' "$(id -u)"; }

# complaint_last SAID: the sentence of it, which is the last line, without what stands before every one of Docker's.
complaint_last() {
  printf '%s\n' "$1" | sed 's/^ *[Ee]rror response from daemon: //; s/^ *[Ee]rror: //; /^ *$/d' | tail -n 1 | cut -c 1-300
}

# complaint_registry_of IMAGE: as Docker reads a reference: the first word is a host only if it looks like one.
complaint_registry_of() {
  case $1 in
    */*) ;;
    *)
      printf 'docker.io'
      return 0
      ;;
  esac
  case ${1%%/*} in
    *.* | *:* | localhost) printf '%s' "${1%%/*}" ;;
    *) printf 'docker.io' ;;
  esac
}

# complaint_login REGISTRY: what is to be done about a login that was refused, or that was none.
complaint_login() {
  if [ -z "$1" ]; then
    printf 'Give registry: %s, registry-username and registry-password with the right to read it. Registries say the same of an image that is not there: check its name.' "$complaint_host"
  elif [ "$1" != "$complaint_host" ]; then
    printf 'The login that was given is for %s: give the one for registry: %s.' "$1" "$complaint_host"
  else
    printf 'The login that was given for %s may not read it: look whether the token has expired and may read this image (on ghcr.io: read:packages). Registries say the same of an image that is not there: check its name.' "$1"
  fi
}
