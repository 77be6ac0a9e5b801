#!/bin/sh
# The schema can be brought up to date, every service finds PostgreSQL and Redis, and none of them fails now and then.
set -eu
/app/shop migrate
for service in gateway scoring payments; do
  wget -q -O /dev/null "http://$service:8000/api/readiness/" || {
    echo "$service is not ready" >&2
    exit 1
  }
  for attempt in 1 2 3 4 5 6 7 8 9 10 11 12; do
    wget -q -O /dev/null "http://$service:8000/api/echo" || {
      echo "$service fails at attempt $attempt" >&2
      exit 1
    }
  done
done
echo '39 integration tests passed'
