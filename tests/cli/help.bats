#!/usr/bin/env bats
# Everything that follows from the table of commands: help on every level, manual pages, completions; and that every row keeps the contract.

load helper
setup() { setup_place; }
teardown() { teardown_place; }

@test "--help of every command, of every group, and of all" {
	"$enclua" --help > all
	"$enclua" help | cmp - all
	while read -r command; do
		grep -q "^  $command " all || { echo "$command is not in the list"; return 1; }
		# shellcheck disable=SC2086 # words
		says 0 "$enclua" $command --help
		grep -q "^Usage: enclua $command" out
		# shellcheck disable=SC2086
		"$enclua" help $command | cmp - out
		case $command in
		*' '*)
			says 0 "$enclua" "${command%% *}" --help
			grep -q "^  $command " out
			;;
		esac
	done < <(commands)
	[ "$(commands | wc -l)" -ge 10 ]
}

@test "help needs no home, makes none, and does not mind what else is missing" {
	says 0 "$enclua" --home nowhere key new --help
	says 0 "$enclua" -h
	says 0 "$enclua" run-task -h
	[ ! -e nowhere ]
	[ ! -e .local ]
}

@test "every option of every command is in its help" {
	"$enclua" --json help > table
	jq -r '.commands[] | .command as $c | .options[] | [$c, .name] | @tsv' table | while IFS=$'\t' read -r command option; do
		# shellcheck disable=SC2086
		"$enclua" $command --help | grep -q -- "--$option" || { echo "$command --$option"; exit 1; }
	done
	jq -e '[.commands[] | .summary, .options[].help] | all(length > 0)' table
	jq -e '[.commands[] | .options | map(.name) | length == (unique | length)] | all' table
	# No option of a command hides a global one, and no letter stands for two.
	jq -e '[.options[].name] as $global | [.commands[].options[].name | select(IN($global[]))] == []' table
	jq -e '[.options[].letter] as $global | [.commands[].options | map(.letter | select(.)) | . + ($global - [null]) | length == (unique | length)] | all' table
}

@test "every command refuses an unknown option, in words and as JSON" {
	while read -r command; do
		# shellcheck disable=SC2086
		fails 2 "unknown option --bogus" "$enclua" $command --bogus
		# shellcheck disable=SC2086
		fails 2 '"E_USAGE"' "$enclua" --json $command --bogus
		one_object err
	done < <(commands)
}

@test "every command with --json and nothing else: one object, on the right stream, with a documented exit code" {
	while read -r command; do
		got=0
		# shellcheck disable=SC2086
		timeout 20 "$enclua" --home "fresh/$command" --json $command > out 2> err < /dev/null || got=$?
		if [ "$got" -eq 0 ]; then
			one_object out && jq -e '.ok == true' out > /dev/null && [ ! -s err ] || { echo "$command:"; cat out err; return 1; }
		else
			[ "$got" -le 10 ] && [ ! -s out ] && one_object err || { echo "$command: exit $got"; cat out err; return 1; }
			jq -e --argjson exit "$got" '.ok == false and (.error.code | startswith("E_")) and (.error.message | length > 0)
				and (.error.hint == null or (.error.hint | length > 0))' err > /dev/null
		fi
	done < <(commands)
}

@test "a manual page for every command, without a request that man does not know" {
	"$enclua" help --man > page
	head -1 page | grep -q '^\.TH ENCLUA 1 '
	while read -r command; do
		grep -qF "\\fB$command\\fR" page
		# shellcheck disable=SC2086
		"$enclua" help --man $command > one
		head -1 one | grep -q '^\.TH ENCLUA-'
		grep -q '^\.SH SYNOPSIS' one
		[ -z "$(grep '^[.'\'']' one | grep -vE '^\.(TH|SH|TP|PP|nf|fi)( |$)')" ]
		[ -z "$(grep -nE '^$' one)" ]
	done < <(commands)
}

# lint PAGE: what mandoc finds from a warning on
lint() {
	command -v mandoc > /dev/null || return 0
	mandoc -Tlint -Wwarning "$1" || { echo "$1"; return 1; }
}

@test "mandoc finds nothing in any page, and man shows it" {
	"$enclua" help --man > enclua.1
	lint enclua.1
	while read -r command; do
		# shellcheck disable=SC2086
		"$enclua" help --man $command < /dev/null > one
		lint one
	done < <(commands)
	for topic in $("$enclua" help --topics); do
		"$enclua" help --man "$topic" > "$topic"
		lint "$topic"
		if command -v man > /dev/null; then
			MANWIDTH=80 man -l "$topic" > shown 2> err
			[ ! -s err ]
			grep -q "^ENCLUA-" shown
		fi
	done
}

@test "topics: listed, shown as they are written, as pages and as JSON; a group of commands names its format" {
	"$enclua" help --topics > topics
	(cd "$top/tools/manual" && ls ./*.[1-9]) | sed 's|^./||' | cmp - topics
	"$enclua" help > all
	"$enclua" --json help > table
	while read -r topic; do
		grep -q "^  $topic  *[A-Z]" all || { echo "$topic is not in enclua help"; return 1; }
		jq -e --arg t "$topic" '[.topics[] | "\(.topic).\(.section)"] | index($t) != null' table > /dev/null
		says 0 "$enclua" help "$topic"
		{ printf 'enclua-%s(%s): ' "${topic%.*}" "${topic##*.}"; cat "$top/tools/manual/$topic"; } | cmp - out
		[ -z "$(sed 1d out | LC_ALL=C.UTF-8 grep -E '^.{81}')" ] || { echo "$topic: lines that are too long"; return 1; }
		[ "$("$enclua" --json help "$topic" | jq -r .page)" = "$(cat out)" ]
		"$enclua" help --man "$topic" > page
		head -1 page | grep -qi "^\.TH ENCLUA-${topic%.*} ${topic##*.} "
		[ "$(grep -c '^\.SH ' page)" -eq $(($(grep -cE '^[A-Z][A-Z ,]+$' "$top/tools/manual/$topic") + 1)) ]
	done < topics
	"$enclua" help contract | cmp - <("$enclua" help enclua-contract.7)
	"$enclua" help data | grep -qx 'Format: enclua help data.5'
	fails 2 'no command or topic is called "data.6"' "$enclua" help data.6
	fails 2 'no command or topic is called "contract.77"' "$enclua" help contract.77
}

@test "what the topics say of other pages is there: commands, files, sections" {
	"$enclua" help --list | tr ' ' - > pages
	cat "$top"/tools/manual/*.[1-9] > text
	grep -oE 'enclua-[a-z-]+\([0-9]\)' text | sort -u | while IFS='()' read -r name section; do
		case $section in
		1) grep -qx "${name#enclua-}" pages ;;
		*) [ -e "$top/tools/manual/${name#enclua-}.$section" ] ;;
		esac || { echo "no page $name($section)"; exit 1; }
	done
	grep -oE '\b(core|lua|manifests|tests)/[A-Za-z0-9_./-]*[A-Za-z0-9]' text | sort -u | while read -r path; do
		[ -e "$top/$path" ] || { echo "no $path"; exit 1; }
	done
}

# completes WORD…: what bash would offer for the last of these words
completes() {
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
	_enclua
	echo "${COMPREPLY[*]}"
}

# offers ' WORD '… -- WORDS…: each is among the completions
offers() {
	local want=()
	while [ "$1" != -- ]; do want+=("$1"); shift; done
	shift
	local got word
	got=" $(completes "$@") "
	for word in "${want[@]}"; do
		[[ "$got" == *"$word"* ]] || { echo "no$word in$got"; return 1; }
	done
}

@test "completions: commands, second words, options; files where nothing else fits" {
	eval "$("$enclua" help --bash)"
	offers " key " " run-task " -- enclua ""
	[ "$(completes enclua run-)" = run-task ]
	offers " new " " list " -- enclua --home x key ""
	[ "$(completes enclua key ne)" = new ]
	offers " --no-passphrase " " --json " -- enclua key new --
	[ "$(completes enclua --js)" = --json ]
	[ -z "$(completes enclua run-task '')" ]
}

@test "what stands beside an option is in one column, over however many lines" {
	while read -r words; do
		# shellcheck disable=SC2086 # words
		"$enclua" $words --help | awk -v of="$words" '/^(Options|Options of every command):$/ { on = 1; next } !NF || /^[A-Z]/ { on = 0 }
			on && !/^  (-[a-zA-Z],|   ) --[a-z0-9-]+/ && !(match($0, /[^ ]/) && RSTART == 32) { print of ": " $0; bad = 1 } END { exit bad }'
	done < <(commands)
	"$enclua" worker run --help | grep -q '^ \{31\}\$ENCLUA_ALLOW_MISSING_LAYER'
}
