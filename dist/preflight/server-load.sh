# shellcheck shell=dash

# server_load ENGINE FOLDER: the server's processors, its memory and its disks, in the kernel's words and those of df;
# FOLDER may be empty.
server_load() {
  ask_engine_at "$1"
  sed -n 's/^cpu  */cpu /p' /proc/stat
  grep -E '^Mem(Total|Available):' /proc/meminfo
  load_images=$(docker info --format '{{.DockerRootDir}}' 2>/dev/null </dev/null)
  for load_folder in / "$2" "$load_images"; do
    [ -z "$load_folder" ] || [ ! -d "$load_folder" ] || df -P -k "$load_folder" | sed -n '2s/^/disk /p'
  done
  # What cannot be read is left out.
  return 0
}
