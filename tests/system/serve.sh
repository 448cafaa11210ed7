#!/usr/bin/env bash
# wxbox-serve.service under a real systemd, in a copy of this machine: it becomes active, answers WeChat's check of the URL,
# records an event, delivers messages of another process, reads a new config, is started again after it was killed, and
# stops. The flush timer runs beside it.
. "$(dirname "$0")/common.sh"

if [ "${1-}" != inside ]; then
    [ "$(id -u)" = 0 ] || { log "skipped: only root can start a systemd"; exit 0; }
    "$here/tests/system/disposable_systemd.sh" "$0" inside && status=0 || status=$?
    [ $status != 77 ] || { log "skipped: no copy of this machine can be made to start a systemd in"; exit 0; }
    exit $status
fi

unit=wxbox-serve.service
luffy=oLuffy_wears_the_straw_hat_1
secret=0123456789abcdef0123456789abcdef
token=pushToken0123456789
address=127.0.0.1:18099
state() { systemctl show -P "$1" $unit; }
said() { tail -5 /run/services; }
as_user() { setpriv --reuid=wxbox --regid=wxbox --init-groups env -i HOME=/var/lib/wxbox WXBOX_APP_SECRET=$secret /usr/bin/wxbox "$@"; }
web() { curl -sS --noproxy '*' "$@"; }
# signed_query: prints the query string of a request that is signed as WeChat signs it.
signed_query() {
    local time nonce=nonce$RANDOM$RANDOM
    time=$(date +%s)
    printf 'signature=%s&timestamp=%s&nonce=%s' \
        "$(printf '%s\n' $token "$time" $nonce | LC_ALL=C sort | tr -d '\n' | sha1sum | cut -d' ' -f1)" "$time" $nonce
}
# push EVENT FIELDS: pushes an event of luffy, and prints the response.
push() {
    web "http://$address/push?$(signed_query)" -d "<xml><ToUserName>gh_1</ToUserName><FromUserName>$luffy</FromUserName>\
<CreateTime>$(date +%s)</CreateTime><MsgType>event</MsgType><Event>$1</Event>${2-}</xml>"
}
# await VALUE COMMAND…: runs the command until it prints the value; a minute later it has failed.
await() {
    local expected=$1 end=$((SECONDS + 60)) found
    shift
    until found=$("$@" 2>&1) && [ "$found" = "$expected" ]; do
        [ $SECONDS -lt $end ] || fail "'$*' prints '$found', not '$expected': $(said)"
    done
}

start_sandbox 1
exec 7<&-
cp "$(command -v wxbox)" /usr/bin/wxbox
cp "$here"/packaging/systemd/*.service "$here"/packaging/systemd/*.timer /etc/systemd/system/
getent passwd wxbox >/dev/null || useradd --system --home-dir /var/lib/wxbox --shell /usr/sbin/nologin wxbox
install -d -m 755 /etc/wxbox
install -d -m 700 -o wxbox -g wxbox /var/lib/wxbox
sed '/^app_secret/d' "$home/.config/wxbox/config.toml" >/etc/wxbox/config.toml
printf '[serve]\naddress = "%s"\n' $address >>/etc/wxbox/config.toml
sed -i '1i database = "/var/lib/wxbox/wxbox.db"' /etc/wxbox/config.toml
chown wxbox: /etc/wxbox/config.toml
chmod 600 /etc/wxbox/config.toml
install -d -m 700 /etc/credstore
(
    umask 077
    printf $secret >/etc/credstore/wxbox-app-secret
    printf $token >/etc/credstore/wxbox-push-token
)
as_user -q user add luffy --openid $luffy
systemctl daemon-reload

log "becomes active, with the credentials"
systemctl start $unit || fail "$unit: $(state Result) $(state ExecMainStatus): $(said)"
[ "$(state ActiveState) $(state SubState)" = "active running" ] || fail "$(state ActiveState): $(said)"
[ "$(web "http://$address/push?$(signed_query)&echostr=4375120948345356249")" = 4375120948345356249 ] || fail "no echostr: $(said)"
[ "$(web "http://$address/healthz")" = '{"status":"ok"}' ] || fail "/healthz: $(said)"

log "records an event, and delivers what another process queues"
[ "$(push unsubscribe)" = success ] || fail "the event was not taken: $(said)"
as_user --json user show luffy | grep -q '"reachable":false' || fail "the event had no effect: $(as_user user show luffy)"
[ "$(push subscribe)" = success ] || fail "the event was not taken: $(said)"
systemctl start wxbox-flush.timer
# queue TEXT: queues a template message from another process.
queue() { as_user -q send -u luffy -t backup -d host="$1" -d size=b -d time=c --no-wait; }
queue first
await 1 arrived delivered
systemctl start wxbox-flush.service || fail "wxbox-flush.service: $(said)"

log "reads a new config, and keeps the old one if the new one is broken"
cp -p /etc/wxbox/config.toml "$home/good"
printf '[pusch]\n' >>/etc/wxbox/config.toml
systemctl reload $unit
await 1 grep -c 'the old config stays in force' /run/services
[ "$(push VIEW)" = success ] || fail "after a broken config: $(said)"
cat "$home/good" >/etc/wxbox/config.toml
printf '[push]\npath = "/events"\n' >>/etc/wxbox/config.toml
systemctl reload $unit
await 42 web "http://$address/events?$(signed_query)&echostr=42"
[ "$(state ActiveState)" = active ] || fail "the reload has ended it: $(said)"
[ "$(state NRestarts)" = 0 ] || fail "it was started again: $(said)"

log "is started again after it was killed"
systemctl kill --signal=SIGKILL --kill-whom=main $unit
await 1 state NRestarts
await active state ActiveState
queue second
await 2 arrived delivered

log "stops"
pid=$(state MainPID)
systemctl stop $unit
[ "$(state Result) $(state ExecMainStatus)" = "success 0" ] || fail "$(state Result) $(state ExecMainStatus): $(said)"
[ ! -e "/proc/$pid" ] || fail "process $pid is still there"
[ "$(arrived twice)" = 0 ] || fail "a message arrived twice: $(as_user outbox list)"
log "a wrong config is not tried again and again"
printf '[pusch]\n' >>/etc/wxbox/config.toml
systemctl start $unit 2>/dev/null && fail "it starts with a broken config"
[ "$(state ActiveState) $(state ExecMainStatus)" = "failed 3" ] || fail "$(state ActiveState) $(state ExecMainStatus): $(said)"
log "done"
