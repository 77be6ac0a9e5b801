# shellcheck shell=dash
# A backup of PostgreSQL comes back: each database into a new one beside that which is there, which is checked, and then
# takes its name. The one from before stays under a name of its own, closed to everybody, until a person confirms.

# A script that runs the statements behind it, in the database that no user has anything in. What follows are psql's words.
# shellcheck disable=SC2016 # the container's own
postgres_statements='psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 --set=name="$1" --set=new="$2" --set=old="$3" --dbname=template1 --file=- '

# find_postgres_place SERVICE ID NAME: its line of $scratch/places. The same backup may come back again: what it replaced
# before stays.
find_postgres_place() {
  local is_there=no
  postgres_names "$2" >"$scratch/names" 2>"$scratch/said" || give_up "the PostgreSQL of $1 does not answer: $(last_said)"
  choose_kept "$3" "$3 of $1" <"$scratch/names"
  if grep -Fqx -e "$3" "$scratch/names"; then is_there=yes; fi
  printf 'postgres %s %s %s %s %s %s\n' "$1" "$2" "$3" "$(beside restore "$3")" "$kept_name" "$is_there" >>"$scratch/places"
}

# postgres_is_exchanged ID NAME NEW OLD THERE
postgres_is_exchanged() {
  postgres_names "$1" >"$scratch/names" 2>/dev/null || return 1
  grep -Fqx -e "$2" "$scratch/names" && ! grep -Fqx -e "$3" "$scratch/names" &&
    { [ "$5" = no ] || grep -Fqx -e "$4" "$scratch/names"; }
}

# postgres_names ID: all databases, also those that nobody may connect to.
postgres_names() {
  postgres_in "$1" "exec psql --no-psqlrc --no-align --tuples-only --dbname=template1 --command='SELECT datname FROM pg_database'"
}

# load_postgres SERVICE ID NAME NEW: with the encoding, locale, owner, settings and grants that it was saved with.
load_postgres() {
  local file=$folder/$1.$3.pgdump
  drop_postgres "$2" "$4" || give_up "$4 of $1 could not be dropped: $(last_said)"
  stream_in "the outline of $1 ($3) to be read" "$file" "$2" 'exec pg_restore --create --schema-only --file=-'
  ended_early $? "the outline of $1 ($3) could not be read"
  database_statements "$3" <"$scratch/answer" >"$scratch/statements"
  grep -q '^CREATE DATABASE :"new" ' "$scratch/statements" || give_up "the backup of $1 ($3) does not say how its database is made"
  stream_in "$4 of $1 to be made" "$scratch/statements" "$2" "$postgres_login$postgres_statements" "$3" "$4" ''
  ended_early $? "$4 of $1 could not be made"
  # shellcheck disable=SC2016 # the container's own
  stream_in "$1 ($3) to be loaded" "$file" "$2" "$postgres_login"'exec pg_restore --exit-on-error --dbname="$1"' "$4"
  ended_early $? "$1 ($3) could not be loaded"
  # Without statistics the first queries would be slow.
  # shellcheck disable=SC2016 # the container's own
  stream_out "$4 of $1 to be analysed" "$scratch/answer" "$2" "$postgres_login"'exec psql --no-psqlrc --quiet --dbname="$1" --command=ANALYZE' "$4"
  ended_early $? "$4 of $1 could not be analysed"
  ask_again postgres "$1" "$3" "$2" "$4" "$folder"
}

# database_statements NAME: of an outline on stdin the statements about the database itself, for another name.
database_statements() {
  awk -v name="$1" '
    function renamed(line, word,   at, rest) {
      at = index(line, word)
      if (!at) return line
      rest = substr(line, at + length(word))
      if (substr(rest, 1, length(name) + 2) == "\"" name "\"") rest = substr(rest, length(name) + 3)
      else if (substr(rest, 1, length(name)) == name) rest = substr(rest, length(name) + 1)
      else return line
      return substr(line, 1, at + length(word) - 1) ":\"new\"" rest
    }
    /^-- Name: .*; Type: .*; Schema: / {
      ours = / Type: DATABASE( PROPERTIES)?; / || (/^-- Name: DATABASE / && / Type: (ACL|COMMENT); /)
      next
    }
    # A comment of several lines is left out.
    ours && /^(CREATE|ALTER|COMMENT|GRANT|REVOKE) .*;$/ { print renamed($0, " DATABASE ") }'
}

# drop_postgres ID NAME: where it is there.
# shellcheck disable=SC2016 # the container's own
drop_postgres() {
  postgres_in "$1" "$postgres_statements"'<<END
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :'\''new'\'';
DROP DATABASE IF EXISTS :"new";
END' '' "$2" '' >/dev/null 2>"$scratch/said"
}

# exchange_postgres ID NAME NEW OLD THERE: in one step, for who is connected is sent away, and would come back at once. What
# has begun there comes to its end also without us; where it fails the one from before is open again.
# shellcheck disable=SC2016 # the container's own
exchange_postgres() {
  local script
  if [ "$5" = no ]; then
    script='<<END
ALTER DATABASE :"new" RENAME TO :"name";
END'
  else
    script='<<END && exit 0
SET lock_timeout = '\''30s'\'';
ALTER DATABASE :"name" WITH ALLOW_CONNECTIONS false;
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :'\''name'\'';
BEGIN;
ALTER DATABASE :"name" RENAME TO :"old";
ALTER DATABASE :"new" RENAME TO :"name";
COMMIT;
END
psql --no-psqlrc --quiet --set=name="$1" --dbname=template1 --file=- <<END
ALTER DATABASE :"name" WITH ALLOW_CONNECTIONS true;
END
exit 1'
  fi
  postgres_in "$1" "$postgres_statements$script" "$2" "$3" "$4" >/dev/null 2>"$scratch/said"
}

# open_postgres ID NAME: an exchange that was cut off may have closed it.
open_postgres() {
  postgres_in "$1" "$postgres_statements"'<<END
ALTER DATABASE :"name" WITH ALLOW_CONNECTIONS true;
END' "$2" '' '' >/dev/null 2>"$scratch/said"
}

# let_postgres_go SERVICE ID NAME: a line of $scratch/gone for each that restores of this backup have replaced.
let_postgres_go() {
  local old
  postgres_names "$2" >"$scratch/names" 2>"$scratch/said" || fail remote backup-failed "the PostgreSQL of $1 does not answer: $(last_said)" 'Look whether it is well: docker logs.'
  for old in $(droppable_names "$3"); do
    grep -Fqx -e "$old" "$scratch/names" || continue
    drop_postgres "$2" "$old" || fail remote backup-failed "$old of $1 could not be dropped: $(last_said)" 'Look who keeps it busy.'
    say "dropped $old of $1"
    echo "$1/$old" >>"$scratch/gone"
  done
}
