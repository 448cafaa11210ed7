# Common setup of these scripts: a home, a sandbox with followers, and wxbox on the PATH. Sourced.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
built=${built:-${CARGO_TARGET_DIR:-$here/target}/debug}
home=$(mktemp -d)
export HOME=$home PATH=$built:$PATH
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$home"' EXIT

log() { printf '%s: %s\n' "$(basename "$0")" "$*"; }
fail() { log "FAILED: $*" >&2; exit 1; }
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)'"$1"')'; }

# start_sandbox COUNT: starts a sandbox with COUNT generated followers, and imports them as users.
# The log of its requests can be read from descriptor 7.
start_sandbox() {
    printf 'real_limits = true\ncrowd = %d\n' "$1" >"$home/world.toml"
    mkfifo "$home/lines"
    wxbox sandbox --json --listen 127.0.0.1:0 --world "$home/world.toml" >"$home/lines" &
    sandbox=$!
    exec 7<"$home/lines"
    read -r first <&7
    url=$(field '["url"]' <<<"$first")
    mkdir -p "$home/.config/wxbox"
    (umask 077; cat >"$home/.config/wxbox/config.toml") <<EOF
app_id = "$(field '["app_id"]' <<<"$first")"
app_secret = "$(field '["app_secret"]' <<<"$first")"
[network]
api_base = "$url"
[templates.backup]
id = "backup_finished-0123456789abcdefghijklmnopq"
EOF
    {
        echo username,openid
        for n in $(seq "$1"); do printf 'crowd%06d,oCrowd%022d\n' "$n" "$n"; done
    } | wxbox -q user import -
}

# arrived NAME: prints one of the sandbox's counts of deliveries.
arrived() { python3 -c 'import json, sys, urllib.request as web
print(json.load(web.urlopen(sys.argv[1] + "/sandbox/stats.json"))[sys.argv[2]])' "$url" "$1"; }

# use_there: tests wxbox with the function `there`, which runs it on another platform, and a sandbox of this machine.
use_there() {
    local status=0
    start_sandbox 1
    cat <&7 >/dev/null &
    [ -z "${1-}" ] || "$1"
    there -q user add luffy --openid oLuffy_wears_the_straw_hat_1
    there -q send -u luffy -t backup -d host=你好 -d size=1 -d time=1
    there -q run -u luffy -t backup -d host={host} -d size={result} -d time={duration} -- sh -c 'exit 3' || status=$?
    [ "$status" = 3 ] || fail "run ended with $status"
    there -q doctor
    [ "$(arrived delivered)" = 2 ] || fail "$(arrived delivered) of 2 arrived"
    # A native wxbox reads the database that the other one wrote.
    wxbox --json outbox list | grep -q '"state":"sent"' || fail "the database is another"
}
