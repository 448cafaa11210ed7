#!/usr/bin/env bash
# wxbox on other platforms: built for aarch64 Linux and run by qemu; with the argument macos, checked (not linked, not run)
# for macOS on aarch64. Usage: targets.sh [aarch64 | macos]
# Rust for these comes from Debian (rustc-web), unpacked below target/ and not installed; the C compiler for macOS is
# zig's, from PyPI.
. "$(dirname "$0")/common.sh"
what=${1:-aarch64}
work=$(realpath "${CARGO_TARGET_DIR:-$here/target}")/targets
debs=$work/debs
root=$work/root
mkdir -p "$debs" "$root" "$work/lists/partial"
cd "$debs"
command -v apt-get >/dev/null || { log "skipped: this is no Debian"; exit 0; }
[ "$(dpkg --print-architecture)" = amd64 ] || { log "skipped: made for amd64"; exit 0; }

# Separate package lists with two architectures; the machine's own lists do not change.
apt=(-qq -o APT::Architectures::=amd64 -o APT::Architectures::=arm64 -o Dir::State::Lists="$work/lists" -o APT::Sandbox::User=root)
fetch() {
    local new
    new=$(apt-cache "${apt[@]}" policy rustc-web 2>/dev/null | awk '/Candidate/ {print $2}')
    [ -n "$new" ] && [ "$new" != "(none)" ] || { log "skipped: Debian has no rustc-web here"; exit 0; }
    [ ! -e "$work/$what-$new" ] || return 0
    rm -rf "$debs"/*
    apt-get "${apt[@]}" download $(apt-cache "${apt[@]}" depends --recurse --important rustc-web |
        grep -xE 'rustc-web|libstd-rust-web-(dev|[0-9.]+)|libllvm[0-9]+') "$@"
    for deb in *.deb; do dpkg-deb -x "$deb" "$root"; done
    touch "$work/$what-$new"
}
apt-get "${apt[@]}" update
export LD_LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu RUSTC=$root/usr/bin/rustc CARGO_TARGET_DIR=$work/build
# Compile quickly, because nothing is measured.
cheap=(--config 'profile.dev.package."*".opt-level=0' --config profile.dev.debug=false)
# cargo needs the real home.
cargo() { env -u HOME cargo "$1" --locked --quiet "${cheap[@]}" "${@:2}"; }

if [ "$what" = macos ]; then
    fetch rust-web-src
    python3 -m venv "$work/zig" && "$work/zig/bin/pip" install --quiet --disable-pip-version-check ziglang
    # zig names the target in its own way, and finds Apple's headers itself.
    printf '#!/bin/bash\nfor word; do shift; case $word in --target=*|-mmacosx-version-min=*) ;; *) set -- "$@" "$word" ;; esac; done\nexec %q -m ziglang cc -target aarch64-macos "$@"\n' \
        "$work/zig/bin/python" >"$work/cc"
    printf '#!/bin/bash\nexec %q -m ziglang ar "$@"\n' "$work/zig/bin/python" >"$work/ar"
    chmod +x "$work/cc" "$work/ar"
    # The standard library is compiled from source as well, which stable Rust permits only with RUSTC_BOOTSTRAP.
    cd "$here"
    RUSTC_BOOTSTRAP=1 ZIG_GLOBAL_CACHE_DIR=$work/zig/cache CC_aarch64_apple_darwin=$work/cc AR_aarch64_apple_darwin=$work/ar SDKROOT=$work MACOSX_DEPLOYMENT_TARGET=11.0 \
        cargo check -Zbuild-std=std,panic_abort --target aarch64-apple-darwin
    log "checked for macOS"
    exit 0
fi

need=()
command -v aarch64-linux-gnu-gcc >/dev/null || need+=(gcc-aarch64-linux-gnu)
command -v qemu-aarch64-static >/dev/null || need+=(qemu-user-static)
[ ${#need[@]} = 0 ] || { log "skipped: needs ${need[*]}"; exit 0; }
fetch libstd-rust-web-dev:arm64
cd "$here"
CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc cargo build --target aarch64-unknown-linux-gnu
unset LD_LIBRARY_PATH
there() { qemu-aarch64-static -L /usr/aarch64-linux-gnu "$work/build/aarch64-unknown-linux-gnu/debug/wxbox" "$@"; }
use_there
log "built for aarch64, and run: $(there --version)"
