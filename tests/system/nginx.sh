#!/usr/bin/env bash
# Tests the nginx configuration of the guides to binding and to events in a real nginx: users are bound through it, by the
# long link and by the short one, and WeChat's verification file is served through it; its log contains no code. `serve`
# behind it answers WeChat's check of the push URL, with a path prefix and without, and does not expose its metrics.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/nginx_common.sh"
start_sandbox 1
cat <&7 >/dev/null &
name=wx.example.com
read -r port inner < <(ports 2)
start_nginx "$port" "$inner"

printf a1B2c3D4e5F6g7H8 >"$home/.config/wxbox/MP_verify_a1B2c3D4e5F6g7H8.txt"
config=$home/.config/wxbox/config.toml
{
    printf 'redirect_uri = "https://%s:%d/callback/"\n' $name "$port"
    sed "s|^\[network\]|[listen]\naddress = \"127.0.0.1:$inner\"\ndomain_verify_file = \"MP_verify_a1B2c3D4e5F6g7H8.txt\"\n[network]\nopen_base = \"$url\"|" "$config"
} >"$home/config.toml"
(umask 077; cp "$home/config.toml" "$config")

# phone URL [OPTION…]: requests a URL as a phone that resolves the name and trusts the certificate.
phone() { curl -sS --noproxy '*' --cacert "$home/cert.pem" --resolve "$name:$port:127.0.0.1" "${@:2}" "$1"; }
# bind_user USER [OPTION…]: reads the link, authorizes it as the user, and calls back through nginx.
bind_user() {
    local user=$1 event link back page
    mkfifo "$home/said-$user"
    wxbox --json bind -u "$user" "${@:2}" >"$home/said-$user" 2>"$home/err-$user" &
    local bind=$!
    exec 8<"$home/said-$user"
    read -r event <&8 || fail "bind has ended: $(cat "$home/err-$user")"
    link=$(field '["url"]' <<<"$event")
    if [ "${2-}" = --short-link ]; then
        local short
        short=$(field '["short_link"]' <<<"$event")
        [ "$(phone "$short" -o /dev/null -w '%{redirect_url}')" = "$link" ] || fail "$short does not lead to $link"
        [ "$(phone "${short%?????}wrong" -o /dev/null -w '%{http_code}')" = 404 ] || fail "a guess was as good"
    fi
    [ "$(phone "https://$name:$port/MP_verify_a1B2c3D4e5F6g7H8.txt")" = a1B2c3D4e5F6g7H8 ] || fail "WeChat's file is not there"
    link=${link%#*}
    back=$(curl -sS --noproxy '*' -o /dev/null -w '%{redirect_url}' -d "person=$user&allow=1" "$url/sandbox/authorize?${link#*\?}")
    page=$(phone "$back" -H 'Accept-Language: en')
    case $page in *"Binding complete"*) ;; *) fail "$user came back to: $page" ;; esac
    wait $bind || fail "bind: status $?: $(cat "$home/err-$user")"
    exec 8<&-
    wxbox user list --bound | grep -q "^$user" || fail "$user is not bound"
    log "bound $user through nginx"
}
wxbox -q user add luffy
wxbox -q user add nami
bind_user luffy
bind_user nami --short-link

token=pushToken0123456789
{
    cat "$config"
    printf '[serve]\npublic_url = "https://%s:%d/wxbox"\n[push]\ntoken = "%s"\n' $name "$port" $token
} >"$home/config.toml"
(umask 077; cp "$home/config.toml" "$config")
mkfifo "$home/served"
wxbox --json serve >"$home/served" 2>"$home/err-serve" &
exec 8<"$home/served"
read -r _ <&8 || fail "serve has ended: $(cat "$home/err-serve")"
# signed_query: prints the query string of a request that is signed as WeChat signs it.
signed_query() {
    local time
    time=$(date +%s)
    printf 'signature=%s&timestamp=%s&nonce=nonce1' \
        "$(printf '%s\n' $token "$time" nonce1 | LC_ALL=C sort | tr -d '\n' | sha1sum | cut -d' ' -f1)" "$time"
}
for path in /push /wxbox/push; do
    [ "$(phone "https://$name:$port$path?$(signed_query)&echostr=42")" = 42 ] || fail "no echostr at $path: $(cat "$home/err-serve")"
done
xml="<xml><ToUserName>gh_1</ToUserName><FromUserName>oLuffy_wears_the_straw_hat_1</FromUserName><CreateTime>$(date +%s)</CreateTime>\
<MsgType>event</MsgType><Event>VIEW</Event></xml>"
[ "$(phone "https://$name:$port/push?$(signed_query)" -d "$xml")" = success ] || fail "an event was not taken: $(cat "$home/err-serve")"
for path in /metrics /wxbox/metrics /healthz; do
    [ "$(phone "https://$name:$port$path" -o /dev/null -w '%{http_code}')" = 404 ] || fail "$path can be reached from outside"
done
[ "$(curl -sS --noproxy '*' "http://127.0.0.1:$inner/metrics" -H 'X-Forwarded-For: 203.0.113.7' -o /dev/null -w '%{http_code}')" = 403 ] ||
    fail "a request that a proxy passed on got the metrics"
log "pushed an event through nginx"
! grep -q -e signature= -e openid= "$home/nginx/calls" 2>/dev/null || fail "nginx has logged a push: $(cat "$home/nginx/calls")"
! grep -q code= "$home/nginx/calls" 2>/dev/null || fail "nginx has logged a code: $(cat "$home/nginx/calls")"
log "nginx has kept no code"
