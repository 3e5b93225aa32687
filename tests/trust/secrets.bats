#!/usr/bin/env bats
# Secrets that the keeper keeps: the requester's by name, the iApp's own. Where they come from, which version a deal has, whose they are, and what their sealed length says.

load ../deal/offers
setup() { setup_market; }
teardown() { teardown_place; }

# teller NAME INPUTS: an iApp that says what it was told, each between brackets
teller() {
	mkdir "$1"
	printf 'api: 1\nname: %s\nversion: 1.0.0\nsummary: made by a test\nentry: main.lua\ninputs: {%s}\nlimits: {memory: 64MiB, cpu: 20s, wall: 20s}\n' "$1" "$2" > "$1/iapp.yaml"
	{
		echo 'return function(task)'
		case $2 in *secrets*) echo '    task.result:write("one.txt", "[" .. task:secret(1) .. "]")' ;; esac
		case $2 in *app_secret*) echo '    task.result:write("own.txt", "[" .. task:app_secret() .. "]")' ;; esac
		echo end
	} > "$1/main.lua"
}

# told DIR FILE WORD: that is what the iApp was told
told() { [ "$(cat "$1/$2")" = "[$3]" ] || { echo "not $3: $(cat "$1/$2")"; return 1; }; }

runs_once() { says 0 "$enclua" worker run --once; }
task_of() { jq -r .task out; }
status_of() { value .status task show "$1"; }

@test "from a file, from standard input, from the terminal; never from the command line; and nobody hears it" {
	teller asks 'secrets: [token]'
	printf in-a-file > token
	says 0 "$enclua" secret set file token
	printf from-a-pipe | "$enclua" secret set pipe - > out
	[ -z "$(grep -o from-a-pipe out)" ]
	python3 "$top/tests/protect/on_terminal" typed-in typed-in -- "$enclua" secret set typed > out
	grep -q '^secret    typed' out
	[ -z "$(grep -o typed-in out)" ]
	for name in file:in-a-file pipe:from-a-pipe typed:typed-in; do
		says 0 "$enclua" run-task asks --secret-name "1=${name%%:*}" -o "out.${name%%:*}"
		told "out.${name%%:*}" one.txt "${name#*:}"
	done
	fails 2 "" "$enclua" secret set word file in-a-word
	fails 2 "the secret is empty" "$enclua" secret set nothing /dev/null
	fails 2 "" timeout 10 setsid -w "$enclua" secret set nobody-to-ask
	fails 3 "keeps no secret called other" "$enclua" run-task asks --secret-name 1=other
	grep -qF "enclua secret list" err
	fails 2 "N=NAME" "$enclua" run-task asks --secret-name file
	# Only the names are in the list, and only one's own.
	says 0 "$enclua" secret list
	[ "$(wc -l < out)" -eq 3 ]
	[ "$(value '.secrets | length' --as ben secret list)" -eq 0 ]
	fails 3 "keeps no secret called file" "$enclua" --as ben run-task asks --secret-name 1=file
}

@test "a deal keeps the version that it was made with: the requester's, and the iApp's" {
	teller both 'secrets: [token], app_secret: true'
	app=$(value .app app deploy both)
	printf first | "$enclua" secret set token - > /dev/null
	printf own-first | "$enclua" app secret set both - > /dev/null
	says 0 "$enclua" --json run-task both --secret-name 1=token --no-wait
	old=$(task_of)
	printf second | "$enclua" secret set token - > /dev/null
	printf own-second | "$enclua" app secret set both - > /dev/null
	says 0 "$enclua" --json run-task both --secret-name 1=token --no-wait
	new=$(task_of)
	runs_once
	runs_once
	says 0 "$enclua" task result "$old" -o old
	says 0 "$enclua" task result "$new" -o new
	told old one.txt first
	told old own.txt own-first
	told new one.txt second
	told new own.txt own-second
	fails 4 "" "$enclua" --as ben app secret set both both/main.lua
	[ "$(value '[.secrets[].name] | join(" ")' secret list)" = "token token" ]
	# The receipt says who let the keys go, and of no secret more than that.
	says 0 "$enclua" task receipt "$new" -o new.receipt
	says 0 "$enclua" verify new.receipt
	grep -q '^released     the keys' out
	[ -z "$(grep -E 'second' new.receipt out)" ]
}

@test "an iApp whose own secret was never set: the task is refused, and the payer has the money back" {
	teller needs 'app_secret: true'
	"$enclua" app deploy needs --price 1RLC > /dev/null
	before=$(free_of ben)
	got=0
	"$enclua" --as ben --json run-task needs --max-price 1RLC > out 2> err < /dev/null || got=$?
	[ "$got" -ne 0 ]
	grep -q secret-unset err
	[ "$(free_of ben)" = "$before" ]
	task=$(value '[.tasks[].task][0]' --as ben task list)
	[ "$(status_of "$task")" = FAILED ]
	says 0 "$enclua" task receipt "$task" -o refused.receipt
	says 0 "$enclua" verify refused.receipt
	grep -q '^ended        REFUSED: secret-unset' out
	# At a worker it is the same.
	says 0 "$enclua" --as ben --json run-task needs --max-price 1RLC --no-wait
	task=$(task_of)
	run "$enclua" worker run --once
	[ "$(status_of "$task")" = FAILED ]
	[ "$(free_of ben)" = "$before" ]
	# Set now, it is there for the next deal.
	printf at-last | "$enclua" app secret set needs - > /dev/null
	says 0 "$enclua" --as ben run-task needs --max-price 1RLC -o got
	told got own.txt at-last
}

@test "a request that names somebody else's secret does not come into the book" {
	teller asks 'secrets: [token]'
	app=$(value .app app deploy asks)
	printf of-ada | "$enclua" --as ada secret set token - > /dev/null
	printf of-ben | "$enclua" --as ben secret set token - > /dev/null
	hers=$(value '.secrets[0].id' --as ada secret list)
	his=$(value '.secrets[0].id' --as ben secret list)
	says 0 "$enclua" --as ben run-task asks --secret-name 1=token -o own
	told own one.txt of-ben
	# No command names a secret by its id, so an entry is made by hand: his own may stand in it, hers may not, and nor may one that there is not.
	says 0 enter ben order.request app="$app" recipient="$(value .age key show ben)" params="$zero" volume=1 secret="1 $his"
	no_entry 4 order-secret ben order.request app="$app" recipient="$(value .age key show ben)" params="$zero" volume=1 secret="1 $hers"
	nobodys=${hers:0:20}qqqq${hers:24}
	run enter ben order.request app="$app" recipient="$(value .age key show ben)" params="$zero" volume=1 secret="1 $nobodys"
	[ "$status" -ne 0 ]
	[ -z "$(grep -rl 'of-ada\|of-ben' "$ENCLUA_HOME")" ]
}

@test "somebody else's secret and data, entered again under one's own name, do not come into the book" {
	teller asks 'secrets: [token], app_secret: true'
	printf of-ada | "$enclua" --as ada secret set token - > /dev/null
	says 0 "$enclua" --as ada protect --set k=of-ada --name hers
	app=$(value .app --as ben app deploy asks)
	# All that it takes everybody can read in the book.
	says 0 "$enclua" --json book log
	jq '[.entries[] | select(.type == "secret.set")][-1]' out > secret
	jq '[.entries[] | select(.type == "data.register")][-1]' out > data
	no_entry 4 secret-sealed ben secret.set name=mine blob="$(jq -r .blob secret)" size="$(jq -r .size secret)"
	no_entry 4 secret-sealed ben app.secret app="$app" blob="$(jq -r .blob secret)" size="$(jq -r .size secret)"
	no_entry 4 data-sealed ben data.register name=mine header="$(jq -r .header data)" blob="$(jq -r .blob data)" size="$(jq -r .size data)"
	# With a payload of his own, and then her header.
	mine=$(value .data --as ben protect --set k=of-ben --name mine)
	no_entry 4 data-sealed ben data.transfer data="$mine" to="$(identity_of ada)" header="$(jq -r .header data)"
	# Her own she may enter once more.
	says 0 enter ada secret.set name=twice blob="$(jq -r .blob secret)" size="$(jq -r .size secret)"
}

@test "the sealed length says no more than which 256 bytes the length is in" {
	for n in 1 2 100 254 255 256 257 511 512; do
		head -c $n /dev/zero | tr '\0' x | "$enclua" secret set "n$n" - > /dev/null
	done
	"$enclua" --json book log --limit 1000 | jq -r '.entries[] | select(.type == "secret.set") | .index' | while read -r at; do "$enclua" book show "$at" | sed -n 's/^name: //p; s/^size: //p' | tr '\n' ' '; echo; done > sizes
	[ "$(wc -l < sizes)" -eq 9 ]
	size() { sed -n "s/^n$1 //p" sizes | tr -d ' '; }
	[ "$(size 1) $(size 1) $(size 1) $(size 1)" = "$(size 2) $(size 100) $(size 254) $(size 255)" ]
	[ "$(size 256)" = $(($(size 1) + 256)) ]
	[ "$(size 257)" = "$(size 256)" ]
	[ "$(size 511)" = "$(size 256)" ]
	[ "$(size 512)" = $(($(size 1) + 512)) ]
}
