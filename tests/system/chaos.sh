#!/usr/bin/env bash
# Random histories, for less than a minute: see tests/system/chaos/__main__.py, whose options it takes.
. "$(dirname "$0")/common.sh"
python3 -B "$here/tests/system/chaos" "$built/wxbox" --rounds 120 --seconds 45 --jobs 2 "$@" || fail "see above"
log "nothing was lost, doubled, misdirected or hung"
