#!/usr/bin/env bash
# Verifies the units in packaging/systemd with systemd-analyze; serve.sh and deb.sh start them.
. "$(dirname "$0")/common.sh"
mkdir "$home/units"
for unit in "$here"/packaging/systemd/*.service "$here"/packaging/systemd/*.timer; do
    sed "s|^ExecStart=wxbox|ExecStart=$built/wxbox|; s|^User=wxbox|User=root|" "$unit" >"$home/units/$(basename "$unit")"
done
cp "$home/units/wxbox-notify@.service" "$home/units/wxbox-notify@a.service"
output=$(systemd-analyze verify --man=no "$home"/units/wxbox-flush.service "$home"/units/wxbox-flush.timer \
    "$home"/units/wxbox-serve.service "$home"/units/wxbox-notify@a.service 2>&1) ||
    fail "$output"
# Findings about other units of this machine do not count.
own_findings=$(grep wxbox <<<"$output" || true)
[ -z "$own_findings" ] || fail "$own_findings"
log "systemd-analyze verify reports no problem in the units"
for unit in wxbox-flush wxbox-serve; do
    systemd-analyze security --offline=true "$home/units/$unit.service" 2>/dev/null | tail -1 || true
done
