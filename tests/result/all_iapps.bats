#!/usr/bin/env bats
# What every iApp of this tree has in common.

load helper
setup() { setup_home; }
teardown() { teardown_home; }

@test "every iApp packs, the same twice, and verifies" {
	"$enclua" -q init --no-passphrase
	for folder in "$top"/iapps/*/; do
		name=$(basename "$folder")
		"$enclua" app pack "$folder" -o one.iapp
		"$enclua" app pack "$folder" -o two.iapp
		cmp one.iapp two.iapp
		says 0 "$enclua" app verify one.iapp
		grep -q "$name" out
		rm one.iapp two.iapp
	done
}

@test "the tests that lie beside an iApp pass in its box" {
	ran=0
	for script in "$top"/iapps/*/test.lua; do
		says 0 "$enclua" iapp test --project "$(dirname "$script")"
		[ "$(grep -c '^not ok' out)" -eq 0 ]
		ran=$((ran + 1))
	done
	[ "$ran" -ge 6 ]
}

@test "the README leads to every iApp, and each says what its result reveals and what it is for" {
	for folder in "$top"/iapps/*/; do
		name=$(basename "$folder")
		grep -qF "[$name](iapps/$name)" "$top/README.md" || { echo "$name is not in README.md"; return 1; }
		grep -qF "# $name" "$folder/README.md"
		grep -qF "**What the result reveals" "$folder/README.md" || { echo "$name does not say what it reveals"; return 1; }
		for link in $(grep -o '](\.\./[^)]*)' "$folder/README.md" | sed 's/^](//; s/)$//'); do
			[ -e "$folder/$link" ] || { echo "$name: $link is not there"; return 1; }
		done
	done
}

@test "every argument of a manifest is in the README beside it" {
	for folder in "$top"/iapps/*/; do
		for argument in $(sed -n 's/^ *- {name: \([a-z_]*\),.*/\1/p' "$folder/iapp.yaml"); do
			grep -q "\`${argument}[\`=]" "$folder/README.md" || { echo "$(basename "$folder"): no $argument"; return 1; }
		done
	done
}
