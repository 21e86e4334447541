#!/usr/bin/env bash
# Makes rsyslogd, syslog-ng, a headless Chromium and promtool ready for the tests,
# without installing any: Debian's packages of the first two conflict, and a
# machine keeps the log daemon that it has. The tests start
#
#   ${XDG_CACHE_HOME:-$HOME/.cache}/otelcol-mockforge/daemons/bin/{rsyslogd,syslog-ng,chromium-headless-shell,promtool}
#
# which run the machine's own program where that has all modules, and else one
# unpacked from Debian's packages beside them. It runs as any user; a second run
# does nothing and needs no network.
set -euo pipefail

home=${XDG_CACHE_HOME:-$HOME/.cache}/otelcol-mockforge/daemons
log=$(mktemp)
work=$(mktemp -d)
trap 'rm -rf "$log" "$work"' EXIT
# Root's own path has sbin, others' may lack it.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

cat >"$work/rsyslogd.conf" <<END
global(workDirectory="$work")
module(load="imtcp")
module(load="imudp")
module(load="imfile")
module(load="mmjsonparse")
module(load="lmnsd_ossl")
input(type="imtcp" address="127.0.0.1" port="10514")
input(type="imudp" address="127.0.0.1" port="10514")
input(type="imfile" file="$work/in" tag="in")
template(name="line" type="list") { property(name="\$!all-json-plain") constant(value="\n") }
action(type="mmjsonparse" cookie="")
action(type="omfile" file="$work/out" template="line")
END
cat >"$work/syslog-ng.conf" <<END
@version: 3.35
source s { syslog(ip("127.0.0.1") transport("udp") port(0)); };
parser p { json-parser(prefix("j.")); };
destination d { file("$work/out" template("\$(format-json --scope rfc5424)\n")); };
log { source(s); parser(p); destination(d); };
END

echo '<p>ready' >"$work/page.html"

# works says whether a program can do what the tests use it for.
works() { # name, program
  case $1 in
    rsyslogd) "$2" -N1 -f "$work/rsyslogd.conf" ;;
    syslog-ng) "$2" -s -f "$work/syslog-ng.conf" ;;
    chromium-headless-shell)
      "$2" --no-sandbox --user-data-dir="$work/chromium" --screenshot="$work/page.png" "file://$work/page.html" && [ -s "$work/page.png" ]
      ;;
    promtool) "$2" --version ;;
  esac >"$log" 2>&1
}

# fetch downloads the packages named and what they need besides what this
# machine has; nothing is installed.
fetch() {
  local needed
  needed=$(apt-get install --simulate --no-install-recommends "$@" | awk '$1 == "Inst" {print $2}')
  # shellcheck disable=SC2086 # one word for each package
  (cd "$work" && apt-get download -qq -o APT::Sandbox::User= $(printf '%s\n' $needed "$@" | sort -u))
}

unpack() { # name, packages
  local name=$1 root=$home/$1.root deb
  shift
  rm -rf "$work"/*.deb "$root"
  if ! fetch "$@" >"$log" 2>&1; then
    apt-get update -qq >>"$log" 2>&1 || true # needs root, and lists may be there already
    fetch "$@" >>"$log" 2>&1 || return 1
  fi
  for deb in "$work"/*.deb; do
    dpkg -x "$deb" "$root" || return 1
  done
}

wrap() { # name
  local root=$home/$1.root program modules='' libraries
  program=$(find "$root" -path "*/sbin/$1")
  case $1 in
    rsyslogd) modules="-M $(dirname "$(find "$root" -name imtcp.so)")" ;;
    syslog-ng) modules="--module-path=$(dirname "$(find "$root" -name libafsocket.so)")" ;;
    chromium-headless-shell) program=$root/usr/lib/chromium/$1 ;;
    promtool) program=$root/usr/bin/$1 ;;
  esac
  # A machine without fonts has these.
  cat >"$home/fonts.conf" <<END
<fontconfig><dir>$home/chromium-headless-shell.root/usr/share/fonts</dir><cachedir>$home/fonts</cachedir></fontconfig>
END
  libraries=$(find "$root" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
  cat >"$home/bin/$1" <<END
#!/bin/sh
FONTCONFIG_FILE=$home/fonts.conf LD_LIBRARY_PATH=$libraries exec "$program" $modules "\$@"
END
  chmod 755 "$home/bin/$1"
}

ready() { # name, packages
  local name=$1 own
  [ -x "$home/bin/$name" ] && works "$name" "$home/bin/$name" && return
  own=$(command -v "$name" || true)
  if [ -n "$own" ] && works "$name" "$own"; then
    ln -sf "$own" "$home/bin/$name"
    return
  fi
  if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
    echo "$name is missing, and there is no apt-get to fetch it with: install it (a syslog daemon with its JSON and TLS modules)" >"$log"
    return 1
  fi
  rm -f "$home/bin/$name"
  unpack "$@" && wrap "$name" && works "$name" "$home/bin/$name"
}

mkdir -p "$home/bin"
if command -v flock >/dev/null; then # two runs at once share one folder
  exec 9>"$home/lock"
  flock 9
fi
missing=0
ready rsyslogd rsyslog rsyslog-openssl rsyslog-gnutls || { missing=1; echo "rsyslogd is not ready:" >&2; tail -n 20 "$log" >&2; }
ready syslog-ng syslog-ng-core || { missing=1; echo "syslog-ng is not ready:" >&2; tail -n 20 "$log" >&2; }
ready chromium-headless-shell chromium-headless-shell fonts-dejavu-core || { missing=1; echo "chromium-headless-shell is not ready:" >&2; tail -n 20 "$log" >&2; }
ready promtool prometheus || { missing=1; echo "promtool is not ready:" >&2; tail -n 20 "$log" >&2; }
exit $missing
