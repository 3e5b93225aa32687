#!/usr/bin/env bats
# Many at once on one home, and what becomes of it: tools/load/main.c judges. A short time each; LONG=1 takes ten minutes with 64 requesters, tests/bench/load prints its figures.

load ../common

setup() { work=$(mktemp -d); }
teardown() { rm -rf "$work"; }

if [ -n "$LONG" ]; then
	shape=(--requesters 64 --workers 4 --seconds 600)
else
	shape=(--requesters 5 --workers 3 --seconds 4)
fi

holds() {
	run "$build/load" --home "$work" "${shape[@]}" "$@"
	[ "$status" -eq 0 ] && [[ "$output" == *"IT HOLDS"* ]] || { echo "$output"; return 1; }
}

@test "requesters, owners and workers at once: every refusal was to be expected, nothing is lost, the books balance" {
	holds --seed 3
}

@test "the same while processes of every kind are killed: nothing that was confirmed is lost, and all goes on afterwards" {
	holds --seed 4 --kill
}

@test "it judges: money that was not deposited, and a confirmed entry that is not there, are found" {
	run "$build/load" --home "$work" --requesters 2 --workers 1 --seconds 1 --mix hello=1 --seed 5 --spoil
	[ "$status" -eq 1 ]
	[[ "$output" == *"was confirmed and task1"*"is not in the book"* ]]
	[[ "$output" == *"the books do not balance"* ]]
	[[ "$output" == *"does not verify"* ]]
	[[ "$output" == *"IT DOES NOT HOLD"* ]]
}

@test "words that it does not know" {
	for words in "" "--home relative" "--home /tmp --requesters 0" "--home /tmp --mix nothing=1" "--home /tmp --requesters 999"; do
		# shellcheck disable=SC2086
		run "$build/load" $words
		[ "$status" -eq 2 ] || { echo "$words: $status"; false; }
	done
}
