#!/usr/bin/env bash
# Tests the nginx configuration of the binding guide in a real nginx: users are bound through it, by the long link and by
# the short one, and WeChat's verification file is served through it; its log contains no code.
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
! grep -q code= "$home/nginx/calls" 2>/dev/null || fail "nginx has logged a code: $(cat "$home/nginx/calls")"
log "nginx has kept no code"
