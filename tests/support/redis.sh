# A Redis of our own in a temporary folder, for the time of the tests. Sourced by tests/run.
# It listens on a socket in that folder only and writes nothing to a disk.

REDIS_FOLDER=
REDIS_PID=

# Starts it and exports TEST_REDIS_URL.
start_redis() {
  local socket n
  command -v redis-server >/dev/null || { echo "tests/run: redis-server is not installed" >&2; return 1; }
  REDIS_FOLDER=$(mktemp -d /tmp/preau-redis.XXXXXX) || return 1
  socket=$REDIS_FOLDER/redis.sock
  redis-server --port 0 --unixsocket "$socket" --save '' --appendonly no --dir "$REDIS_FOLDER" --daemonize no \
    >"$REDIS_FOLDER/server.log" 2>&1 &
  REDIS_PID=$!
  for ((n = 0; n < 200; n++)); do
    if [ "$(redis-cli -s "$socket" ping 2>/dev/null)" = PONG ]; then
      export TEST_REDIS_URL=unix:$socket
      return 0
    fi
    kill -0 "$REDIS_PID" 2>/dev/null || break
    sleep 0.1
  done
  cat "$REDIS_FOLDER/server.log" >&2
  stop_redis
  return 1
}

stop_redis() {
  [ -n "$REDIS_FOLDER" ] || return 0
  if [ -n "$REDIS_PID" ]; then
    kill "$REDIS_PID" 2>/dev/null
    wait "$REDIS_PID" 2>/dev/null
  fi
  rm -rf "$REDIS_FOLDER"
  REDIS_FOLDER=
  REDIS_PID=
  unset TEST_REDIS_URL
}
