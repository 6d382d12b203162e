#!/usr/bin/env bash
# Installs into a folder and holds what is there against what must be: the list of files
# with their modes, units that systemd reads without a word, and how exposed they are. It
# installs systemd's tool with apt-get where it is missing. `make build man` comes first.
set -euo pipefail
cd "$(dirname "$0")/.."

# How exposed a service may be, as systemd-analyze says it (0 = not at all, 10 = all).
most_service=1.5
most_exec=2.0

if ! command -v systemd-analyze >/dev/null; then
	sudo=
	[ "$(id -u)" = 0 ] || sudo='sudo -n'
	$sudo apt-get install -y --no-install-recommends systemd >/dev/null
fi

root=$(mktemp -d "${TMPDIR:-/tmp}/schedd-units.XXXXXX")
trap 'rm -rf "$root"' EXIT

files() { # the installed files below $1, with modes, pages and completions of one kind as one
	(cd "$1" && find . -type f -printf '%m %p\n' | sed 's|/man1/.*|/man1/*|' | sort -u -k2)
}

PREFIX=/usr DESTDIR=$root/usr scripts/install.sh >/dev/null
want="640 ./etc/schedd/schedd.yaml
755 ./usr/bin/schedctl
755 ./usr/bin/schedd
644 ./usr/lib/systemd/system/schedd.service
644 ./usr/lib/systemd/system/schedd.service.d/exec.conf.example
644 ./usr/lib/systemd/system/schedd.socket
644 ./usr/lib/systemd/user/schedd.service
644 ./usr/lib/sysusers.d/schedd.conf
644 ./usr/lib/tmpfiles.d/schedd.conf
644 ./usr/share/bash-completion/completions/schedctl
644 ./usr/share/bash-completion/completions/schedd
644 ./usr/share/fish/vendor_completions.d/schedctl.fish
644 ./usr/share/fish/vendor_completions.d/schedd.fish
644 ./usr/share/man/man1/*
644 ./usr/share/zsh/site-functions/_schedctl
644 ./usr/share/zsh/site-functions/_schedd"
got=$(files "$root/usr")
[ "$got" = "$want" ] || {
	echo 'make install put other files, or other modes:'
	diff <(echo "$want") <(echo "$got") || true
	exit 1
}

# A configuration that is there stays, and another prefix is followed everywhere.
echo 'timezone: UTC' >"$root/usr/etc/schedd/schedd.yaml"
PREFIX=/usr DESTDIR=$root/usr scripts/install.sh >/dev/null
[ "$(cat "$root/usr/etc/schedd/schedd.yaml")" = 'timezone: UTC' ] || { echo 'make install wrote over a configuration'; exit 1; }
PREFIX=/opt/schedd DESTDIR=$root/opt scripts/install.sh >/dev/null
if grep -n '/usr/bin/' "$root/opt/etc/systemd/system/schedd.service"; then
	echo 'the unit of another prefix starts /usr/bin'
	exit 1
fi

# The units as they are, but for the program, which need not be on this machine.
units=$root/units
mkdir -p "$units" "$units/exec/schedd.service.d" "$units/user"
for unit in schedd.service schedd.socket; do
	sed "s|/usr/bin/schedd|$PWD/bin/schedd|" "$root/usr/usr/lib/systemd/system/$unit" >"$units/$unit"
done
sed "s|/usr/bin/schedd|$PWD/bin/schedd|" "$root/usr/usr/lib/systemd/user/schedd.service" >"$units/user/schedd.service"
cp "$units"/schedd.s* "$units/exec/"
cp configs/systemd/schedd-exec.conf "$units/exec/schedd.service.d/exec.conf"

silent() { # runs a command that must say nothing
	local said
	said=$("$@" 2>&1) && [ -z "$said" ] || { echo "$*:"; echo "$said"; exit 1; }
}
silent systemd-analyze verify "$units/schedd.service" "$units/schedd.socket"
silent systemd-analyze verify "$units/exec/schedd.service"
silent env XDG_RUNTIME_DIR="$root" systemd-analyze --user verify "$units/user/schedd.service"

exposed() { # exposed NAME UNIT MOST
	local score
	score=$(systemd-analyze security --offline=true "$2" | sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p')
	echo "accept: $1 is exposed $score, at most $3 is allowed"
	awk -v a="$score" -v b="$3" 'BEGIN { exit !(a != "" && a <= b) }'
}
exposed schedd.service "$units/schedd.service" "$most_service"
exposed 'schedd.service with schedd-exec.conf' "$units/exec/schedd.service" "$most_exec"
