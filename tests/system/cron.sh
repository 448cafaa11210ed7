#!/usr/bin/env bash
# packaging/crontab's line in a real cron, in its bare environment: what waits is delivered within the minute.
. "$(dirname "$0")/world.sh"
[ "$(id -u)" = 0 ] || { say "skipped: only root can start cron"; exit 0; }
world 1
wxbox -q send --no-wait -u crowd000001 -t backup -d host=a -d size=b -d time=c
line=$(grep -v '^#' "$here/packaging/crontab" | sed "s| wxbox /usr/local/bin/wxbox| root $built/wxbox|; s|/etc/wxbox/config.toml|$home/.config/wxbox/config.toml|; s|/var/lib/wxbox/wxbox.db|$home/.local/share/wxbox/wxbox.db|")
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$home" /etc/cron.d/wxbox-test' EXIT
# The line as it is, but for what it says: there is no mail here.
printf '%s >>%s 2>&1\n' "$line" "$home/said" >/etc/cron.d/wxbox-test
chmod 644 /etc/cron.d/wxbox-test
env -i /usr/sbin/cron -f -L 15 >"$home/cron" 2>&1 7<&- &
cron=$!
say "waiting for the next minutes of cron"
while read -r -t 190 request <&7; do
    case $request in *message/template/send*) break ;; esac
done
if [ "$(arrived delivered)" != 1 ]; then
    kill -0 $cron || say "cron has ended: $(cat "$home/cron")"
    [ -e "$home/said" ] || { say "skipped: cron did not run its line in three minutes, whatever it is"; exit 0; }
    fail "cron ran the line, and nothing arrived: $(cat "$home/said")"
fi
say "cron delivered it"
