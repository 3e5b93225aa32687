#!/usr/bin/env bats
# The tutorial: each command typed as it stands there, and what it prints compared.

load helper
setup() {
	setup_home
	unset ENCLUA_HOME
	export PATH=$build:$PATH HOME=$work/user NO_COLOR=1
	mkdir user tree tree/tests tree/tests/book
	cp "$top/tests/book/verify.py" tree/tests/book
	cp "$top/tools/manual/tutorial.md" .
	cd tree
}
teardown() { teardown_home; }

@test "every command of the tutorial prints what stands there" {
	command -v minisign > /dev/null || skip "no minisign"
	[ -z "${ENCLUA_ALLOW_MISSING_LAYER:-}" ] || skip "the assurance of this machine is another"
	run "$BATS_TEST_DIRNAME/tutorial" ../tutorial.md
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${output%% *}" -ge 30 ]
	[ "$(grep -c '^\$ ' ../tutorial.md)" -eq "${output%% *}" ]
}

@test "the test of the tutorial notices a number, a word and an exit status that are not right" {
	printf '```console\n$ echo 1\n2\n```\n' > a.md
	printf '```console\n$ false\n```\n' > b.md
	printf '```console\n$ echo a\n> echo b\na\n```\n' > c.md
	printf '```console\n$ echo data1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq\ndata1…\n$ (exit 3)\n[exit 3]\n```\n' > good.md
	for bad in a b c; do
		run "$BATS_TEST_DIRNAME/tutorial" $bad.md
		[ "$status" -eq 1 ]
	done
	run "$BATS_TEST_DIRNAME/tutorial" good.md
	[ "$output" = "2 commands" ]
}
