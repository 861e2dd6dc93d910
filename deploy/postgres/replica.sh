#!/bin/sh
# Copies the primary when there is no copy yet, and follows it.
set -eu
data=${PGDATA:-/var/lib/postgresql/data}
if [ ! -s "$data/PG_VERSION" ]; then
  # With -R it writes standby.signal and how to reach the primary; the password stays in the environment.
  pg_basebackup --pgdata "$data" --wal-method stream --checkpoint fast --write-recovery-conf --no-password
  chmod 0700 "$data"
fi
exec postgres -D "$data" -c hot_standby=on
