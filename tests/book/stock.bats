#!/usr/bin/env bats
# Verifiers that are not ours hold exported logs to account: at the sizes where tiles begin and end, all entries, all tiles, random proofs, proof files. Each of
# them is also shown folders that are wrong, so that its yes means something.

load helper

sizes="1 2 255 256 257 1000 70000"

setup_file() {
	export FOLDERS=$BATS_FILE_TMPDIR
	for n in $sizes; do "$made" "$FOLDERS/$n" "$n" || return 1; done
}

# Each verifier on a folder that make_log wrote.
go_says() { stock_go "$1/export" "$(cat "$1/log.vkey")" "$(cat "$1/witness.vkey")" "$1"/proofs/*; }
python_says() { stock_python "$1/export" "$(cat "$1/log.vkey")" "$(cat "$1/witness.vkey")" "$1"/proofs/*; }
sigstore_says() { stock_sigstore "$(cat "$1/log.vkey")" "$1"/proofs/*; }

@test "Go's x/mod verifies checkpoint, witness, every entry and tile, random proofs and proof files at each size" {
	for n in $sizes; do
		run -0 go_says "$FOLDERS/$n"
		[[ $output == "go: $n entries, "*", 2 signatures" ]]
	done
}

@test "hashlib and openssl verify checkpoint, witness, every entry and tile, and proof files at each size" {
	for n in $sizes; do
		run -0 python_says "$FOLDERS/$n"
		[[ $output == "python: $n entries, "*", 2 signatures" ]]
	done
}

@test "@sigstore/verify verifies checkpoint and inclusion by proof files at each size" {
	for n in $sizes; do
		run -0 sigstore_says "$FOLDERS/$n"
		[ "$output" = "sigstore: $(ls "$FOLDERS/$n/proofs" | wc -l) proof files" ]
	done
}

@test "our own verifier agrees" {
	for n in $sizes; do
		run -0 "$ours" "$FOLDERS/$n/export" "$FOLDERS/$n/policy" "$FOLDERS/$n"/proofs/*
	done
}

@test "the golden export of 300 entries is made again byte for byte, and all verify it" {
	"$made" "$BATS_TEST_TMPDIR/x" 300 64
	diff -r "$BATS_TEST_TMPDIR/x" "$top/tests/vectors/export"
	run -0 go_says "$top/tests/vectors/export"
	run -0 python_says "$top/tests/vectors/export"
	run -0 sigstore_says "$top/tests/vectors/export"
	run -0 "$ours" "$top/tests/vectors/export/export" "$top/tests/vectors/export/policy" "$top"/tests/vectors/export/proofs/*
}

@test "logs that Go's x/mod made, tiles and proofs and all, hold under our verifier, until a bit is flipped" {
	for n in $sizes; do
		"$foreign" "$BATS_TEST_TMPDIR/$n" "$n"
		cd "$BATS_TEST_TMPDIR/$n"
		run -0 "$ours" export policy proofs/*
		for file in $(find export -type f | sort | shuf -n 3 --random-source=<(yes)); do
			flip "$file" $(($(stat -c %s "$file") / 2))
			run "$ours" export policy
			[ "$status" -eq 5 ] || [ "$status" -eq 4 ]
			flip "$file" $(($(stat -c %s "$file") / 2))
		done
	done
}

# all_refuse FOLDER: those who read exports
all_refuse() {
	run -1 go_says "$1"
	run -1 python_says "$1"
	run -5 "$ours" "$1/export" "$1/policy" "$1"/proofs/*
}

@test "a changed entry, tile or checkpoint is refused by all who read exports" {
	cp -R "$FOLDERS/1000" "$BATS_TEST_TMPDIR/x"
	cd "$BATS_TEST_TMPDIR/x"
	for file in tile/entries/002:77 tile/entries/003.p/232:2000 tile/0/000:8191 tile/0/003.p/232:0 tile/1/000.p/3:40 checkpoint:90; do
		flip "export/${file%:*}" "${file#*:}"
		all_refuse .
		flip "export/${file%:*}" "${file#*:}"
	done
	run -0 go_says .
}

@test "a changed proof file is refused by all three" {
	cp -R "$FOLDERS/1000" "$BATS_TEST_TMPDIR/x"
	cd "$BATS_TEST_TMPDIR/x"
	rm -f proofs/*
	for at in extra index "" ; do
		cp "$FOLDERS/1000/proofs/500.tlog-proof" proofs/
		case $at in
		"") flip proofs/500.tlog-proof "$(grep -abm1 '^[A-Za-z0-9+/]*=$' proofs/500.tlog-proof | cut -d: -f1)" ;;
		*) flip proofs/500.tlog-proof $(($(grep -abm1 "^$at " proofs/500.tlog-proof | cut -d: -f1) + ${#at} + 2)) ;;
		esac
		all_refuse .
		run -1 sigstore_says .
	done
}

@test "a log without the witness's word, or by another log, is refused" {
	cp -R "$FOLDERS/257" "$BATS_TEST_TMPDIR/x"
	cd "$BATS_TEST_TMPDIR/x"
	sed -i '$d' export/checkpoint
	run -1 go_says .
	run -1 python_says .
	run -4 "$ours" export policy
	cp "$FOLDERS/257/export/checkpoint" export/
	cp "$FOLDERS/1000/export/tile/0/000" "$FOLDERS/1000/export/tile/0/001" .
	cp 001 export/tile/0/000
	all_refuse .
}
