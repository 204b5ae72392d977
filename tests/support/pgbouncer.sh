# A PgBouncer of our own in transaction mode before the PostgreSQL of tests/support/postgres.sh, in its folder, with every
# setting left as it is but those that config/deploy/README.md names. Sourced by tests/run.

POOLER_FOLDER=

# start_pgbouncer FOLDER: of target/newer. Exports TEST_POOLER, host:port; it listens on a socket in POOLER_FOLDER besides.
start_pgbouncer() {
  local port database=${TEST_DATABASE_URL##*:} n
  database=${database%%/*}
  POOLER_FOLDER=$POSTGRES_FOLDER/pooler-${1##*/}
  port=$(free_port) || return 1
  # It does not run as root, and its user may read nothing of root's.
  mkdir -p "$POOLER_FOLDER" && cp -r "$1" "$POOLER_FOLDER/program" || return 1
  [ "$(id -u)" != 0 ] || chown -R postgres "$POOLER_FOLDER" || return 1
  cat >"$POOLER_FOLDER/pgbouncer.ini" <<INI
[databases]
* = host=127.0.0.1 port=$database user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir = $POOLER_FOLDER
auth_type = any
pool_mode = transaction
; Fewer connections to PostgreSQL than one server asks for: what waits for a transaction's end is tried.
default_pool_size = ${POOLER_SIZE:-8}
max_client_conn = 2000
; A database that a test has dropped keeps none.
server_idle_timeout = 5
logfile = $POOLER_FOLDER/pgbouncer.log
pidfile = $POOLER_FOLDER/pgbouncer.pid
INI
  # 1.18 refuses to start with what it does not know.
  case $1 in *-1.18) ;; *) echo "max_prepared_statements = 200" >>"$POOLER_FOLDER/pgbouncer.ini" ;; esac
  as_postgres "$POOLER_FOLDER/program/bin/pgbouncer" -d -q "$POOLER_FOLDER/pgbouncer.ini" || return 1
  for ((n = 0; n < 100; n++)); do
    if [ -S "$POOLER_FOLDER/.s.PGSQL.$port" ] && [ -s "$POOLER_FOLDER/pgbouncer.pid" ]; then
      export TEST_POOLER=127.0.0.1:$port
      return 0
    fi
    sleep 0.1
  done
  cat "$POOLER_FOLDER/pgbouncer.log" >&2
  return 1
}

# Before stop_postgres, whose folder it is in.
stop_pgbouncer() {
  [ -n "$POOLER_FOLDER" ] || return 0
  if [ -s "$POOLER_FOLDER/pgbouncer.pid" ]; then as_postgres kill "$(cat "$POOLER_FOLDER/pgbouncer.pid")"; fi
  rm -rf "$POOLER_FOLDER"
  POOLER_FOLDER=
  unset TEST_POOLER
}
