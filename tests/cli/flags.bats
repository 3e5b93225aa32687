#!/usr/bin/env bats
# Every flag of every command is in its help, in its manual page, in the completions, and used by some test. What no other test has a use for is used here.

load ../deal/offers
setup() { setup_place; }
teardown() { teardown_place; }

# typed_by_tests: logical lines of the tests' shell code
typed_by_tests() {
	find "$top/tests" -type f \( -name '*.bats' -o -name '*.bash' -o -name '*.sh' -o ! -name '*.*' \) ! -path '*/vectors/*' ! -path '*/corpus/*' ! -path '*/node_modules/*' -print0 |
		xargs -0 sed -e ':a' -e '/\\$/{N; s/\\\n/ /; ba' -e '}' -e '/^[[:space:]]*#/d' | grep -e ' -'
	grep '^    enclua ' "$top/README.md"
	grep '^\$ ' "$top/tools/manual/tutorial.md"
}

# Words that mean the same command: an alias, or one that hands all its options on from the same table.
same_as() {
	case $1 in
	'data protect') echo protect ;;
	'iapp run') echo 'run-task|run' ;;
	iapp\ *) echo "$1|${1#iapp }" ;;
	*) echo "$1" ;;
	esac
}

@test "every flag is in help, manual page, completions, and in a test" {
	"$enclua" --json help > table
	"$enclua" help --bash > bash
	"$enclua" help --fish > fish
	typed_by_tests > typed
	jq -r '.commands[] | .command as $c | .options[] | [$c, .name, .letter // ""] | join(",")' table > flags
	[ "$(wc -l < flags)" -gt 200 ]
	while IFS=, read -r command name letter; do
		# shellcheck disable=SC2086 # words
		if [ "$command" != "${before:-}" ]; then "$enclua" $command --help > help; "$enclua" help --man $command > page; before=$command; fi < /dev/null
		grep -qE -- "--$name( |$)" help || echo "help: $command --$name"
		grep -qF -- "\\-\\-${name//-/\\-}\\fR" page || echo "page: $command --$name"
		grep -qE "^$command\|(.* )?--$name( |\||$)" bash || echo "bash: $command --$name"
		grep -qF -- "__enclua_in $command' -l $name " fish || echo "fish: $command --$name"
		[ "$name" != allow-missing-layer ] || continue	# below, for every command that has it
		grep -E -- "(^|[^a-z-])($(same_as "$command"))([^a-z-]|$)" typed | grep -qE -- "--$name([^a-z-]|$)${letter:+| -$letter( |$)}" || echo "test: $command --$name"
	done < flags > missing
	[ ! -s missing ] || { cat missing; return 1; }
}

@test "this notices a flag that is in no test" {
	typed_by_tests > typed
	grep -E '(^|[^a-z-])run-task([^a-z-]|$)' typed | grep -qE -- '--seed([^a-z-]|$)'
	[ -z "$(grep -E '(^|[^a-z-])run-task([^a-z-]|$)' typed | grep -E -- "--see""d-of-nothing([^a-z-]|$)")" ]
}

@test "--allow-missing-layer of every command that has it takes names of layers only" {
	"$enclua" --json help | jq -r '.commands[] | select(any(.options[]; .name == "allow-missing-layer")) | .command' > with
	[ "$(wc -l < with)" -ge 5 ]
	mkdir app
	printf 'api: 1\nname: app\nversion: 1.0.0\nentry: main.lua\n' > app/iapp.yaml
	echo 'return function() end' > app/main.lua
	"$enclua" init --no-passphrase > /dev/null
	cd app
	while read -r command; do
		# shellcheck disable=SC2086 # words
		case $command in
		run-task) set -- run-task . ;;
		'iapp add') set -- iapp add main.lua --license MIT ;;
		policy\ diff) set -- policy diff "$top/manifests/policies/research-only" "$top/manifests/policies/research-only" --cases "$top/manifests/policies/research-only/cases.json" ;;
		'policy replay') set -- policy replay ;;
		policy\ *) set -- $command "$top/manifests/policies/research-only" ;;
		'worker run') set -- worker run --once ;;
		*) set -- $command ;;
		esac
		got=0
		timeout 20 "$enclua" "$@" --allow-missing-layer nothing > ../out 2> ../err < /dev/null || got=$?
		if [ "$command" = 'policy replay' ] || [ "$command" = 'worker run' ]; then	# nothing to do in this home, so no box
			[ "$got" -le 2 ] || { echo "$command: exit $got"; return 1; }
			continue
		fi
		[ "$command" = 'policy show' ] || [ "$got" -eq 2 ] || { echo "$command: exit $got"; return 1; }
		grep -q 'no layer called nothing' ../out ../err || { echo "$command: exit $got"; cat ../out ../err; return 1; }
	done < ../with
}

@test "offers: --volume and restrictions of apps and pools; lists of orders by data" {
	setup_market
	app=$(value .app app deploy "$app_dir")
	says 0 "$enclua" --json app offer word-count --volume 3
	[ "$(jq .volume out)" = 3 ]
	says 0 "$enclua" --as ada pool create mill
	says 0 "$enclua" --as ada --json pool policy mill --scheduler-ratio 7
	[ "$(jq .scheduler_ratio out)" = 7 ]
	echo one > text.txt
	data=$(value .data --as ada protect text.txt --name words)
	says 0 "$enclua" --as ada --json pool offer mill --volume 2 --only-app word-count --only-data "$data" --only-requester ben
	order=$(jq -r .order out)
	[ "$(jq .volume out)" = 2 ]
	"$enclua" book show "$order" > entry
	grep -qx "only_app: $app" entry
	grep -qx "only_data: $data" entry
	grep -qx "only_requester: $(identity_of ben)" entry
	grant=$(value .grant --as ada grant words --app word-count --user ben --bulk)
	[ "$(value '[.orders[].order] | join(",")' order list --data words)" = "$grant" ]
	[ "$(value '[.grants[].grant] | join(",")' grants --bulk)" = "$grant" ]
	says 0 "$enclua" --as ada grant words --app word-count --user carl
	[ "$(value .count grants --bulk)" = 1 ]
	[ "$(value '[.data[].id] | join(",")' data list --owner ada)" = "$data" ]
	[ "$(value '.data | length' data list --owner ben)" = 0 ]
	[ "$(value '[.workers[].pool_name] | unique | join(",")' worker status --pool local)" = local ]
	[ "$(value '.workers | length' --as ada worker status --pool mill)" = 0 ]
	list=$(value .list list new "$app" --kind app --group)
	says 0 "$enclua" list remove "$list" word-count --kind app
	[ "$(value '.members | length' list show "$list")" = 0 ]
}

@test "policies: --sha256 of verify; --assurance and --bulk-size of explain" {
	"$enclua" init --no-passphrase > /dev/null
	"$enclua" policy pack "$top/manifests/policies/cohort-with-budget" -o p.policy > /dev/null
	says 0 "$enclua" policy verify p.policy --sha256 "$(sha256sum p.policy | cut -c 1-64)"
	fails 5 "" "$enclua" policy verify p.policy --sha256 "$(sha256sum /dev/null | cut -c 1-64)"
	"$enclua" --json policy explain p.policy --assurance tpm2 --bulk-size 60 > out
	[ "$(jq -r '"\(.question.assurance) \(.question.task.bulk_size)"' out)" = "tpm2 60" ]
	fails 2 '--assurance "platinum" is none of none|software|tpm2|cvm' "$enclua" policy explain p.policy --assurance platinum
	fails 2 '--scope "match|run" is none of' "$enclua" policy explain p.policy --scope 'match|run'
	fails 2 '--scope "" is none of' "$enclua" policy explain p.policy --scope ''
	says 0 "$enclua" policy explain p.policy --scope settle
}

@test "iapp test: --filter, --once, --arg, --file, --app-secret, --seed" {
	mkdir app
	printf 'api: 1\nname: app\nversion: 1.0.0\nentry: main.lua\ninputs: {files: true, app_secret: true, args: [{name: a, type: string}]}\n' > app/iapp.yaml
	echo 'return function(task)
		local secret = task:app_secret() == "hidden" and 1 or 0
		print(("arg %s file %s secret %d random %d"):format(task.args.a, task.files["in.txt"]:read("l"), secret, math.random(1 << 30)))
	end' > app/main.lua
	echo 'local t = require "test"
		t.case("red", function() t.equal(1, 1) end)
		t.case("blue", function() t.equal(1, 2) end)' > app/test.lua
	echo first > in.txt
	says 0 "$enclua" iapp test --project app --filter red
	[ "$(grep -c '^ok' out)" -eq 1 ]
	says 8 "$enclua" iapp test --project app --filter blue
	once() { says 0 "$enclua" --json iapp test --project app --once --arg a=x --file in.txt --app-secret hidden --seed "$1"; }
	once 1 && cp out one
	grep -q 'arg x file first secret 1 random' one
	once 1 && cmp <(jq .log out) <(jq .log one)
	once 2 && [ "$(jq .log out)" != "$(jq .log one)" ]
}

@test "iapp test --watch: again when a file is saved" {
	mkdir app && cd app
	printf 'api: 1\nname: app\nversion: 1.0.0\nentry: main.lua\n' > iapp.yaml
	echo 'return function(task) end' > main.lua
	echo 'require("test").case("one", function() end)' > test.lua
	"$enclua" iapp test --watch > ../out 2> ../err < /dev/null 3>&- &
	pid=$!
	seen() { for _ in $(seq 100); do ! grep -q "$1" ../out ../err || return 0; sleep 0.1; done; cat ../out ../err; return 1; }
	seen "one" && echo 'require("test").case("two", function() end)' > test.lua && seen "two" || { kill "$pid"; return 1; }
	kill "$pid"
	wait "$pid" || :
}

@test "iapp debug: --project says whose last run is meant" {
	"$enclua" init --no-passphrase > /dev/null
	"$enclua" --quiet iapp init mine --template hello --yes > /dev/null
	fails 3 "there is no run of mine in this home" "$enclua" iapp debug last --project mine
}
