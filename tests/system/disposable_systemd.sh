#!/usr/bin/env bash
# Runs a script in a disposable copy of this machine with systemd as its first process: whatever the script installs, starts
# or removes there, this machine does not change. Usage, as root: disposable_systemd.sh SCRIPT [ARG]…
# Exits with the script's status, or prints a reason and exits with 77 if no copy can be made.
#
# The copy sees all of this machine's root and what is mounted on it as it is; what it writes goes to memory. It has its
# own processes, host name, /tmp, /run, /dev and control groups; of this machine's units none is started. The network is
# shared. The output of services is in /run/services. With SYSTEM_ROOT=DIR it is a copy of the system in DIR instead, with
# this machine's copy of the project.
set -euo pipefail

[ "$(id -u)" = 0 ] || { echo "only root can make a copy of the machine"; exit 77; }
unshare -mpfui true 2>/dev/null || { echo "no namespaces can be made"; exit 77; }
SYSTEM_ROOT=${SYSTEM_ROOT:-/}
[ -x "$SYSTEM_ROOT/lib/systemd/systemd" ] || { echo "there is no systemd"; exit 77; }
script=$(realpath "$1")
shift
scratch=$(mktemp -d)
output=$scratch/output
touch "$output"
mkdir "$scratch/memory" "$scratch/groups"
group=wxbox-copy-$$
cleanup() {
    # The group is empty, because its first process has ended.
    find "$scratch/groups/$group" -depth -type d -exec rmdir {} \; 2>/dev/null || true
    umount "$scratch/groups" 2>/dev/null || true
    rm -rf --one-file-system "$scratch"
}
trap cleanup EXIT
mount -t cgroup2 none "$scratch/groups" && mkdir "$scratch/groups/$group" || { echo "there are no control groups"; exit 77; }

here=$(realpath "$(dirname "$0")/../..")
[ -z "${CARGO_TARGET_DIR-}" ] || CARGO_TARGET_DIR=$(realpath "$CARGO_TARGET_DIR")
export scratch output group script here SYSTEM_ROOT
# shellcheck disable=SC2016
unshare -m -p -f -u -i --propagation private --kill-child bash -euc '
    echo 0 >"$scratch/groups/$group/cgroup.procs"
    mount -t tmpfs tmpfs "$scratch/memory"
    cd "$scratch/memory"
    mkdir new work root
    mount -t overlay overlay -o "lowerdir=$SYSTEM_ROOT,upperdir=new,workdir=work" root || { echo "there is no overlayfs"; exit 77; }
    cd root
    # The other mounts of this machine, read-only.
    [ "$SYSTEM_ROOT" != / ] || for there in $(findmnt -rno TARGET -t ext4,xfs,btrfs,overlay,zfs | grep -vx -e / -e "$scratch.*"); do
        [ ! -d "$there" ] || mount --bind -o ro "$there" ".$there"
    done
    for dir in tmp run dev; do mount -t tmpfs tmpfs $dir; done
    chmod 1777 tmp
    # The project, which may lie below one of these.
    for dir in "$here" ${CARGO_TARGET_DIR:+"$CARGO_TARGET_DIR"}; do
        mkdir -p ".$dir"
        mount --bind -o ro "$dir" ".$dir"
    done
    for device in null zero full random urandom tty; do
        touch dev/$device
        mount --bind /dev/$device dev/$device
    done
    mkdir dev/shm dev/pts
    mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
    ln -s pts/ptmx dev/ptmx
    mount -t proc proc proc
    mount -t sysfs -o ro sysfs sys
    touch run/output
    mount --bind "$output" run/output
    units=usr/lib/systemd/system
    rm -rf usr/lib/systemd/system-generators usr/lib/systemd/system-environment-generators etc/systemd/system/* $units/*.wants
    # The output of services, because there is no journal; a file that sorts later redirects the output of the script.
    to() { mkdir "etc/systemd/system/$1.d"; printf "[Service]\nStandardOutput=append:$2\nStandardError=append:$2\n" >"etc/systemd/system/$1.d/$3"; }
    to service /run/services 1.conf
    to copy.service /run/output 2.conf
    {
        echo "[Unit]"
        echo "SuccessAction=exit"
        echo "FailureAction=exit"
        echo "[Service]"
        echo "Type=oneshot"
        echo "TimeoutStartSec=infinity"
        [ -z "${CARGO_TARGET_DIR-}" ] || echo "Environment=\"CARGO_TARGET_DIR=$CARGO_TARGET_DIR\""
        printf "ExecStart=bash"
        printf " \"%s\"" "$script" "$@"
        echo
    } >etc/systemd/system/copy.service
    : >dev/console
    exec unshare -C bash -euc "
        mount -t cgroup2 none sys/fs/cgroup
        mkdir run/old
        pivot_root . run/old
        cd /
        umount -l run/old
        # As a container manager does, so that mounts that systemd makes for a service reach it.
        mount --make-rshared /
        exec env -i container=copy PATH=$PATH /lib/systemd/systemd --system --unit=copy.service --show-status=no --log-target=null"
' bash "$@" && status=0 || status=$?
cat "$output"
exit "$status"
