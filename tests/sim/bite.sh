#!/bin/sh
# Applies each old fault in patches/, one at a time, and prints after how many histories the simulator finds it.
#     tests/sim/bite.sh [HISTORIES]        in a clean worktree
set -eu
cd "$(dirname "$0")/../.."
git diff --quiet src || { echo "src/ has changes" >&2; exit 1; }
trap 'git checkout -q src' EXIT
for patch in tests/sim/patches/*.patch; do
    git apply "$patch"
    cargo build --locked --quiet --example simulate
    found=$(cargo run --locked --quiet --example simulate -- "${1:-20000}" | sed -n 1p)
    printf '%s\t%s\n' "$(basename "$patch" .patch)" "$found"
    git checkout -q src
done
