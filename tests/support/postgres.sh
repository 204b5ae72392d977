# A PostgreSQL cluster of our own in a temporary folder, for the time of the tests. Sourced by tests/run.
# It never touches a cluster of the machine, listens on the loopback only, and fsync is off: nothing in it is worth
# keeping. Each test has a database of its own: autovacuum would visit each of them, and their 650 files are created ten
# times as fast in memory as on a disk. initdb refuses to run as root, hence the user postgres there.

POSTGRES_FOLDER=

# A folder for what is soon gone: in memory, where 4 GB of it are free.
folder_in_memory() {
  local free
  free=$(df -Pk -t tmpfs /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')
  if [ "${free:-0}" -gt 4000000 ] && [ -w /dev/shm ]; then echo /dev/shm; else echo /tmp; fi
}

as_postgres() {
  if [ "$(id -u)" = 0 ]; then
    (cd / && runuser -u postgres -- "$@")
  else
    "$@"
  fi
}

free_port() {
  # Asks the kernel for one; it stays free for the moment that matters.
  perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'
}

# Starts the cluster and exports TEST_DATABASE_URL. POSTGRES_OPTIONS may hold further options of the server; the last one
# of a name counts.
start_postgres() {
  local programs port
  programs=$(postgres_programs) || { echo "tests/run: PostgreSQL is not installed" >&2; return 1; }
  POSTGRES_FOLDER=$(mktemp -d "$(folder_in_memory)/preau-postgres.XXXXXX") || return 1
  [ "$(id -u)" != 0 ] || chown postgres "$POSTGRES_FOLDER" || return 1
  as_postgres "$programs/initdb" -D "$POSTGRES_FOLDER/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 \
    --no-sync >"$POSTGRES_FOLDER.log" 2>&1 || { cat "$POSTGRES_FOLDER.log" >&2; return 1; }
  port=$(free_port) || return 1
  as_postgres "$programs/pg_ctl" -D "$POSTGRES_FOLDER/data" -l "$POSTGRES_FOLDER/server.log" -w -t 60 \
    -o "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories='$POSTGRES_FOLDER' \
        -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=400 \
        -c autovacuum=off ${POSTGRES_OPTIONS:-}" \
    start >>"$POSTGRES_FOLDER.log" 2>&1 || { cat "$POSTGRES_FOLDER.log" "$POSTGRES_FOLDER/server.log" >&2; return 1; }
  as_postgres "$programs/createdb" -h 127.0.0.1 -p "$port" -U postgres preau || return 1
  export TEST_DATABASE_URL=postgres://postgres@127.0.0.1:$port/preau
}

stop_postgres() {
  local programs
  [ -n "$POSTGRES_FOLDER" ] || return 0
  if programs=$(postgres_programs) && [ -f "$POSTGRES_FOLDER/data/postmaster.pid" ]; then
    as_postgres "$programs/pg_ctl" -D "$POSTGRES_FOLDER/data" -m immediate -w -t 30 stop >/dev/null 2>&1
  fi
  rm -rf "$POSTGRES_FOLDER" "$POSTGRES_FOLDER.log"
  POSTGRES_FOLDER=
  unset TEST_DATABASE_URL
}
