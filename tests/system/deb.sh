#!/usr/bin/env bash
# Builds the Debian package and checks it with lintian; then installs, uses (as the deployment guide says), upgrades, removes and
# purges it in a copy of this machine, with a real systemd. Needs cargo-deb on the PATH (.ci/run gets it).
. "$(dirname "$0")/common.sh"

if [ "${1-}" != inside ]; then
    [ "$(id -u)" = 0 ] || { log "skipped: only root can install packages"; exit 0; }
    # cargo needs the real home.
    deb=$(env -u HOME "$here/packaging/deb/build" | tail -1)
    deb=$(realpath "$deb")
    lintian --fail-on error,warning "$deb" || fail "lintian reports problems in $deb"
    "$here/tests/system/disposable_systemd.sh" "$0" inside "$deb" && status=0 || status=$?
    [ $status != 77 ] || { log "skipped: no copy of this machine can be made to install it in"; exit 0; }
    exit $status
fi

deb=$2
# Lists the files in all directories that packages write to, without the state of dpkg, systemd and the user database.
everything() {
    find /etc /usr /var /opt /srv -xdev \( -path /var/lib/dpkg -o -path /var/log -o -path /var/lib/systemd -o -path /var/cache \
        -o -path /var/tmp -o -path '/etc/*-' \) -prune -o -print | sort
}
flush() { systemctl start wxbox-flush.service 2>/dev/null || fail "wxbox-flush.service: $(tail -3 /run/services; systemctl show wxbox-flush.service -p ExecMainStatus -p Result; as_user outbox list)"; }
state() { systemctl show -P "$2" "$1"; }

# Containers have this file, so that packages start nothing. An ordinary machine does not have it.
rm -f /usr/sbin/policy-rc.d
start_sandbox 1
exec 7<&-
everything >"$home/before"

log "installs"
dpkg -i "$deb" >"$home/dpkg" 2>&1 || fail "$(cat "$home/dpkg")"
wxbox=/usr/bin/wxbox
[ "$($wxbox --version)" = "wxbox $(dpkg-query -W -f '${Version}' wxbox | sed 's/-.*//')" ] || fail "another version"
[ "$(getent passwd wxbox | cut -d: -f6,7)" = /var/lib/wxbox:/usr/sbin/nologin ] || fail "the user: $(getent passwd wxbox)"
[ "$(stat -c '%a %U' /etc/wxbox /var/lib/wxbox | paste -sd' ')" = "755 root 700 wxbox" ] || fail "the directories"
[ "$(systemctl is-enabled wxbox-flush.timer)" = disabled ] || fail "the timer runs before there is a config"
[ "$(systemctl is-enabled wxbox-serve.service)" = disabled ] || fail "the service runs before there is a config"
for page in $(cd "$here" && $wxbox -q man "$home/man" && ls "$home/man"); do
    [ "$(zcat "/usr/share/man/man1/$page.gz")" = "$(cat "$home/man/$page")" ] || fail "the manual page $page"
done
bash -c 'set -eu; . /usr/share/bash-completion/completions/wxbox; complete -p wxbox' >/dev/null || fail "no completion"

log "works as the deployment guide has it"
secret=0123456789abcdef0123456789abcdef
WXBOX_APP_SECRET=$secret $wxbox -q -c /etc/wxbox/config.toml init --no-check --app-id wx0123456789abcdef \
    --redirect-uri http://127.0.0.1:8080/callback/
sed -i 's/^# database/database/' /etc/wxbox/config.toml
sed -i "s|^api_base = .*|api_base = \"$url\"|" /etc/wxbox/config.toml
printf '[templates.alert]\nid = "backup_finished-0123456789abcdefghijklmnopq"\ndata = { size = "-", time = "-" }\n' >>/etc/wxbox/config.toml
chown wxbox: /etc/wxbox/config.toml
as_user() { setpriv --reuid=wxbox --regid=wxbox --init-groups env -i HOME=/var/lib/wxbox WXBOX_APP_SECRET=$secret $wxbox "$@"; }
as_user -q user add luffy --openid oLuffy_wears_the_straw_hat_1 --tag ops
as_user -q send -u luffy -t alert -d host=first --no-wait
systemctl enable --now wxbox-flush.timer 2>/dev/null
[ "$(state wxbox-flush.timer ActiveState)" = active ] || fail "the timer does not run"
flush
[ "$(arrived delivered)" = 1 ] || fail "the service delivered nothing"

log "takes the secret as a credential, and tells of a unit that failed"
sed -i '/^app_secret/d' /etc/wxbox/config.toml
install -d -m 700 /etc/credstore
(umask 077; printf $secret >/etc/credstore/wxbox-app-secret)
printf '[Unit]\nOnFailure=wxbox-notify@%%n.service\n[Service]\nType=oneshot\nExecStart=false\n' >/etc/systemd/system/broken.service
systemctl daemon-reload
systemctl start broken.service 2>/dev/null && fail "broken.service is not broken"
# Its job was put in the queue with the failure; a second request waits for the first.
systemctl start wxbox-notify@broken.service.service
[ "$(state wxbox-notify@broken.service.service Result)" = success ] || fail "the notice: $(as_user outbox list)"
[ "$(arrived delivered)" -ge 2 ] || fail "nobody was told"
as_user outbox show 2 | grep -q 'broken.service failed on' || fail "another text: $(as_user outbox show 2)"
mv /etc/credstore/wxbox-app-secret "$home/"
as_user -q send -u luffy -t alert -d host=second --no-wait
systemctl start wxbox-flush.service 2>/dev/null && fail "the credential is not what is used"
mv "$home/wxbox-app-secret" /etc/credstore/

log "has a service that receives events"
sed -i '/^\[serve\]/,/^\[push\]/s|^# address = .*|address = "127.0.0.1:18098"|; s|^# token = .*|token = "pushToken0123456789"|' \
    /etc/wxbox/config.toml
systemctl enable --now wxbox-serve.service 2>/dev/null || fail "wxbox-serve.service: $(tail -3 /run/services)"
[ "$(state wxbox-serve.service ActiveState)" = active ] || fail "wxbox-serve.service: $(tail -3 /run/services)"
served_by=$(state wxbox-serve.service MainPID)
dpkg -i "$deb" >"$home/dpkg" 2>&1 || fail "$(cat "$home/dpkg")"
[ "$(state wxbox-serve.service ActiveState)" = active ] || fail "an upgrade ends the service: $(tail -3 /run/services)"
[ "$(state wxbox-serve.service MainPID)" != "$served_by" ] || fail "the old program still runs after an upgrade"
# Each start sets mode and owner of the state directory, which are checked below.
systemctl stop wxbox-serve.service

log "is upgraded, and keeps what it had"
groupadd ops
chgrp ops /etc/wxbox /var/lib/wxbox
chmod 750 /etc/wxbox
chmod 2770 /var/lib/wxbox
modes() { stat -c '%a %U %G' /etc/wxbox /var/lib/wxbox | paste -sd' '; }
dpkg -i "$deb" >"$home/dpkg" 2>&1 || fail "$(cat "$home/dpkg")"
[ "$(modes)" = "750 root ops 2770 wxbox ops" ] || fail "the upgrade set modes and owners back: $(modes)"
# A deleted directory is created again, with the mode and owner of dpkg-statoverride.
mv /etc/wxbox "$home/etc-wxbox"
dpkg-statoverride --add root ops 710 /etc/wxbox
dpkg -i "$deb" >"$home/dpkg" 2>&1 || fail "$(cat "$home/dpkg")"
[ "$(modes)" = "710 root ops 2770 wxbox ops" ] || fail "not as dpkg-statoverride has it: $(modes)"
dpkg-statoverride --remove /etc/wxbox
mv "$home/etc-wxbox"/* /etc/wxbox/
chown root:root /etc/wxbox && chmod 755 /etc/wxbox
chown wxbox:wxbox /var/lib/wxbox && chmod 700 /var/lib/wxbox
groupdel ops
[ "$(systemctl is-enabled wxbox-flush.timer)" = enabled ] || fail "the timer is no longer enabled"
[ "$(systemctl is-enabled wxbox-serve.service)" = enabled ] || fail "the service is no longer enabled"
flush
[ "$(as_user outbox status | grep -c 'queued *0')" = 1 ] || fail "$(as_user outbox status)"

log "is removed, and leaves what it kept"
systemctl start wxbox-serve.service || fail "wxbox-serve.service: $(tail -3 /run/services)"
dpkg -r wxbox >"$home/dpkg" 2>&1 || fail "$(cat "$home/dpkg")"
[ ! -e $wxbox ] && [ -s /etc/wxbox/config.toml ] && [ -s /var/lib/wxbox/wxbox.db ] || fail "removed too much or too little"
[ "$(state wxbox-flush.timer ActiveState)" != active ] || fail "the timer still runs"
[ "$(state wxbox-serve.service ActiveState)" != active ] || fail "the service still runs"

log "is purged, and leaves nothing but its user"
dpkg -P wxbox >"$home/dpkg" 2>&1 || fail "$(cat "$home/dpkg")"
rm -r /etc/systemd/system/broken.service
everything >"$home/after"
# The directory for credentials belongs to the operator; the script created it above.
left=$(diff "$home/before" "$home/after" | grep '^[<>]' | grep -v ' /etc/credstore$' || true)
[ -z "$left" ] || fail "not as it was: $(head -20 <<<"$left")"
log "done"
