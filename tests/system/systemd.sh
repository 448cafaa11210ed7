#!/usr/bin/env bash
# The units in packaging/systemd are ones that systemd takes, with our program in its place. (deb.sh starts them.)
. "$(dirname "$0")/world.sh"
mkdir "$home/units"
for unit in "$here"/packaging/systemd/*.service "$here"/packaging/systemd/*.timer; do
    sed "s|^ExecStart=wxbox|ExecStart=$built/wxbox|; s|^User=wxbox|User=root|" "$unit" >"$home/units/$(basename "$unit")"
done
cp "$home/units/wxbox-notify@.service" "$home/units/wxbox-notify@a.service"
said=$(systemd-analyze verify --man=no "$home"/units/wxbox-flush.service "$home"/units/wxbox-flush.timer "$home"/units/wxbox-notify@a.service 2>&1) ||
    fail "$said"
# What it says of other units of this machine is not ours.
ours=$(grep wxbox <<<"$said" || true)
[ -z "$ours" ] || fail "$ours"
say "systemd-analyze verify has nothing against the units"
systemd-analyze security --offline=true "$home/units/wxbox-flush.service" 2>/dev/null | tail -1 || true
