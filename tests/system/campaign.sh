#!/usr/bin/env bash
# Random histories, for less than a minute: see tests/system/campaign/__main__.py, whose options it takes.
. "$(dirname "$0")/world.sh"
python3 -B "$here/tests/system/campaign" "$built/wxbox" --rounds 120 --seconds 45 --jobs 2 "$@" || fail "see above"
say "nothing was lost, doubled, misdirected or hung"
