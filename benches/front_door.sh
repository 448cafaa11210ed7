#!/usr/bin/env bash
# Has front_door.py attack each kind of listener, and looks whether the really right call comes through at the end.
#
#     cargo build --release && benches/front_door.sh bind|tls|sandbox|nginx [SECONDS] [--one-address]
#
# bind: `wxbox bind` by http; tls: its own HTTPS; nginx: behind README's lines for nginx; sandbox: `wxbox sandbox`. Each
# may open 1,024 files. What is asked amid the flood is the right address with the right state, and no code yet.
built=$(cd "$(dirname "$0")/.." && pwd)/target/release
. "$(dirname "$0")/../tests/system/world.sh"
. "$here/tests/system/through_nginx.sh"
form=${1-} seconds=${2-0}
attacked() { "$here/benches/front_door.py" "$1" "$2" "$seconds" "${@:3}"; }

ulimit -Sn 1024
world 1
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
        through_nginx "$port" "$inner" "worker_rlimit_nofile 16384; events { worker_connections 8192; }"
        lines="redirect_uri = \"https://127.0.0.1:$port/callback/\"" listen="address = \"127.0.0.1:$inner\""
        ;;
    sandbox)
        attacked "$url/" "$sandbox" "${@:3}"
        exit
        ;;
    *) sed -n '2,7s/^# \?//p' "$0" && exit 2 ;;
esac
config=$home/.config/wxbox/config.toml
(umask 077; { echo "$lines"; sed "s|^\[network\]|[listen]\n$listen\n[network]\nopen_base = \"$url\"|" "$config"; } >"$home/config.toml")
cp "$home/config.toml" "$config"

wxbox -q user add luffy
mkfifo "$home/said"
wxbox --json bind -u luffy --timeout 5h >"$home/said" 2>"$home/err" &
bind=$!
exec 8<"$home/said"
read -r event <&8 || fail "bind has ended: $(cat "$home/err")"
link=$(field '["url"]' <<<"$event")
link=${link%#*}
# Where luffy's phone is sent once she has allowed it; the code in it is good for five minutes.
allowed() { curl -sS --noproxy '*' -o /dev/null -w '%{redirect_url}' -d 'person=luffy&allow=1' "$url/sandbox/authorize?${link#*\?}"; }
code=$(allowed)
state=${code##*state=}
status=0
attacked "${code%%\?*}?state=${state%%&*}" $bind "${@:3}" || status=$?
page=$(curl -sSk --noproxy '*' -H 'Accept-Language: en' "$(allowed)")
case $page in *"Binding complete"*) ;; *) fail "luffy came back to: $page" ;; esac
wait $bind || fail "bind: status $?: $(cat "$home/err")"
say "bound luffy"
exit $status
