#!/usr/bin/env bash
# Runs a script in a copy of this machine that has systemd as its first process and is thrown away afterwards: whatever
# the script installs, starts or removes there, this machine stays as it is. Usage, as root: copy.sh SCRIPT [ARG]…
# Ends with the script's status; 77, and a word why, where no such copy can be made.
#
# The copy sees all of this machine's root and what is mounted on it as it is; what it writes goes to memory. It has its
# own processes, host name, /tmp, /run, /dev and control groups; of this machine's units none is started. The network is
# shared. What services say there is in /run/services.
set -euo pipefail

[ "$(id -u)" = 0 ] || { echo "only root can make a copy of the machine"; exit 77; }
unshare -mpfui true 2>/dev/null || { echo "no namespaces can be made"; exit 77; }
[ -x /lib/systemd/systemd ] || { echo "there is no systemd"; exit 77; }
script=$(realpath "$1")
shift
place=$(mktemp -d)
said=$place/said
touch "$said"
mkdir "$place/memory" "$place/groups"
group=wxbox-copy-$$
cleanup() {
    # Nobody is left in it: its first process has ended.
    find "$place/groups/$group" -depth -type d -exec rmdir {} \; 2>/dev/null || true
    umount "$place/groups" 2>/dev/null || true
    rm -rf --one-file-system "$place"
}
trap cleanup EXIT
mount -t cgroup2 none "$place/groups" && mkdir "$place/groups/$group" || { echo "there are no control groups"; exit 77; }

here=$(realpath "$(dirname "$0")/../..")
[ -z "${CARGO_TARGET_DIR-}" ] || CARGO_TARGET_DIR=$(realpath "$CARGO_TARGET_DIR")
export place said group script here
# shellcheck disable=SC2016
unshare -m -p -f -u -i --propagation private --kill-child bash -euc '
    echo 0 >"$place/groups/$group/cgroup.procs"
    mount -t tmpfs tmpfs "$place/memory"
    cd "$place/memory"
    mkdir new work root
    mount -t overlay overlay -o lowerdir=/,upperdir=new,workdir=work root || { echo "there is no overlayfs"; exit 77; }
    cd root
    # What else is mounted here, to be read.
    for there in $(findmnt -rno TARGET -t ext4,xfs,btrfs,overlay,zfs | grep -vx -e / -e "$place.*"); do
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
    touch run/said
    mount --bind "$said" run/said
    units=usr/lib/systemd/system
    rm -rf usr/lib/systemd/system-generators usr/lib/systemd/system-environment-generators etc/systemd/system/* $units/*.wants
    # What services say: there is no journal. By another file of a later name, what the script says.
    to() { mkdir "etc/systemd/system/$1.d"; printf "[Service]\nStandardOutput=append:$2\nStandardError=append:$2\n" >"etc/systemd/system/$1.d/$3"; }
    to service /run/services 1.conf
    to copy.service /run/said 2.conf
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
        # As a container manager does: what systemd mounts for a service reaches it.
        mount --make-rshared /
        exec env -i container=copy PATH=$PATH /lib/systemd/systemd --system --unit=copy.service --show-status=no --log-target=null"
' bash "$@" && status=0 || status=$?
cat "$said"
exit "$status"
