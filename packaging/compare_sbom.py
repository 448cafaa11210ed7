"""Compares a CycloneDX file with the list of libraries in a program (rust-audit-info): the same names and versions.

Usage: compare_sbom.py FILE.cdx.json LIBRARIES.json
"""

import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    described = {(part["name"], part["version"]) for part in json.load(file)["components"]}
with open(sys.argv[2], encoding="utf-8") as file:
    packages = json.load(file)["packages"]
# Those of build scripts and macros are not in the program; wxbox itself is the subject of the file.
inside = {(p["name"], p["version"]) for p in packages if p.get("kind", "runtime") == "runtime" and not p.get("root")}
if missing := inside - described:
    sys.exit(f"not in the SBOM: {sorted(missing)}")
built_with = {(p["name"], p["version"]) for p in packages}
if extra := described - built_with:
    sys.exit(f"only in the SBOM: {sorted(extra)}")
print(f"release: {len(inside)} libraries, {len(described)} components in the SBOM", file=sys.stderr)
