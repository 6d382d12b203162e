#!/usr/bin/env bash
# Installs what `make build` made. PREFIX is where programs look for it, DESTDIR a
# folder that stands for the root of the machine. A configuration that is there
# stays as it is.
set -euo pipefail
cd "$(dirname "$0")/.."
prefix=${PREFIX:-/usr/local}
dest=${DESTDIR:-}
etc=/etc
unit=$dest/usr/lib/systemd/system
[ "$prefix" = /usr ] || unit=$dest/etc/systemd/system

install -D -m 0755 -t "$dest$prefix/bin" bin/schedd bin/schedctl
for shell_folder in bash:bash-completion/completions/%s zsh:zsh/site-functions/_%s fish:fish/vendor_completions.d/%s.fish; do
	shell=${shell_folder%%:*}
	for program in schedd schedctl; do
		[ -f "completions/$program.$shell" ] || continue
		# shellcheck disable=SC2059 # the folder is the format
		install -D -m 0644 "completions/$program.$shell" "$dest$prefix/share/$(printf "${shell_folder#*:}" "$program")"
	done
done
if [ -d bin/man ]; then
	install -d "$dest$prefix/share/man/man1"
	install -m 0644 bin/man/*.1 "$dest$prefix/share/man/man1/"
fi
for f in schedd.service schedd.socket; do
	install -d "$unit"
	sed "s|/usr/bin/|$prefix/bin/|" "configs/systemd/$f" >"$unit/$f"
	chmod 0644 "$unit/$f"
done
install -D -m 0644 configs/systemd/schedd-exec.conf "$unit/schedd.service.d/exec.conf.example"
install -d "$dest$prefix/lib/systemd/user"
sed "s|/usr/bin/|$prefix/bin/|" configs/systemd/user/schedd.service >"$dest$prefix/lib/systemd/user/schedd.service"
chmod 0644 "$dest$prefix/lib/systemd/user/schedd.service"
install -D -m 0644 configs/schedd.sysusers "$dest/usr/lib/sysusers.d/schedd.conf"
install -D -m 0644 configs/schedd.tmpfiles "$dest/usr/lib/tmpfiles.d/schedd.conf"
[ -e "$dest$etc/schedd/schedd.yaml" ] || install -D -m 0640 configs/schedd.yaml "$dest$etc/schedd/schedd.yaml"

cat <<TXT
Installed below $dest$prefix. To start it as a service:
  systemd-sysusers && systemd-tmpfiles --create
  systemctl daemon-reload && systemctl enable --now schedd.socket schedd.service
  systemctl --user enable --now schedd    # or one for yourself alone
  usermod -aG schedctl \$USER    # and log in again
TXT
