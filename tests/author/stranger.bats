#!/usr/bin/env bats
# The stranger's path, counted: what the README says leads from a clone to the first result of an iApp of one's own, and how much of it there is.

load helper
setup() { setup_place; }
teardown() { teardown_place; }

# path: the commands of that section, one a line: what && joins is several
path() {
	awk '/^## An iApp of your own/ { on = 1; next } /^## / { on = 0 } on && /^    / { print substr($0, 5) }' "$top/README.md" | sed 's/ && /\n/g'
}

@test "at most six commands, of which this runs those that come after make; no question is asked; the result is there" {
	path > walk
	[ "$(wc -l < walk)" -le 6 ]
	[ "$(sed -n 1,3p walk | cut -d ' ' -f 1 | tr '\n' ' ')" = "git cd sudo " ]
	[ "$(sed -n 3p walk)" = "sudo make deps all" ]
	ln -s "$build" build
	begun=$(date +%s%N)
	sed 1,3d walk > rest
	while read -r line; do
		timeout 60 setsid -w bash -c "$line" > said 2>&1 < /dev/null 3>&- || { echo "failed: $line"; cat said; return 1; }
	done < rest
	[ "$(cat said)" = 50.000 ]
	echo "# $(wc -l < walk) commands, 0 questions, 0 accounts, $((($(date +%s%N) - begun) / 1000000)) ms after make" >&3
}

@test "what the README says of the verbs is so" {
	"$generator" help --list > verbs
	awk '/^## An iApp of your own/ { on = 1; next } /^## / { on = 0 } on' "$top/README.md" > section
	for verb in init test run package deploy add doc; do
		grep -q "\`\(iapp-generator \)\?${verb}[ \`]" section
		grep -qx "$verb" verbs
	done
	for t in hello data bulk files-secrets policy messaging oracle; do grep -q "$t" section; done
}

@test "a project through all its verbs: begun, tested, signed, priced, bought, documented" {
	says 0 "$generator" init my-app --template data --yes
	cd my-app
	says 0 "$generator" test
	says 0 "$generator" package --sign me
	says 0 "$generator" deploy --price 0.1RLC
	says 0 "$generator" doc -o README-API.md
	"$enclua" key new carol --no-passphrase > /dev/null
	says 7 "$enclua" --as carol run-task my-app --data mock/people.csv --arg column=age
	"$enclua" --as carol account deposit 1RLC > /dev/null
	says 0 "$enclua" --as carol run-task my-app --data mock/people.csv --arg column=age --max-price 0.1RLC -o ../bought
	[ "$(cat ../bought/average.txt)" = 50.000 ]
	says 0 "$enclua" --json account show me
	grep -q 100000000 out
}
