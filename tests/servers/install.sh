#!/bin/sh
# Installs what the real-server tests need on Debian, as root, and starts no service.
# Debian's mail servers conflict as packages: Postfix and Dovecot are installed, Exim and OpenSMTPD
# only unpacked into a folder (first argument, default tests/.tmp/servers/root).
# Usage: tests/servers/install.sh [FOLDER]. Running it again changes nothing.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=${1:-$here/../.tmp/servers/root}
mkdir -p "$root"
root=$(cd "$root" && pwd)
# Without libnet-ssleay-perl swaks knows no TLS.
packages="postfix dovecot-pop3d dovecot-lmtpd fetchmail swaks libnet-ssleay-perl libsasl2-modules
  sasl2-bin python3 curl openssl procps"
unpacked="exim4-daemon-light exim4-base opensmtpd"
export DEBIAN_FRONTEND=noninteractive

installed() { dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

# Debian starts a daemon as soon as its package is installed, unless this file says no.
forbid_services() {
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
}

missing_libraries() {
  find "$root/usr/sbin/exim4" "$root/usr/sbin/smtpd" "$root/usr/sbin/smtpctl" \
    "$root/usr/libexec/opensmtpd" -type f -exec env LD_LIBRARY_PATH="$(library_path)" ldd {} + |
    sed -n 's/^[[:space:]]*\(.*\) => not found$/\1/p' | sort -u
}

library_path() { find "$root" -name 'lib*.so.*' -exec dirname {} + | sort -u | paste -sd: -; }

# Libraries that the unpacked packages want and this machine lacks.
wanted_libraries() {
  for deb in "$1"/*.deb; do dpkg-deb -f "$deb" Depends; done |
    tr ',' '\n' | sed 's/^ *//; s/[ :|(].*//' | grep '^lib' | sort -u |
    while read -r name; do installed "$name" || echo "$name"; done
}

unpack() {
  downloads=$root/downloads
  mkdir -p "$downloads"
  (cd "$downloads" && apt-get -o APT::Sandbox::User=root -q download "$@")
  for deb in "$downloads"/*.deb; do dpkg -x "$deb" "$root"; done
}

account() {
  id "$1" >/dev/null 2>&1 ||
    useradd --system --user-group --no-create-home --home-dir "$2" --shell /usr/sbin/nologin "$1"
}

apt-get update -q
absent=$(for name in $packages; do installed "$name" || echo "$name"; done)
if [ -n "$absent" ]; then
  forbid_services
  # shellcheck disable=SC2086 # names, one word each
  apt-get install -q -y --no-install-recommends $absent
fi

if [ ! -x "$root/usr/sbin/exim4" ] || [ ! -x "$root/usr/sbin/smtpd" ]; then
  # shellcheck disable=SC2086
  unpack $unpacked
fi
while [ -n "$(missing_libraries)" ]; do
  wanted=$(wanted_libraries "$root/downloads" | while read -r name; do
    ls "$root/downloads/${name}"_*.deb >/dev/null 2>&1 || echo "$name"
  done)
  if [ -z "$wanted" ]; then
    echo "Cannot find packages for: $(missing_libraries)" >&2
    exit 1
  fi
  # shellcheck disable=SC2086
  unpack $wanted
done
# The dynamic linker ignores LD_LIBRARY_PATH for set-user-id programs, and none is needed here.
find "$root" -perm /6000 -type f -exec chmod ug-s {} +

account Debian-exim /var/spool/exim4
account opensmtpd /var/lib/opensmtpd/empty
account opensmtpq /nonexistent
echo "Ready: $root"
