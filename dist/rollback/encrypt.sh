# shellcheck shell=dash
# What was saved and proven is encrypted by age before it counts, for those who are named in the file `recipients` (empty:
# nobody). Nobody on the server can read it then.

# find_age: it is there, and takes the recipients.
find_age() {
  [ -s "$files/recipients" ] || return 0
  command -v age >/dev/null || fail refused tool-missing 'the server has no age, which encrypt-to asks for' \
    'Install it there (on Debian: apt-get install age), or leave encrypt-to out.'
  echo try | age --encrypt --recipients-file "$files/recipients" >/dev/null 2>"$scratch/said" ||
    fail input input-wrong "age takes no recipient of encrypt-to: $(last_said)" 'Write what age-keygen prints as the public key: age1…'
}

# encrypt_all: each file in the place of the plain one, also in the list.
encrypt_all() {
  local sum
  mv "$scratch/files" "$scratch/plain-files"
  : >"$scratch/files"
  cut -f 1 "$scratch/plain-files" >"$scratch/read"
  while read -r name <&6; do
    stream_local "$name to be encrypted" "$saving/$name.age" age --encrypt --recipients-file "$files/recipients" "$saving/$name"
    ended_early $? "$name could not be encrypted"
    [ "$(head -n 1 "$saving/$name.age")" = age-encryption.org/v1 ] || give_up "what age wrote of $name is nothing of age's"
    rm -f "$saving/$name" || give_up "$name could not be removed"
    keep_on_disk "$saving/$name.age"
    sum=$(sha256sum <"$saving/$name.age") || give_up "$name.age could not be read back"
    awk -F '\t' -v OFS='\t' -v name="$name" -v bytes="$(($(wc -c <"$saving/$name.age")))" -v sum="${sum%% *}" \
      '$1 == name { $1 = name ".age"; $5 = bytes; $6 = sum; print }' "$scratch/plain-files" >>"$scratch/files"
  done 6<"$scratch/read"
}
