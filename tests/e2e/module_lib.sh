# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Modules of any size, for tests of the cache's limits.

id_of() { printf '%032X1' "$1"; }

# make_module N KILOBYTES: a table takes about half of that, since random names cannot be compressed.
make_module() {
	local id
	id=$(id_of "$1")
	mkdir -p "$symbols/big$1.pdb/$id"
	python3 - "$1" "$id" "$2" >"$symbols/big$1.pdb/$id/big$1.sym" <<'EOF'
import random, sys
number, debug_id, kilobytes = sys.argv[1:]
source = random.Random(number)
print(f"MODULE windows x86 {debug_id} big{number}.pdb")
print(f"PUBLIC 10 0 first_{number}")
for i in range(int(kilobytes) * 1024 // 80):
    print(f"PUBLIC {0x1000 + 16 * i:x} 0 {source.getrandbits(256):064x}")
EOF
}

question_for() { echo "{\"stacks\":[[[0,16]]],\"memoryMap\":[[\"big$1.pdb\",\"$(id_of "$1")\"]],\"version\":4}"; }

# resolves N: the module's first symbol is answered.
resolves() {
	post / "$(question_for "$1")"
	[ "$(jq -c .symbolicatedStacks <<<"$body" 2>/dev/null)" = "[[\"first_$1 (in big$1.pdb)\"]]" ]
}

requests_for() { upstream_requests "big$1.sym"; }

# The database in use, and whether its file is at most so large.
database() { find "$work/cache" -maxdepth 1 -regex '.*/db-[0-9]+' | sort -V | tail -n 1; }
is_below() {
	local bytes
	bytes=$(stat -c %s "$(database)/data.mdb" 2>/dev/null) && [ $((bytes / 1024)) -le "$1" ]
}
