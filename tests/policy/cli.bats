#!/usr/bin/env bats
# Policies from the command line: packed, verified, registered, found by name, id and path, and every refusal with its exit status.

load helper

setup() {
	setup_home
	policy_make rules rules
}

teardown() { teardown_home; }

@test "pack writes NAME.policy here; verify says what it is, and that an iApp is none" {
	says 0 "$enclua" policy pack rules
	grep -q '^policy    rules 1.0.0' out
	grep -q '^written   rules.policy' out
	says 0 "$enclua" policy verify rules.policy
	grep -q 'Whose key that is, this cannot say' out
	says 0 "$enclua" --json policy verify rules.policy --key "$("$enclua" key export me --minisign)"
	one_object out
	jq -e '.ok and .key_checked and .name == "rules" and .files == 2' out
	h1=$(jq -r .h1 out)
	[ "$h1" = "h1:$(tar xOf rules.policy MANIFEST | openssl dgst -sha256 -binary | base64)" ]
	says 0 "$enclua" policy verify rules.policy --h1 "$h1"
	fails 5 "this is the policy $h1, not" "$enclua" policy verify rules.policy --h1 "h1:$(head -c 32 /dev/zero | base64)"
	fails 5 "this is a policy, not an iApp" "$enclua" app verify rules.policy
	fails 5 "this is a policy, not an iApp" "$enclua" app deploy rules.policy
	fails 5 "this is a policy, not an iApp" "$enclua" run-task rules.policy
	"$enclua" app pack "$top/iapps/hello-world" -o hello.iapp > /dev/null
	fails 5 "this is an iApp, not a policy" "$enclua" policy verify hello.iapp
	fails 5 "this is an iApp, not a policy" "$enclua" policy deploy hello.iapp
	fails 5 "this is an iApp, not a policy" "$enclua" policy show ./hello.iapp
	fails 5 "not a policy archive" "$enclua" policy verify "$top/README.md"
}

@test "pack: the same folder gives the same bytes; signers of one's choice; a folder of the other kind, and a wrong manifest, are refused" {
	"$enclua" key new alice --no-passphrase > /dev/null
	says 0 "$enclua" policy pack rules -o one.policy --sign me --sign alice
	echo '[]' > rules/cases.json
	says 0 "$enclua" policy pack rules -o two.policy --sign alice --sign me
	cmp one.policy two.policy
	fails 3 "has no policy.yaml" "$enclua" policy pack "$top/iapps/hello-world"
	fails 3 "has no iapp.yaml" "$enclua" app pack rules
	printf 'limits: { memory: 1GiB }\n' >> rules/policy.yaml
	fails 5 'policy.yaml:6:1: unknown key "limits"' "$enclua" policy pack rules
	sed -i '/limits/d; s/policy.lua/main.lua/' rules/policy.yaml
	fails 5 'the entry of a policy is policy.lua' "$enclua" policy pack rules
	fails 3 "no-such-dir" "$enclua" policy pack no-such-dir
	fails 2 "policy pack" "$enclua" policy pack
}

@test "stock tools read the archive and check its signature" {
	"$enclua" policy pack rules > /dev/null
	mkdir unpacked
	tar xf rules.policy -C unpacked
	(cd unpacked && sha256sum -c --quiet MANIFEST)
	grep -q '^trusted comment: policy=rules version=1.0.0 h1=h1:' unpacked/MANIFEST.minisig
	if command -v minisign > /dev/null; then
		minisign -V -q -m unpacked/MANIFEST -P "$("$enclua" key export me --minisign)"
	fi
	cmp rules/policy.lua unpacked/policy.lua
}

@test "deploy registers once for each owner; list and show tell by name, id and prefix" {
	says 0 "$enclua" --json policy deploy rules
	one_object out
	jq -e '.ok and .new and .name == "rules" and (.policy | startswith("policy1"))' out
	id=$(jq -r .policy out) entry=$(jq .entry out)
	"$enclua" policy pack rules > /dev/null
	says 0 "$enclua" --json policy deploy rules.policy
	jq -e --arg id "$id" --argjson entry "$entry" '(.new | not) and .policy == $id and .entry == $entry' out
	[ "$(value '.policies | length' policy list)" = 1 ]
	for which in rules "$id" "${id:0:16}"; do
		says 0 "$enclua" --json policy show "$which" --source
		jq -e --arg id "$id" '.policy == $id and .contents[0].path == "policy.lua" and (.source | contains("permit")) and .rules == [{"rule":"all","effect":"permit","conditions":[],"obliges":[]}]' out
	done
	fails 3 "no policy of that name" "$enclua" policy show nothing
	fails 3 "there is no nowhere" "$enclua" policy deploy nowhere
	"$enclua" key new bob --no-passphrase > /dev/null
	says 0 "$enclua" --as bob --json policy deploy rules
	jq -e --arg id "$id" '.new and .policy != $id' out
	fails 6 "rules" "$enclua" policy show rules	# of two owners: the name says no longer which
	says 0 "$enclua" policy list
	[ "$(wc -l < out)" -eq 2 ]
	grep -q ' of bob ' out
}

@test "show takes a path, enters nothing, and escapes what a file says" {
	before=$(value .entries book verify)
	printf -- '-- \033[31m\n' >> rules/policy.lua
	says 0 "$enclua" policy show ./rules --source
	grep -q 'not registered' out
	[ "$(grep -c '^signed by' out)" -eq 0 ]
	grep -qF -- '-- \x1b[31m' out
	[ "$(value .entries book verify)" = "$before" ]
}

@test "show says what rules there are, or why none can be read" {
	says 0 "$enclua" policy show "$top/manifests/policies/research-only"
	grep -q '^permit    health-research, if purposes, min_assurance, when; obliges to log, egress$' out
	grep -q '^forbid    no-network, if when – the data must not leave by a network$' out
	policy_make rules rules 'policy.permit { id = "all", purpose = 1 }'
	says 0 "$enclua" policy show ./rules
	grep -q '^rules     none that could be read: E_INVALID: .*unknown key "purpose"' out
}
