#!/usr/bin/env bash
# Floods each kind of listener with http_flood.py, and checks that a valid callback succeeds at the end.
#
#     cargo build --release && benches/http_flood.sh bind|tls|sandbox|nginx [SECONDS] [--one-address]
#
# bind: `wxbox bind` by http; tls: its own HTTPS; nginx: behind the nginx of the binding guide; sandbox: `wxbox sandbox`.
# Each may open 1,024 files. The request amid the flood has the right path and state, and no code yet.
built=$(cd "$(dirname "$0")/.." && pwd)/target/release
. "$(dirname "$0")/../tests/system/common.sh"
. "$here/tests/system/nginx_common.sh"
form=${1-} seconds=${2-0}
flood() { "$here/benches/http_flood.py" "$1" "$2" "$seconds" "${@:3}"; }

ulimit -Sn 1024
start_sandbox 1
cat <&7 >/dev/null &
read -r port inner < <(ports 2)
case $form in
    bind) lines="redirect_uri = \"http://127.0.0.1:$port/callback/\"" listen="address = \"127.0.0.1:$port\"" ;;
    tls)
        certificate wx.example.com
        lines="redirect_uri = \"https://127.0.0.1:$port/callback/\""
        listen="address = \"127.0.0.1:$port\"\ntls_cert = \"$home/cert.pem\"\ntls_key = \"$home/key.pem\""
        ;;
    nginx)
        start_nginx "$port" "$inner" "worker_rlimit_nofile 16384; events { worker_connections 8192; }"
        lines="redirect_uri = \"https://127.0.0.1:$port/callback/\"" listen="address = \"127.0.0.1:$inner\""
        ;;
    sandbox)
        flood "$url/" "$sandbox" "${@:3}"
        exit
        ;;
    *) sed -n '2,7s/^# \?//p' "$0" && exit 2 ;;
esac
config=$home/.config/wxbox/config.toml
(umask 077; { echo "$lines"; sed "s|^\[network\]|[listen]\n$listen\n[network]\nopen_base = \"$url\"|" "$config"; } >"$home/config.toml")
cp "$home/config.toml" "$config"

wxbox -q user add luffy
mkfifo "$home/events"
wxbox --json bind -u luffy --timeout 5h >"$home/events" 2>"$home/err" &
bind=$!
exec 8<"$home/events"
read -r event <&8 || fail "bind has ended: $(cat "$home/err")"
link=$(field '["url"]' <<<"$event")
link=${link%#*}
# The callback URL after luffy's authorization; its code is valid for five minutes.
authorized_url() { curl -sS --noproxy '*' -o /dev/null -w '%{redirect_url}' -d 'person=luffy&allow=1' "$url/sandbox/authorize?${link#*\?}"; }
code=$(authorized_url)
state=${code##*state=}
status=0
flood "${code%%\?*}?state=${state%%&*}" $bind "${@:3}" || status=$?
page=$(curl -sSk --noproxy '*' -H 'Accept-Language: en' "$(authorized_url)")
case $page in *"Binding complete"*) ;; *) fail "luffy came back to: $page" ;; esac
wait $bind || fail "bind: status $?: $(cat "$home/err")"
log "bound luffy"
exit $status
