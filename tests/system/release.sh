#!/usr/bin/env bash
# Makes and tests the files of a release. Usage: release.sh [archive | reproduce [TARGET]… | run [DIR] | packages [DIR]]
#     archive     quick, for .ci/run: makes the archive of the program that was built last, and uses it
#     reproduce   makes each release twice, in two directories and without a network, compares the bytes, and leaves the
#                 files in target/release-artifacts
#     run         uses the program of each archive for Linux in DIR (target/release-artifacts), by qemu where it has to be,
#                 with a sandbox of this machine by HTTPS
#     packages    installs, upgrades and removes the .deb and the .rpm in DIR (target/release-artifacts) in a Debian 11
#                 of their own with a running systemd; as root. RELEASE_ROOT=DIR names another system
# All but the first need packaging/release-tools, and take minutes.
. "$(dirname "$0")/common.sh"
what=${1:-archive}
[ $# = 0 ] || shift
target=${CARGO_TARGET_DIR:-$here/target}
mkdir -p "$target"
target=$(realpath "$target")
# rustc and cargo need the real home.
host=$(env -u HOME rustc -vV | sed -n 's/^host: //p')
release() { env -u HOME "$here/packaging/release" "$@"; }

archive() {
    local out file page
    [ -x "$target/release/wxbox" ] || { log "skipped: there is no release build"; exit 0; }
    for out in first second; do
        release --no-build --glibc native --only archive --out "$home/$out" >/dev/null
    done
    cmp "$home"/first/*.tar.gz "$home"/second/*.tar.gz || fail "two archives of one program differ"
    cd "$home/first"
    sha256sum --quiet --check SHA256SUMS || fail "the checksums"
    tar -xzf ./*.tar.gz
    cd wxbox-*/
    for file in README.md README.zh-CN.md LICENSE-MIT LICENSE-APACHE config.example.toml config.example.zh-CN.toml \
        completions/wxbox.bash completions/_wxbox completions/wxbox.fish systemd/wxbox-serve.service docs/guides/install.md; do
        cmp "$file" "$here/$file" 2>/dev/null || cmp "$file" "$here/packaging/$file" || fail "$file"
    done
    [ "$(basename "$PWD")" = "wxbox-$(./wxbox --version | cut -d' ' -f2)-$host" ] || fail "its name: $PWD"
    ./wxbox -q man "$home/man"
    for page in "$home"/man/*; do
        zcat "man/man1/${page##*/}.gz" | cmp - "$page" || fail "the manual page $page"
        [ -s "man/zh_CN/man1/${page##*/}.gz" ] || fail "the Chinese manual page $page"
    done
    [ -z "$(tar --numeric-owner -tvzf ../*.tar.gz | awk '$2 != "0/0" || $1 !~ /^(d|-)rw[-x]r-[-x]r-[-x]$/')" ] || fail "an owner or a mode"
    touch "$here/untracked-$$"
    # A tree with uncommitted changes cannot be released.
    release --only archive --out "$home/third" 2>"$home/refused" && status=0 || status=$?
    rm "$here/untracked-$$"
    [ $status = 1 ] && grep -q 'the tree has changes' "$home/refused" || fail "a tree with changes: $(cat "$home/refused")"
    log "done"
}

# build_in DIR TARGET…: makes the releases from a clone in DIR. Another user of the machine would have another umask, locale
# and time zone, too.
build_in() {
    local dir=$1 triple
    git clone --quiet "$here" "$dir/wxbox"
    mkdir -p "$dir/build"
    ln -s "$target/release-tools" "$dir/build/release-tools"
    umask 077
    cd "$dir/wxbox"
    for triple in "${@:2}"; do
        env -u HOME -u LANG TZ=Asia/Shanghai CARGO_TARGET_DIR="$dir/build" \
            unshare -n packaging/release --target "$triple" --out "$dir/out"
    done
    echo "took $SECONDS s"
}

# Both builds run concurrently, because the linker optimizes a whole program with one processor.
reproduce() {
    local tree
    local -A builds
    [ -d "$target/release-tools" ] || { log "skipped: run packaging/release-tools"; exit 0; }
    for tree in a another/directory; do
        mkdir -p "$home/$tree"
        log "builds ${*:-$host} in $home/$tree"
        build_in "$home/$tree" "${@:-$host}" >"$home/$tree/log" 2>&1 &
        builds[$tree]=$!
    done
    for tree in "${!builds[@]}"; do
        wait "${builds[$tree]}" || fail "$home/$tree: $(tail -20 "$home/$tree/log")"
        log "$home/$tree $(tail -1 "$home/$tree/log")"
    done
    cat "$home/a/out/SHA256SUMS"
    if ! diff "$home/a/out/SHA256SUMS" "$home/another/directory/out/SHA256SUMS"; then
        trap - EXIT
        fail "the two differ, and stay for a comparison: $home/a and $home/another/directory"
    fi
    mkdir -p "$target/release-artifacts"
    cp "$home"/a/out/wxbox* "$target/release-artifacts"
    (cd "$target/release-artifacts" && sha256sum wxbox* >SHA256SUMS)
    log "two builds in two directories without a network are equal"
}

# api_by_https: lets the config name the sandbox's API by HTTPS, with a certificate of an authority of its own.
api_by_https() {
    local key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes) port
    cd "$home"
    openssl req -x509 "${key[@]}" -subj "/CN=authority" -keyout authority.key -out authority.pem 2>openssl.log
    openssl req "${key[@]}" -subj "/CN=127.0.0.1" -keyout key.pem -out request.pem 2>openssl.log
    printf 'subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n' >extensions
    openssl x509 -req -in request.pem -CA authority.pem -CAkey authority.key -CAcreateserial -days 1 -extfile extensions \
        -out cert.pem 2>openssl.log || fail "$(cat openssl.log)"
    mkfifo port
    python3 "$here/tests/system/tls_front.py" cert.pem key.pem "${url##*:}" >port &
    read -r port <port
    sed -i "s|^api_base = .*|api_base = \"https://127.0.0.1:$port\"\nca_file = \"$home/authority.pem\"|" .config/wxbox/config.toml
    grep -q '^api_base = "https:' .config/wxbox/config.toml || fail "the API is not by HTTPS"
}

# run_archive FILE: runs the program of the archive in a home of its own.
run_archive() {
    local name=${1##*/} program architecture emulator=()
    name=${name%.tar.gz}
    tar -xzf "$1" -C "$home"
    program=$home/$name/wxbox
    architecture=${name#wxbox-*-}
    architecture=${architecture/armv7/arm}
    [ "${architecture%%-*}" = "$(uname -m)" ] ||
        emulator=("qemu-${architecture%%-*}-static" -L "/usr/${architecture/-unknown/}")
    there() { "${emulator[@]}" "$program" "$@"; }
    use_there api_by_https
    log "$name: $(there --version), $(stat -c %s "$program") bytes${emulator[0]:+, by ${emulator[0]}}"
}

run() {
    local archives archive
    archives=$(realpath "${1:-$target/release-artifacts}")
    for archive in "$archives"/wxbox-*-linux-*.tar.gz; do
        (
            home=$home/${archive##*/}
            HOME=$home
            mkdir "$home"
            trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
            run_archive "$archive"
        )
    done
}

# Sets root: a Debian 11 with dnf and systemd; made once.
get_debian_root() {
    root=$target/roots/bullseye
    if [ ! -e "$root/complete" ] || [ ! -e "$root/usr/bin/dnf" ]; then
        command -v debootstrap >/dev/null || { log "skipped: needs debootstrap"; exit 0; }
        rm -rf "$root"
        mkdir -p "$(dirname "$root")"
        env -u HOME debootstrap --variant=minbase --include=systemd,systemd-sysv,rpm,dnf bullseye "$root" >"$home/debootstrap" 2>&1 ||
            { log "skipped: no Debian 11 can be fetched: $(tail -1 "$home/debootstrap")"; exit 0; }
        touch "$root/complete"
    fi
}

# Packages of the program in the archive with two lower versions, from which to upgrade.
older_packages() {
    local old target_dir=$home/target
    rm -rf "$1/old"
    mkdir -p "$target_dir/$host/release"
    ln -s "$target/release-tools" "$target_dir/release-tools"
    tar -xzf "$1"/wxbox-*-"$host".tar.gz -C "$target_dir/$host/release" --strip-components=1 --wildcards '*/wxbox'
    for old in 0.0.8 0.0.9; do
        CARGO_TARGET_DIR=$target_dir release --no-build --only deb,rpm --package-version $old --out "$1/old" >/dev/null
    done
}

# Provides the requirements of the package that Red Hat Enterprise Linux 8 has: only its glibc 2.28, systemd and a shell.
stand_in_rpm() {
    local spec=$home/el8.spec version
    {
        printf 'Name: el8-stand-in\nVersion: 8\nRelease: 1\nSummary: What RHEL 8 has\nLicense: none\nBuildArch: x86_64\n'
        printf 'Provides: /bin/sh\nProvides: /usr/bin/env\nProvides: systemd\nProvides: rtld(GNU_HASH)\n'
        for library in libc.so.6 libm.so.6 libpthread.so.0 libdl.so.2 librt.so.1 libutil.so.1 ld-linux-x86-64.so.2 libresolv.so.2; do
            printf 'Provides: %s()(64bit)\n' $library
            for version in 2.2.5 2.3 2.3.2 2.3.3 2.3.4 2.4 2.5 2.6 2.7 2.8 2.9 2.10 2.11 2.12 2.13 2.14 2.15 2.16 2.17 2.18 2.22 2.23 \
                2.24 2.25 2.26 2.27 2.28; do
                printf 'Provides: %s(GLIBC_%s)(64bit)\n' $library $version
            done
        done
        printf '%%description\nA stand-in.\n%%files\n'
    } >"$spec"
    rpmbuild -bb --quiet --define "_topdir $home/rpmbuild" "$spec" >"$home/rpmbuild.log" 2>&1 || fail "$(cat "$home/rpmbuild.log")"
    cp "$home"/rpmbuild/RPMS/x86_64/*.rpm "$1/old/"
}

packages() {
    local packages root kind
    packages=$(realpath "${1:-$target/release-artifacts}")
    [ "$(id -u)" = 0 ] || { log "skipped: only root can install packages"; exit 0; }
    export PATH=$target/release-tools/bin:$PATH
    root=${RELEASE_ROOT-}
    [ -n "$root" ] || get_debian_root
    older_packages "$packages"
    stand_in_rpm "$packages"
    lintian --fail-on error,warning "$packages"/wxbox_*_amd64.deb || fail "lintian reports problems"
    for kind in deb rpm; do
        # The copy sees the project and the directory that this variable names.
        SYSTEM_ROOT=$root CARGO_TARGET_DIR=$packages "$here/tests/system/disposable_systemd.sh" \
            "$here/tests/system/release_upgrade.sh" "$kind" "$packages" && status=0 || status=$?
        [ $status != 77 ] || { log "skipped: no copy of a system can be made"; exit 0; }
        [ $status = 0 ] || fail "the .$kind"
    done
}

# Both commands are in one line, so that bash reads no further if the file has changed after an hour.
$what "$@"; exit
