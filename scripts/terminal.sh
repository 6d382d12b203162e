#!/usr/bin/env bash
# terminal.sh: the first ten commands of README.md, as a newcomer types them: in a terminal
# (tmux, 100 columns), with a fresh home, without settings, as an ordinary user (nobody when
# root runs this). Each must end with status 0, and the screen is shown. "make build" is done
# beforehand, by whoever runs this: the newcomer finds bin/ built. Needs tmux.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
[ -x bin/schedd ] && [ -x bin/schedctl ] || make -s build
command -v tmux >/dev/null || { echo 'tmux is not installed'; exit 1; }

dir=$(mktemp -d "${TMPDIR:-/tmp}/term.XXXXXX")
export TMUX_TMPDIR=$dir
unset TMUX
screen() { tmux -L readme capture-pane -p -J -S - -t it; }
# stop ends the daemon as README.md says; the end of its terminal alone only makes it read
# its configuration again.
stop() {
	tmux -L readme send-keys -t it 'kill %1' Enter 2>/dev/null || true
	for _ in $(seq 50); do [ -S "$dir/user/schedd.sock" ] || break; sleep 0.1; done
	tmux -L readme kill-server 2>/dev/null || true
	rm -rf "$dir"
}
trap stop EXIT
mkdir -p "$dir/user/bin" "$dir/user/home"
cp bin/schedd bin/schedctl "$dir/user/bin/"
printf 'build:\n\t@echo bin/ is built\n' >"$dir/user/Makefile"
user=()
if [ "$(id -u)" = 0 ]; then
	chown -R 65534:65534 "$dir/user"
	chmod 711 "$dir"
	user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
fi

# The prompt tells the status of the last command: "[0] $ ".
shell="cd $dir/user && exec env -i HOME=$dir/user/home PATH=/usr/bin:/bin TERM=screen-256color LANG=C.UTF-8 TMPDIR=/tmp PS1='[\$?] \$ ' bash --noprofile --norc"
tmux -L readme -f /dev/null new-session -d -s it -x 100 -y 50 "${user[*]} sh -c $(printf %q "$shell")"

prompts() { screen | grep -cE '^\[[0-9]+\] \$' || true; }
# settle N: waits for the Nth prompt.
settle() {
	for _ in $(seq 300); do
		[ "$(prompts)" -ge "$1" ] && return
		sleep 0.1
	done
	echo 'terminal: no prompt came back'
	screen
	exit 1
}

mapfile -t commands < <(awk '/^```/ { inside = $0 == "```console" } inside && sub(/^\$ /, "")' "$root/README.md" | head -n 10)
[ "${#commands[@]}" = 10 ]
settle 1
for i in "${!commands[@]}"; do
	tmux -L readme send-keys -t it -l "${commands[$i]}"
	tmux -L readme send-keys -t it Enter
	settle $((i + 2))
	case ${commands[$i]} in
	*'&') for _ in $(seq 100); do [ -S "$dir/user/schedd.sock" ] && break; sleep 0.1; done ;; # people take a breath, too
	esac
done
shown=$(screen)
printf '%s\n' "$shown"
if bad=$(grep -nE '^\[[1-9][0-9]*\] \$' <<<"$shown"); then
	echo "terminal: a command failed: $bad"
	exit 1
fi
grep -qE 'hello/[0-9]+ .*success in' <<<"$shown" || { echo 'terminal: the first run did not succeed'; exit 1; }
echo "accept: ten commands of README.md as $("${user[@]}" id -un 2>/dev/null || echo 65534), status 0 each"
