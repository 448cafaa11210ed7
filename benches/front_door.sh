#!/usr/bin/env bash
# Floods a listener: `serve` with push_flood.py, the other forms with http_flood.sh.
#
#     cargo build --release && benches/front_door.sh serve [SECONDS | --minutes N]
#     cargo build --release && benches/front_door.sh bind|tls|sandbox|nginx [SECONDS] [--one-address]
#
# serve: all attacks for SECONDS (30). With --minutes, a soak of N minutes at a tenth of the rates, without attacks that fill
# the connections, which reports the growth of the memory.
here=$(cd "$(dirname "$0")/.." && pwd)
[ "${1-}" = serve ] || exec "$here/benches/http_flood.sh" "$@"
shift
built=${CARGO_TARGET_DIR:-$here/target}/release
. "$here/tests/system/common.sh"

ulimit -Sn 1024
start_sandbox 1
cat <&7 >/dev/null &
config=$home/.config/wxbox/config.toml
printf '[serve]\naddress = "127.0.0.1:0"\n[push]\ntoken = "pushToken0123456789"\n' >>"$config"
mkfifo "$home/events"
wxbox --json serve >"$home/events" 2>"$home/err" &
serve=$!
exec 8<"$home/events"
read -r event <&8 || fail "serve has ended: $(cat "$home/err")"
cat <&8 >/dev/null &
address=$(field '["address"]' <<<"$event")
status=0
"$here/benches/push_flood.py" "$address" $serve "$home/.local/share/wxbox/wxbox.db" "$@" || status=$?
kill $serve
wait $serve || fail "serve: status $?: $(cat "$home/err")"
exit $status
