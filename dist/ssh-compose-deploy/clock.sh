# shellcheck shell=dash
# The time in milliseconds.

now_ms() {
  now_nano=$(date +%s%N)
  case $now_nano in *N) echo "$(date +%s)000" ;; *) echo "${now_nano%??????}" ;; esac
}
