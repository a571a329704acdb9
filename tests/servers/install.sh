#!/bin/sh
# Installs what the real-server tests need on Debian, as root, and starts no service.
# Debian's mail servers conflict as packages: Postfix and Dovecot are installed, the others only
# unpacked into a folder (first argument, default tests/.tmp/servers/root).
# Usage: tests/servers/install.sh [FOLDER]. Running it again changes nothing.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=${1:-$here/../.tmp/servers/root}
mkdir -p "$root"
root=$(cd "$root" && pwd)
downloads=$root/downloads
mkdir -p "$downloads/new"
# Without libnet-ssleay-perl swaks knows no TLS.
packages="postfix dovecot-pop3d dovecot-lmtpd fetchmail swaks libnet-ssleay-perl libsasl2-modules
  sasl2-bin postgresql python3 python3-dkim python3-dnspython python3-nacl curl openssl procps chromium"
foreign="exim4-daemon-light exim4-base opensmtpd
  courier-pop courier-base courier-authlib courier-authlib-userdb
  cyrus-pop3d cyrus-common mailutils-pop3d"
# What must be there of them; the libraries that these ask for come along.
wanted_programs="usr/sbin/exim4 usr/sbin/smtpd usr/sbin/smtpctl usr/libexec/opensmtpd
  usr/sbin/couriertcpd usr/lib/courier usr/lib/courier-authlib usr/bin/couriertls
  usr/sbin/cyrmaster usr/lib/cyrus/bin usr/sbin/pop3d"
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

# shellcheck disable=SC2086
missing_libraries() {
  (cd "$root" && find $wanted_programs -type f -perm -a=r \
    -exec env LD_LIBRARY_PATH="$(library_path)" ldd {} + 2>/dev/null) |
    sed -n 's/^[[:space:]]*\(.*\) => not found$/\1/p' | sort -u
}

library_path() { find "$root" -name 'lib*.so.*' -exec dirname {} + | sort -u | paste -sd: -; }

# Libraries that the unpacked packages want and this machine lacks.
wanted_libraries() {
  for deb in "$1"/*.deb; do dpkg-deb -f "$deb" Depends; done |
    tr ',' '\n' | sed 's/^ *//; s/[ :|(].*//' | grep '^lib' | sort -u |
    while read -r name; do installed "$name" || echo "$name"; done
}

# What lies in the folder of downloads is unpacked: it moves there last.
unpacked() { ls "$downloads/$1"_*.deb >/dev/null 2>&1; }

unpack() {
  (cd "$downloads/new" && apt-get -o APT::Sandbox::User=root -q download "$@")
  for deb in "$downloads/new"/*.deb; do
    dpkg -x "$deb" "$root"
    mv "$deb" "$downloads"
  done
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

absent=$(for name in $foreign; do unpacked "$name" || echo "$name"; done)
# shellcheck disable=SC2086
[ -z "$absent" ] || unpack $absent
while [ -n "$(missing_libraries)" ]; do
  wanted=$(wanted_libraries "$downloads" | while read -r name; do
    unpacked "$name" || echo "$name"
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
