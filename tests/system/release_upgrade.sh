#!/usr/bin/env bash
# Run by release.sh in a disposable system: installs a package of a lower version, uses it, upgrades twice, removes.
# Usage: release_upgrade.sh deb|rpm DIR
set -euo pipefail
kind=$1 packages=$2
log() { printf '%s\n' "$kind: $*"; }
fail() { log "FAILED: $*" >&2; tail -5 /run/services 2>/dev/null || true; exit 1; }
state() { systemctl show -p "$2" --value "$1"; }
# Debian has no repositories for dnf, and no release version for it.
dnf() { command dnf -q -y --disablerepo='*' --releasever=8 "$@"; }
as_user() { setpriv --reuid=wxbox --regid=wxbox --init-groups env -i HOME=/var/lib/wxbox /usr/bin/wxbox "$@"; }
file_of() {
    case $kind-$1 in
    deb-new) ls "$packages"/wxbox_*_amd64.deb ;;
    rpm-new) ls "$packages"/wxbox-*.x86_64.rpm ;;
    deb-*) echo "$packages/old/wxbox_$1-1_amd64.deb" ;;
    rpm-*) echo "$packages/old/wxbox-$1-1.x86_64.rpm" ;;
    esac
}
install_version() {
    case $kind in
    deb) apt-get install -qq -y --no-install-recommends "$(file_of "$1")" >/tmp/said 2>&1 || fail "$(cat /tmp/said)" ;;
    rpm) dnf install "$(file_of "$1")" >/tmp/said 2>&1 || fail "$(cat /tmp/said)" ;;
    esac
    [ "$kind" = deb ] || [ ! -s /tmp/said ] || log "dnf: $(head -3 /tmp/said)"
}
installed() {
    case $kind in
    deb) dpkg-query -W -f '${Version}' wxbox ;;
    rpm) rpm -q --queryformat '%{VERSION}-%{RELEASE}' wxbox ;;
    esac
}
rm -f /usr/sbin/policy-rc.d
touch /run/services
. /etc/os-release
log "on $PRETTY_NAME, $(ldd --version | sed -n 1p), $(systemctl --version | sed -n 1p)"
[ "$kind" = deb ] || dnf install "$packages/old/el8-stand-in-8-1.x86_64.rpm"

log "installs 0.0.8"
install_version 0.0.8
[ "$(installed)" = 0.0.8-1 ] || fail "another version: $(installed)"
[ "$(getent passwd wxbox | cut -d: -f6)" = /var/lib/wxbox ] || fail "the user: $(getent passwd wxbox)"
[ "$(stat -c '%a %U' /etc/wxbox /var/lib/wxbox | paste -sd' ')" = "755 root 700 wxbox" ] || fail "the directories"
for unit in wxbox-flush.timer wxbox-serve.service; do
    [ "$(systemctl is-enabled $unit)" = disabled ] || fail "$unit is enabled before there is a config"
    [ "$(state $unit ActiveState)" = inactive ] || fail "$unit runs before there is a config"
done
wxbox --version >/dev/null || fail "the program does not run"

log "is set up with a sandbox"
mkfifo /tmp/lines
wxbox sandbox --json --listen 127.0.0.1:18099 >/tmp/lines 2>/tmp/sandbox &
exec 7</tmp/lines
read -r first <&7 || fail "$(cat /tmp/sandbox)"
cat <&7 >/dev/null &
of_sandbox() { sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/" <<<"$first"; }
WXBOX_APP_SECRET=$(of_sandbox app_secret) wxbox -q -c /etc/wxbox/config.toml init --app-id "$(of_sandbox app_id)" --sandbox http://127.0.0.1:18099 --events \
    --redirect-uri http://127.0.0.1:18098/callback/ </dev/null >/tmp/said 2>&1 || fail "$(cat /tmp/said)"
sed -i 's/^# database/database/; s|^# address = .*|address = "127.0.0.1:18098"|' /etc/wxbox/config.toml
chown wxbox: /etc/wxbox/config.toml
as_user -q user add luffy --openid oLuffy_wears_the_straw_hat_1
as_user -q send -u luffy -t backup_finished -d host=a -d size=1 -d time=1 --no-wait 2>/tmp/said ||
    as_user -q send -u luffy hello --no-wait || fail "$(cat /tmp/said)"
systemctl enable --now wxbox-flush.timer 2>/dev/null
config=$(sha256sum /etc/wxbox/config.toml)
kept() {
    [ "$(sha256sum /etc/wxbox/config.toml)" = "$config" ] || fail "the config is another"
    [ "$(stat -c '%a %U' /var/lib/wxbox/wxbox.db /etc/wxbox/config.toml | paste -sd' ')" = "600 wxbox 600 wxbox" ] ||
        fail "the modes: $(stat -c '%a %U' /var/lib/wxbox/wxbox.db /etc/wxbox/config.toml | paste -sd' ')"
}

log "is upgraded to 0.0.9: the timer that runs goes on, the service that does not run stays off"
systemctl disable --now wxbox-serve.service 2>/dev/null
install_version 0.0.9
[ "$(installed)" = 0.0.9-1 ] || fail "another version: $(installed)"
[ "$(state wxbox-flush.timer ActiveState)" = active ] || fail "the timer was stopped"
[ "$(systemctl is-enabled wxbox-flush.timer)" = enabled ] || fail "the timer was disabled"
[ "$(state wxbox-serve.service ActiveState)" = inactive ] || fail "the service was started"
kept
as_user --json user list | grep -q '"luffy"' || fail "luffy is gone"
systemctl start wxbox-flush.service || fail "wxbox-flush.service: $(systemctl show -p Result wxbox-flush.service)"
as_user --json outbox list | grep -q '"state":"sent"' || fail "$(as_user outbox list)"

log "is upgraded to $(basename "$(file_of new)"): the service that runs is started again"
systemctl enable --now wxbox-serve.service 2>/dev/null || fail "wxbox-serve.service does not start"
before=$(state wxbox-serve.service MainPID)
install_version new
[ "$(installed)" != 0.0.9-1 ] || fail "the same version: $(installed)"
[ "$(state wxbox-serve.service ActiveState)" = active ] || fail "the service was stopped"
[ "$(state wxbox-serve.service MainPID)" != "$before" ] || fail "the old program still runs"
[ "$(systemctl is-enabled wxbox-serve.service)" = enabled ] || fail "the service was disabled"
[ "$(state wxbox-flush.timer ActiveState)" = active ] || fail "the timer was stopped"
kept

log "is removed, and leaves config and database"
case $kind in
deb) dpkg -r wxbox >/tmp/said 2>&1 || fail "$(cat /tmp/said)" ;;
rpm) dnf remove wxbox >/tmp/said 2>&1 || fail "$(cat /tmp/said)" ;;
esac
[ ! -e /usr/bin/wxbox ] && [ ! -e /usr/share/doc/wxbox/README.md ] || fail "files are left"
[ "$(state wxbox-serve.service ActiveState)" = inactive ] || fail "the service runs: $(state wxbox-serve.service ActiveState)"
[ "$(state wxbox-flush.timer ActiveState)" = inactive ] || fail "the timer runs"
kept

log "is installed again, and has everybody"
install_version new
as_user --json user list | grep -q '"luffy"' || fail "luffy is gone"
[ "$(as_user --json outbox list | grep -c '"state":"sent"')" = 1 ] || fail "$(as_user outbox list)"
kept
log "done"
