# Stages: each runs in a process group of its own, its seconds are printed, its tests are counted, and nothing that it
# started outlives it. Sourced by tests/run.

PASSED=0
FAILED=0
SKIPPED=0
STAGE_GROUP=
# Every process of a run inherits this mark: browsers leave the process group, so the group alone would miss them.
export PREAU_TEST_RUN=$$-$RANDOM$RANDOM

# Ends whatever carries the mark of this run but this shell itself and its parents.
end_marked_processes() {
  local signal entry pid spared=" $$ $BASHPID " parent=$PPID left
  # Whoever called us may carry the mark too (.ci/run): its processes are not ours to end.
  while [ "${parent:-0}" -gt 1 ] 2>/dev/null; do
    spared="$spared$parent "
    parent=$(sed -n 's/^PPid:\t//p' "/proc/$parent/status" 2>/dev/null)
  done
  for signal in TERM KILL; do
    left=
    for entry in /proc/[0-9]*/environ; do
      pid=${entry#/proc/}
      pid=${pid%/environ}
      case $spared in *" $pid "*) continue ;; esac
      if tr '\0' '\n' 2>/dev/null <"$entry" | grep -qx "PREAU_TEST_RUN=$PREAU_TEST_RUN"; then
        kill "-$signal" "$pid" 2>/dev/null && left=yes
      fi
    done
    [ -n "$left" ] || return 0
    sleep 1
  done
}

# Stops the stage under way, when the run is interrupted.
end_stage() {
  if [ -n "$STAGE_GROUP" ]; then
    kill -TERM -- "-$STAGE_GROUP" 2>/dev/null
    sleep 1
    kill -KILL -- "-$STAGE_GROUP" 2>/dev/null
    STAGE_GROUP=
  fi
  end_marked_processes 2>/dev/null
}

# The sum of what a log counts: cargo's "test result:" lines, or the closing line "name: N passed, N failed".
count_tests() {
  awk '
    /^test result: / {
      for (i = 1; i <= NF; i++) {
        if ($i ~ /^passed/) passed += $(i - 1)
        if ($i ~ /^failed/) failed += $(i - 1)
        if ($i ~ /^ignored/) skipped += $(i - 1)
      }
    }
    /^([[:alnum:]-]+: )?[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$/ { closing = $0 }
    END {
      n = split(closing, word, " ")
      for (i = 2; i <= n; i++) {
        if (word[i] ~ /^passed/) passed += word[i - 1]
        if (word[i] ~ /^failed/) failed += word[i - 1]
        if (word[i] ~ /^skipped/) skipped += word[i - 1]
      }
      print passed + 0, failed + 0, skipped + 0
    }' "$1"
}

# stage NAME tests|plain COMMAND…
# Shows the output, prints the seconds, adds the counts (tests). A stage that fails without having counted a failure
# (it did not build, it crashed) counts as one.
stage() {
  local name=$1 kind=$2 began=$SECONDS status log passed=0 failed=0 skipped=0
  shift 2
  echo
  echo "== $name"
  log=$(mktemp /tmp/preau-stage.XXXXXX) || return 1
  # Into a file that tail shows, not into a pipe: a process left behind would hold a pipe open and us with it.
  set -m
  "$@" >"$log" 2>&1 &
  STAGE_GROUP=$!
  set +m
  tail -n +1 -s 0.2 -f --pid="$STAGE_GROUP" "$log" &
  STAGE_TAIL=$!
  wait "$STAGE_GROUP"
  status=$?
  wait "$STAGE_TAIL"
  kill -TERM -- "-$STAGE_GROUP" 2>/dev/null
  STAGE_GROUP=
  if [ "$kind" = tests ]; then
    read -r passed failed skipped < <(count_tests "$log")
    if [ "$status" = 0 ] && [ "$passed" = 0 ] && [ "$failed" = 0 ]; then
      echo "$name: not one test ran"
      status=1
    fi
  fi
  [ "$status" = 0 ] || [ "$failed" != 0 ] || failed=1
  PASSED=$((PASSED + passed))
  FAILED=$((FAILED + failed))
  SKIPPED=$((SKIPPED + skipped))
  rm -f "$log"
  if [ "$kind" = tests ]; then
    echo "== $name: $passed passed, $failed failed, $skipped skipped; $((SECONDS - began)) s"
  else
    echo "== $name: $([ "$status" = 0 ] && echo done || echo failed); $((SECONDS - began)) s"
  fi
  return "$status"
}
