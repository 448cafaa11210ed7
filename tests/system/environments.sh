#!/usr/bin/env bash
# Runs wxbox in unusual environments: no home, a read-only root, another user, PID 1, cron, systemd's directories, an empty
# container, a mount without modes. Usage: tests/system/environments.sh [PROGRAM]
# Most cases need root (or user namespaces); a case that cannot run is reported as skipped. Exits 1 if a case failed.
set -uo pipefail

here=$(realpath "$(dirname "$0")/../..")
wxbox=$(realpath "${1:-${CARGO_TARGET_DIR:-$here/target}/debug/wxbox}")
scratch=$(mktemp -d)
chmod 755 "$scratch"
failed=0
sandbox_pid=
cleanup() {
    [ -n "$sandbox_pid" ] && kill "$sandbox_pid" 2>/dev/null
    umount "$scratch/mount_without_modes/mnt" 2>/dev/null
    rm -rf --one-file-system "$scratch"
}
trap cleanup EXIT

# run_case NAME: runs the function of that name, and prints its output only if it fails.
run_case() {
    local name=$1
    mkdir -p "$scratch/$name"
    # Not in a condition, because bash ignores `set -e` there.
    (cd "$scratch/$name" && set -eu && "$name") >"$scratch/output" 2>&1
    case $? in
        0) echo "ok      $name" ;;
        77) echo "skipped $name: $(tail -1 "$scratch/output")" ;;
        *)
            echo "FAILED  $name"
            sed 's/^/        /' "$scratch/output"
            failed=1
            ;;
    esac
}
skip() { echo "$1"; exit 77; }
# expect_output TEXT COMMAND…: checks that the output of the command contains the text.
expect_output() {
    local text=$1 all
    shift
    all=$("$@" 2>&1) || true
    case $all in
        *"$text"*) ;;
        *) echo "'$*' does not print '$text', but: $all"; return 1 ;;
    esac
}
# The files that these variables name do not exist in every environment.
unset SSL_CERT_FILE SSL_CERT_DIR
# bare NAME=VALUE… COMMAND…: runs the command with only these variables.
bare() { env -i "$@"; }

config() {
    cat >"$1" <<EOF
app_id = "wx0123456789abcdef"
app_secret = "0123456789abcdef0123456789abcdef"
redirect_uri = "http://127.77.0.1:18077/callback/"
[listen]
address = "127.77.0.1:18077"
[network]
api_base = "$url"
open_base = "$url"
[templates.backup]
id = "backup_finished-0123456789abcdefghijklmnopq"
data = { size = "-", time = "-" }
EOF
    chmod 600 "$1"
}
luffy=oLuffy_wears_the_straw_hat_1
# Runs the main workflow with this prefix before each command.
job() {
    "$@" user add luffy --openid "$luffy"
    "$@" send --user luffy --template backup --data host=你好
    "$@" user list | grep -q luffy
    "$@" outbox flush
    "$@" -q doctor
}
own_mounts=()
if unshare -m true 2>/dev/null; then own_mounts=(unshare -m)
elif unshare -rm true 2>/dev/null; then own_mounts=(unshare -rm); fi

no_home() {
    config c.toml
    # Without HOME, the home comes from the user database.
    [ "$(bare "$wxbox" config path)" = "$(getent passwd "$(id -u)" | cut -d: -f6)/.config/wxbox/config.toml" ]
    # A user who is not in that database has no home.
    [ "$(id -u)" = 0 ] || skip "needs root for a user without a record"
    chown 54321 . c.toml
    nobody=(setpriv --reuid=54321 --regid=54321 --clear-groups env -i)
    expect_output "cannot determine a directory for the database" "${nobody[@]}" "$wxbox" -c c.toml user list
    expect_output "use --database, or set WXBOX_DATABASE" "${nobody[@]}" "$wxbox" -c c.toml user list
    expect_output "cannot determine a directory" "${nobody[@]}" "$wxbox" -c c.toml doctor
    job "${nobody[@]}" "$wxbox" -c c.toml --database d.db
    mkdir -p own/wxbox && chown -R 54321 own
    job "${nobody[@]}" WXBOX_CONFIG="$PWD/c.toml" STATE_DIRECTORY="$PWD/own/wxbox" "$wxbox"
}

home_that_is_not_there() {
    [ "$(id -u)" = 0 ] || skip "needs root"
    nobody=(setpriv --reuid=54321 --regid=54321 --clear-groups env -i HOME=/nonexistent)
    expect_output "cannot open the database /nonexistent/.local/share/wxbox/wxbox.db" "${nobody[@]}" "$wxbox" user add luffy
    expect_output "cannot write /nonexistent/.config/wxbox/config.toml" "${nobody[@]}" "$wxbox" init --no-check \
        --app-id wx1 --redirect-uri http://192.0.2.1/ --secret-stdin <<<x
}

cron() {
    config c.toml
    # As under cron: no terminal, no locale, a short PATH, and standard output is a pipe.
    job bare HOME="$PWD" PATH=/usr/bin:/bin LANG=C SHELL=/bin/sh "$wxbox" -c c.toml </dev/null
    [ -z "$(bare HOME="$PWD" PATH=/usr/bin:/bin LANG=C "$wxbox" -q -c c.toml send --user luffy again </dev/null 2>&1)" ]
    expect_output "你好" bare HOME="$PWD" LANG=C "$wxbox" -c c.toml outbox show 1
    # No PATH at all, and closed streams.
    bare HOME="$PWD" "$wxbox" -c c.toml outbox flush <&- >&- 2>&-
}

other_user() {
    [ "$(id -u)" = 0 ] || skip "needs root"
    config c.toml
    mkdir home && chown -R 65534 home c.toml && chmod 755 .
    as=(setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs env -i HOME="$PWD/home" "$wxbox" -c c.toml)
    job "${as[@]}"
    # The error names the config or the database that belongs to another user.
    chown 0 c.toml
    expect_output "cannot read the config file c.toml" "${as[@]}" user list
    chown 65534 c.toml
    chown -R 0 home/.local
    expect_output "home/.local/share/wxbox/wxbox.db" "${as[@]}" user list
}

read_only_root() {
    [ ${#own_mounts[@]} -gt 0 ] || skip "needs a mount namespace"
    mkdir -p etc state/wxbox
    config etc/c.toml
    export wxbox luffy
    export -f job expect_output
    "${own_mounts[@]}" bash -euc '
        mount --bind state state
        for dir in / $(findmnt -rno TARGET -t ext4,tmpfs,overlay,xfs,btrfs); do
            case $dir in "$PWD"/*) ;; *) mount -o remount,bind,ro "$dir" 2>/dev/null || true ;; esac
        done
        for dir in . /tmp /var/tmp; do
            if touch "$dir/x" 2>/dev/null; then echo "$dir is not read-only"; rm -f "$dir/x"; exit 77; fi
        done
        touch state/x
        run=(env -i HOME=/root STATE_DIRECTORY="$PWD/state/wxbox" "$wxbox" -c etc/c.toml)
        job "${run[@]}"
        # More rows than SQLite sorts in memory: it must not need a temporary file.
        { echo username,note; for ((n = 0; n < 30000; n++)); do printf "p%d,%0200d\n" $n $n; done; } | "${run[@]}" user import -
        "${run[@]}" user export | wc -l | grep -q 30002
        "${run[@]}" -q doctor
        run=(env -i HOME=/root "$wxbox" -c etc/c.toml --database "$PWD/etc/d.db")
        expect_output "Read-only file system" "${run[@]}" user add luffy
        expect_output "Read-only file system" "${run[@]}" doctor
        expect_output "cannot write $PWD/etc/n.toml: Read-only file system" env -i "$wxbox" -c "$PWD/etc/n.toml" init --no-check \
            --app-id wx1 --redirect-uri http://192.0.2.1/ --secret-stdin <<<x
    '
}

read_only_database() {
    [ ${#own_mounts[@]} -gt 0 ] || skip "needs a mount namespace"
    config c.toml
    mkdir data
    "$wxbox" -c c.toml --database data/d.db user add luffy
    export wxbox
    export -f expect_output
    "${own_mounts[@]}" bash -euc '
        mount --bind data data && mount -o remount,bind,ro data
        run=("$wxbox" -c c.toml --database data/d.db)
        expect_output "cannot write the database" "${run[@]}" user add nami
        expect_output "mounted read-only" "${run[@]}" user add nami
        expect_output "failure  database: " "${run[@]}" doctor
    '
}

pid_1() {
    config c.toml
    space=(unshare -pf --mount-proc)
    "${space[@]}" true 2>/dev/null || space=(unshare -rpf --mount-proc)
    "${space[@]}" true 2>/dev/null || skip "needs a PID namespace"
    job "${space[@]}" env -i HOME="$PWD" "$wxbox" -c c.toml
    # The first process of a container receives SIGTERM only if it handles it.
    "${space[@]}" --kill-child env -i HOME="$PWD" "$wxbox" -c c.toml --json bind --user luffy --rebind --qr none >said &
    unshared=$!
    until grep -q authorize_url said; do kill -0 $unshared; done
    kill -TERM "$(pgrep -P $unshared)"
    status=0
    wait $unshared || status=$?
    [ $status = 143 ] || { echo "status $status"; return 1; }
    # The first process inherits orphans: it must reap them, and end with its own command.
    status=0
    "${space[@]}" env -i HOME="$PWD" PATH="$PATH" "$wxbox" -q -c c.toml run --user luffy -- bash -c '
        orphan=$(true & echo $!)
        for ((n = 0; n < 100000; n++)); do [ -e /proc/$orphan ] || exit 7; done' || status=$?
    [ $status = 7 ] || { echo "status $status"; return 1; }
}

systemd_directories() {
    config c.toml
    sed -i /^app_secret/d c.toml
    mkdir -m 700 state state/wxbox credentials
    printf 0123456789abcdef0123456789abcdef >credentials/wxbox-app-secret
    chmod 400 credentials/wxbox-app-secret && chmod 500 credentials
    job bare STATE_DIRECTORY="$PWD/state/wxbox" CREDENTIALS_DIRECTORY="$PWD/credentials" "$wxbox" -c c.toml
    [ -s state/wxbox/wxbox.db ]
    expect_output "the AppSecret comes from $PWD/credentials/wxbox-app-secret" bare STATE_DIRECTORY="$PWD/state/wxbox" \
        CREDENTIALS_DIRECTORY="$PWD/credentials" "$wxbox" -c c.toml -v doctor
    chmod 700 credentials
}

systemd_unit() {
    case $(systemctl is-system-running 2>&1) in
        running | degraded) ;;
        *) skip "systemd does not run here" ;;
    esac
    [ "$(id -u)" = 0 ] || skip "needs root"
    config c.toml
    sed -i /^app_secret/d c.toml
    chmod 644 c.toml
    printf 0123456789abcdef0123456789abcdef >secret
    unit=(systemd-run --quiet --wait --pipe -p DynamicUser=yes -p StateDirectory=wxbox-environments/wxbox -p ProtectSystem=strict
        -p ProtectHome=yes -p PrivateTmp=yes -p LoadCredential=wxbox-app-secret:"$PWD/secret"
        -p BindReadOnlyPaths="$wxbox:/wxbox $PWD/c.toml:/wxbox.toml")
    job "${unit[@]}" /wxbox -c /wxbox.toml
}

empty_container() {
    [ "$(id -u)" = 0 ] || skip "needs root"
    # Only the program and its libraries: no /etc, /proc, /dev, /tmp, no user names, no certificates.
    mkdir -p root/data
    for file in $(ldd "$wxbox" | grep -o '/[^ ]*'); do
        mkdir -p "root$(dirname "$file")" && cp "$file" "root$file"
    done
    cp "$wxbox" root/wxbox
    config root/data/c.toml
    job chroot root /wxbox -c /data/c.toml --database /data/d.db
    expect_output "wxbox" chroot root /wxbox --version
    expect_output "cannot determine a directory" env -i PATH="$PATH" chroot --userspec=54321:54321 root /wxbox user list
    mkdir -m 755 root/data/own && chown 54321 root/data/own root/data/c.toml
    job env -i PATH="$PATH" chroot --userspec=54321:54321 root /wxbox -c /data/c.toml --database /data/own/d.db
}

mount_without_modes() {
    command -v bindfs >/dev/null || skip "there is no bindfs to make a file system without modes"
    mkdir src mnt
    bindfs --perms=0777:a+X src mnt || skip "no FUSE here"
    config mnt/c.toml
    [ "$(stat -c %a mnt/c.toml)" = 777 ]
    # The modes of this file system are artificial: they are no reason to reject the config.
    job bare HOME="$PWD/mnt" "$wxbox" -c mnt/c.toml
    expect_output "on a file system without permissions" bare HOME="$PWD/mnt" "$wxbox" -c mnt/c.toml -v doctor
    "$wxbox" -c mnt/new/c.toml init --no-check --app-id wx1 --redirect-uri http://192.0.2.1/ --secret-stdin <<<x
    "$wxbox" -c mnt/new/c.toml config show
    umount mnt
}

ipv6_alone() {
    own_net=(unshare -n)
    "${own_net[@]}" true 2>/dev/null || own_net=(unshare -rn)
    "${own_net[@]}" ip link set lo up 2>/dev/null || skip "needs a network namespace and ip"
    config c.toml
    sed -i 's/^address = .*/address = "[::]:18077"/' c.toml
    "$wxbox" -c c.toml --database d.db user add luffy
    export wxbox
    # If the system restricts a listener on :: to IPv6 by default, wxbox requests both.
    "${own_net[@]}" bash -euc '
        ip link set lo up
        echo 1 >/proc/sys/net/ipv6/bindv6only
        "$wxbox" -c c.toml --database d.db --json bind --user luffy --qr none >said &
        until grep -q authorize_url said; do kill -0 $!; done
        for host in 127.0.0.1 "[::1]"; do
            status=$(curl -s -o page -w "%{http_code}" --noproxy "*" "http://$host:18077/") || true
            [ "$status" = 404 ] || { echo "$host: $status"; exit 1; }
        done
        kill $!
    '
}

full_disk() {
    [ ${#own_mounts[@]} -gt 0 ] || skip "needs a mount namespace"
    config c.toml
    mkdir data
    export wxbox
    export -f expect_output
    "${own_mounts[@]}" bash -euc '
        mount -t tmpfs -o size=2m tmpfs data
        run=("$wxbox" -c c.toml --database data/d.db)
        "${run[@]}" user add luffy
        expect_output "failure  disk space: " "${run[@]}" -q doctor
        head -c 4m /dev/zero >data/filler 2>/dev/null || true
        expect_output "cannot write $PWD/data/c.toml: No space left on device" "$wxbox" -c "$PWD/data/c.toml" init --no-check \
            --app-id wx1 --redirect-uri http://192.0.2.1/ --secret-stdin <<<x
        [ -z "$(ls -A data | grep -v -e ^d.db -e ^filler)" ]
    '
}

"$wxbox" sandbox --json --listen 127.0.0.1:0 >"$scratch/sandbox" &
sandbox_pid=$!
until [ -s "$scratch/sandbox" ]; do kill -0 $sandbox_pid || exit 1; done
url=$(head -1 "$scratch/sandbox" | grep -o 'http://[0-9.:]*')

for name in no_home home_that_is_not_there cron other_user read_only_root read_only_database pid_1 \
    systemd_directories systemd_unit empty_container mount_without_modes ipv6_alone full_disk; do
    run_case "$name"
done
exit $failed
