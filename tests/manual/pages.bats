#!/usr/bin/env bats
# What the pages of formats show is typed as it stands there: the stock commands, the manifest, the policy and its case. Only what a page leaves open (an id, a
# key) is filled in.

load helper
setup() {
	setup_home
	"$enclua" init --no-passphrase > /dev/null
	PATH=$build:$PATH
}
teardown() { teardown_home; }

# shown PAGE HEADING: the indented lines of that section
shown() {
	awk -v h="$2" '/^[A-Z][A-Z ,]+$/ { on = $0 == h } on && /^    / { print substr($0, 5) }' "$top/tools/manual/$1"
}
# typed PAGE HEADING [SED]: those lines, as commands
typed() {
	shown "$1" "$2" | sed "${3:-}" > typed
	[ -s typed ]
	bash -euo pipefail typed > said 2>&1 || { cat typed said; return 1; }
}
minisign_key() { "$enclua" key export me --minisign; }

@test "iapp.5: the manifest is complete, and stock tools open the archive and come to its h1" {
	mkdir src demo
	shown iapp.5 "THE MANIFEST" | sed '/^$/d; /^summary/,$d' > src/iapp.yaml
	[ "$(wc -l < src/iapp.yaml)" -eq 4 ]
	echo 'return function() end' > src/main.lua
	"$enclua" --json app pack src -o demo.iapp > packed
	typed iapp.5 "WITHOUT ENCLUA" "s|RW…|$(minisign_key)|"
	grep -q '^main.lua: OK$' said
	grep -q '^Signature and comment signature verified$' said
	[ "$(tail -1 said)" = "$(jq -r .h1 packed)" ]
}

@test "iapp.5: every key that it lists is one, and of no other is there word in the schema" {
	shown iapp.5 "THE MANIFEST" | grep -oE '^(summary|purposes|egress|[a-z]+\.[a-z_]+)' | sort > listed
	jq -r '.properties | to_entries[] | .key as $k | (.value.properties // {} | keys[] | "\($k).\(.)"), (if .value.properties then empty else $k end)' \
		"$top/manifests/iapp.schema.json" | grep -vxE 'api|name|version|entry' | sort | diff - listed
}

@test "policy.5: the rules are a policy, the case is met, and stock tools open the archive" {
	mkdir p research-only
	printf 'api: 1\nname: cohort\nversion: 1.0.0\nsummary: of the page\nentry: policy.lua\n' > p/policy.yaml
	shown policy.5 "THE RULES" | sed '/^}$/q' > p/policy.lua
	shown policy.5 "CASES" > p/cases.json
	says 0 "$enclua" policy test p
	grep -q "marketing is denied" out
	"$enclua" policy pack p -o research-only.policy > /dev/null
	typed policy.5 "THE ARCHIVE" "s|RW…|$(minisign_key)|"
	grep -q '^policy.lua: OK$' said
}

@test "entries.5: the types are those that the program knows; note and proof are written" {
	shown entries.5 TYPES | grep -oE '[a-z]+\.[a-z]+' | sort > listed
	grep -oE '"[a-z]+\.[a-z]+"' "$top/core/form/entry_list.h" | tr -d '"' | sort -u | diff - listed
	typed entries.5 "WITHOUT ENCLUA"
	[ "$(head -1 entry)" = enclua/identity.register/v1 ]
	[ "$(head -1 entry.tlog-proof)" = c2sp.org/tlog-proof@v1 ]
	[ "$("$enclua" --json book show 3 | jq -r .note)" = "$(cat entry)" ]
}

@test "receipt.5: hash and age agree with the receipt" {
	app '' <<< 'return function(task) task.result:write("a", "x") end'
	"$enclua" run-task ./app -o out > /dev/null
	typed receipt.5 "WITHOUT ENCLUA"
	mv out res
	grep -qx "result: sha256:$(head -1 said | cut -c 1-64)" res/task.receipt
	tail -1 said | grep -qx a
	says 0 env ENCLUA_HOME="$work/nowhere" "$enclua" verify "$work/res/task.receipt"
}

@test "data.5: header and blob, as age and tar read them" {
	"$enclua" protect --name note --set secretText=cake > /dev/null
	data=$("$enclua" --json data list | jq -r '.data[0] | "s|data1…|\(.id)|; s|<sha256>|\(.blob)|"')
	cd "$ENCLUA_HOME"
	shown data.5 "WITHOUT ENCLUA" | sed "$data; /result.age/d" > typed
	bash -euo pipefail typed > said
	[ "$(cat said)" = "$(printf 'schema.json\nsecretText')" ]
}

@test "book.5: the export and a proof verify without a home" {
	shown book.5 "A PROOF" > typed
	bash -euo pipefail typed > /dev/null
	"$enclua" book export DIR > /dev/null
	says 0 env ENCLUA_HOME="$work/nowhere" "$enclua" verify DIR
	says 0 env ENCLUA_HOME="$work/nowhere" "$enclua" verify 3.tlog-proof
	[ -f DIR/checkpoint ]
	[ -d DIR/tile/entries ]
}
