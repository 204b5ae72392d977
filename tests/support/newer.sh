# Programs newer than Debian 12's, out of Debian 13's packages, each with the libraries that it asks for and their loader:
# nothing is installed, and nothing of Debian 12 is touched. From the mirror that this machine has its packages from; for
# x86-64. Sourced by tests/run.
#
#   fetch_newer pgbouncer    PgBouncer 1.24 (Debian 12 has 1.18, which loses prepared statements)
#   fetch_newer valkey       Valkey 8.1, which Debian 12 has not; with its sentinel
#   fetch_older_pgbouncer    Debian 12's own, unpacked the same way: what doctor must refuse

# apt-get, of another release, with lists and folders of its own.
apt_of() {
  local release=$1 folder=$REPO/target/newer/$1 mirror
  shift
  # shellcheck disable=SC2016 # apt's own variables
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | head -1)
  [ -n "$mirror" ] || { echo "tests/run: no package source of Debian 12 is set up here" >&2; return 1; }
  mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial" || return 1
  : >"$folder/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $release main" \
    >"$folder/sources.list"
  cat >"$folder/apt.conf" <<CONF
Dir::State "$folder";
Dir::State::lists "$folder/lists";
Dir::State::status "$folder/status";
Dir::Cache "$folder/cache";
Dir::Etc::sourcelist "$folder/sources.list";
Dir::Etc::sourceparts "-";
APT::Sandbox::User "root";
CONF
  APT_CONFIG=$folder/apt.conf apt-get -qq "$@"
}

# unpack RELEASE NAME PACKAGE…: into target/newer/NAME.
unpack() {
  local release=$1 folder=$REPO/target/newer/$2
  shift 2
  rm -rf "$folder" && mkdir -p "$folder/packages" || return 1
  apt_of "$release" update || return 1
  (cd "$folder/packages" && apt_of "$release" download "$@" >/dev/null) || return 1
  for package in "$folder"/packages/*.deb; do dpkg-deb -x "$package" "$folder" || return 1; done
  rm -rf "$folder/packages"
}

# run_by NAME PROGRAM…: each becomes a script in target/newer/NAME/bin that works wherever that folder is copied.
run_by() {
  local folder=$REPO/target/newer/$1 program
  shift
  mkdir -p "$folder/bin"
  for program in "$@"; do
    cat >"$folder/bin/${program##*/}" <<SCRIPT
#!/bin/sh
here=\$(CDPATH= cd -- "\$(dirname -- "\$0")/.." && pwd)
libraries=\$here/usr/lib/x86_64-linux-gnu:\$here/lib/x86_64-linux-gnu
loader=\$here/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
[ -e "\$loader" ] || loader=\$here/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
exec "\$loader" --library-path "\$libraries" --argv0 "\$0" "\$here/$program" "\$@"
SCRIPT
    chmod 755 "$folder/bin/${program##*/}"
  done
}

# fetch_newer pgbouncer|valkey
fetch_newer() {
  local base="libc6 libgcc-s1 libssl3t64 libsystemd0 libcap2 libzstd1 zlib1g"
  case $1 in
    pgbouncer)
      [ ! -x "$REPO/target/newer/pgbouncer/bin/pgbouncer" ] || return 0
      echo "fetching PgBouncer of Debian 13"
      # shellcheck disable=SC2086 # one word a package
      unpack trixie pgbouncer pgbouncer $base libevent-2.1-7t64 libcares2 libpam0g libaudit1 libcap-ng0 libselinux1 &&
        run_by pgbouncer usr/sbin/pgbouncer
      ;;
    valkey)
      [ ! -x "$REPO/target/newer/valkey/bin/valkey-server" ] || return 0
      echo "fetching Valkey of Debian 13"
      # shellcheck disable=SC2086 # one word a package
      unpack trixie valkey valkey-tools $base libatomic1 libjemalloc2 liblzf1 libstdc++6 &&
        run_by valkey usr/bin/valkey-check-rdb usr/bin/valkey-cli &&
        # The server and its sentinel are one program, which looks at its name.
        mv "$REPO/target/newer/valkey/bin/valkey-check-rdb" "$REPO/target/newer/valkey/bin/valkey-server"
      ;;
  esac
}

fetch_older_pgbouncer() {
  [ ! -x "$REPO/target/newer/pgbouncer-1.18/bin/pgbouncer" ] || return 0
  echo "fetching PgBouncer of Debian 12"
  unpack bookworm pgbouncer-1.18 pgbouncer libc6 libgcc-s1 libssl3 libsystemd0 libcap2 libzstd1 zlib1g \
    libevent-2.1-7 libc-ares2 libpam0g libaudit1 libcap-ng0 libselinux1 liblzma5 libgcrypt20 libgpg-error0 liblz4-1 &&
    run_by pgbouncer-1.18 usr/sbin/pgbouncer
}
