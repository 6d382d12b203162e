#!/usr/bin/env bash
# Makes sure that the tests find PostgreSQL (14 or newer), Redis and Python; installs what
# is missing with apt-get when that is possible. No service is started: the tests
# start private servers. Where one stays missing the tests that need it would fail:
# that is an error when CI is set, else a note.
set -euo pipefail

postgres() { # is there an initdb of a version that will do?
	local f v
	for f in "$(command -v initdb || true)" /usr/lib/postgresql/*/bin/initdb; do
		[ -x "$f" ] || continue
		v=$("$f" --version | grep -oE '[0-9]+' | head -n 1)
		[ "${v:-0}" -lt 14 ] || return 0
	done
	return 1
}
redis() { command -v redis-server >/dev/null 2>&1 || command -v valkey-server >/dev/null 2>&1; }

missing() {
	postgres || echo postgresql
	redis || echo redis-server
	command -v python3 >/dev/null 2>&1 || echo python3 # of the example agent
}

root=()
install_missing() {
	command -v apt-get >/dev/null 2>&1 || return 0
	if [ "$(id -u)" -ne 0 ]; then
		sudo -n true 2>/dev/null || return 0
		root=(sudo -n)
	fi
	# Packages must not start services of their own, nor keep them for the next boot.
	local policy=/usr/sbin/policy-rc.d cluster=/etc/postgresql-common/createcluster.conf made=()
	if [ ! -e "$policy" ]; then
		made+=("$policy")
		printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" >/dev/null
		"${root[@]}" chmod 755 "$policy"
	fi
	if [ ! -e "$cluster" ]; then
		"${root[@]}" mkdir -p "${cluster%/*}"
		echo 'create_main_cluster = false' | "${root[@]}" tee "$cluster" >/dev/null
	fi
	local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold)
	# shellcheck disable=SC2046 # one word a package
	"${root[@]}" "${apt[@]}" update >&2 &&
		"${root[@]}" "${apt[@]}" install -y --no-install-recommends $(missing) >&2 || true
	[ ${#made[@]} -eq 0 ] || "${root[@]}" rm -f "${made[@]}"
}

[ -n "$(missing)" ] || exit 0
install_missing
left=$(missing | tr '\n' ' ')
[ -n "$left" ] || exit 0
case ${CI:-} in
'' | 0 | false) echo "servers.sh: not installed, their tests will fail: $left" >&2 ;;
*)
	echo "servers.sh: the tests need packages that could not be installed: $left" >&2
	exit 1
	;;
esac
