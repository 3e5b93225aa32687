#!/usr/bin/env bats
# The stock tool is the judge: what we seal `age` opens, what `age` seals we open, at every size where chunks begin or end.

load helper
setup() { setup_work; key alice; key bob; }
teardown() { teardown_work; }

@test "both ways at 0, 1, 65535, 65536 and 65537 bytes" {
	for n in 0 1 65535 65536 65537; do
		bytes "$n" > plain
		[ "$(stat -c %s plain)" -eq "$n" ]
		"$enclua" seal -r "$alice" -o ours plain
		age -d -i alice.key ours | cmp plain -
		age -r "$alice" -o theirs plain
		"$enclua" unseal -i alice.key theirs | cmp plain -
		[ "$(stat -c %s ours)" -eq "$(stat -c %s theirs)" ]
		age -a -r "$alice" plain | "$enclua" unseal -i alice.key | cmp plain -
	done
}

@test "both ways with several recipients" {
	echo hello > plain
	"$enclua" seal -r "$bob" -r "$alice" -o ours plain
	age -d -i alice.key ours | cmp plain -
	age -d -i bob.key ours | cmp plain -
	age -r "$bob" -r "$alice" -o theirs plain
	"$enclua" unseal -i alice.key theirs | cmp plain -
	"$enclua" unseal -i bob.key theirs | cmp plain -
}

@test "both ways under a passphrase" {
	echo hello > plain
	echo "correct horse" > passphrase
	"$enclua" seal -p --passphrase-file passphrase -o ours plain
	"$here/on_terminal" "correct horse" -- age -d -o opened ours
	cmp plain opened
	"$here/on_terminal" "correct horse" "correct horse" -- age -p -o theirs plain
	"$enclua" unseal -p --passphrase-file passphrase theirs | cmp plain -
}

@test "1 GiB through pipes: the same hash, and less than 16 MiB of memory for all processes together" {
	[ -z "${SAN:-}" ] || skip "a sanitizer has memory of its own"
	size=1073741824
	want=$(bytes $size | sha256sum)
	bytes $size | "$here/peak_memory" sealing "$enclua" seal -r "$alice" | age -d -i alice.key | sha256sum > got
	[ "$(cat got)" = "$want" ]
	bytes $size | age -r "$alice" | "$here/peak_memory" opening "$enclua" unseal -i alice.key | sha256sum > got
	[ "$(cat got)" = "$want" ]
	echo "KiB: sealing $(cat sealing), opening $(cat opening)"
	[ "$(cat sealing)" -gt 1024 ]
	[ "$(cat sealing)" -lt 16384 ]
	[ "$(cat opening)" -gt 1024 ]
	[ "$(cat opening)" -lt 16384 ]
}
