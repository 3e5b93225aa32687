#!/usr/bin/env bats
# A home's own book, with an iApp that has run and a witness that has countersigned, as verifiers see it that are not ours.

load helper
load homes

setup_file() {
	setup_homes
	export KEPT=$work
	home w1
	mkdir app
	printf 'api: 1\nname: one\nversion: 1.0.0\nsummary: made by a test\nentry: main.lua\n' > app/iapp.yaml
	printf 'return function(task) task.result:write("one.txt", "1") end\n' > app/main.lua
	grow mine 3
	"$enclua" run-task app --quiet > /dev/null
	signs mine w1
	for i in $(seq 0 $(($(size mine) - 1))); do "$enclua" book proof "$i" -o "$i.tlog-proof" --quiet || return 1; done
	"$enclua" book export public > /dev/null
	"$enclua" book checkpoint --vkey > log.vkey
	at w1 book witness key > witness.vkey
}
teardown_file() { cd / && rm -rf "$KEPT"; }
setup() { cd "$KEPT" || return 1; }

@test "Go's x/mod: checkpoint, our witness's cosignature, every entry, every proof file" {
	run -0 stock_go public "$(cat log.vkey)" "$(cat witness.vkey)" ./*.tlog-proof
	[[ $output == "go: $(size mine) entries, "*", 2 signatures" ]]
	run -1 stock_go public "$(at w1 book checkpoint --vkey)" "$(cat witness.vkey)" ./*.tlog-proof
}

@test "hashlib and openssl: the same" {
	run -0 stock_python public "$(cat log.vkey)" "$(cat witness.vkey)" ./*.tlog-proof
	[[ $output == "python: $(size mine) entries, "*", 2 signatures" ]]
}

@test "@sigstore/verify: checkpoint and inclusion of every entry" {
	run -0 stock_sigstore "$(cat log.vkey)" ./*.tlog-proof
	[ "$output" = "sigstore: $(size mine) proof files" ]
}

@test "openssl alone: the signature of an entry, and of a witness, by hand" {
	# An Ed25519 key as openssl reads it: twelve fixed bytes and the thirty-two of the vkey.
	pem() { { printf '\060\052\060\005\006\003\053\145\160\003\041\000'; base64 -d | tail -c 32; } | openssl pkey -pubin -inform DER -out "$1"; }
	cut -d+ -f3- witness.vkey | pem witness.pem
	# 4 bytes of key id, 8 of time, 64 of signature, over two lines and the text of the checkpoint.
	grep '^— enclua.local/witness/' public/checkpoint | cut -d' ' -f3 | base64 -d > raw
	time=$((16#$(head -c 12 raw | tail -c 8 | od -An -tx1 | tr -d ' ')))
	tail -c 64 raw > sig
	{ printf 'cosignature/v1\ntime %d\n' "$time"; head -3 public/checkpoint; } > said
	openssl pkeyutl -verify -rawin -pubin -inkey witness.pem -sigfile sig -in said
	{ printf 'cosignature/v1\ntime %d\n' "$((time + 1))"; head -3 public/checkpoint; } > unsaid
	run -1 openssl pkeyutl -verify -rawin -pubin -inkey witness.pem -sigfile sig -in unsaid
}
