#!/usr/bin/env bats
# Completions for zsh and fish, asked the way the shells ask (for bash: help.bats). All three follow from the one table.

load helper
setup() { setup_place; }
teardown() { teardown_place; }

# zsh's own completion system needs a terminal; what the function hands to it does not.
zsh_offers() {
	"$enclua" help --zsh > _enclua
	zsh -f -c 'compdef() { : }
		source ./_enclua
		_describe() { [[ $1 != -* ]] || shift; print -rl -- ${(P)2} }
		_files() { print FILES }
		words=("$@") CURRENT=$#
		_enclua' zsh "$@"
}

fish_offers() {
	"$enclua" help --fish > enclua.fish
	fish --no-config -c "source enclua.fish; complete -C '$1'"
}

@test "zsh: commands, second words, options with what they do, files" {
	command -v zsh > /dev/null || skip "no zsh"
	zsh_offers enclua '' > out
	grep -q '^run-task:Run' out
	grep -qx key out
	zsh_offers enclua --home x key '' > out
	grep -q '^new:Make an identity' out
	[ -z "$(grep '^run-task' out)" ]
	zsh_offers enclua key new -- > out
	grep -q '^--no-passphrase:keep' out
	grep -q '^--json:' out
	[ "$(zsh_offers enclua run-task '')" = FILES ]
	zsh_offers enclua init '' > out
	[ "$(cat out)" = FILES ]
}

# with_values: "COMMAND<tab>OPTION<tab>VALUE VALUE", where the table says that an option has only some values
with_values() {
	"$enclua" --json help | jq -r '.commands[] | .command as $c | .options[] | select(.arg // "" | contains("|")) | .name as $o
		| (.arg | split("|")) as $v | ($v | if length > 2 then . else map(select(test("^[a-z0-9_]+$"))) end) | select(length > 0)
		| [$c, $o, join(" ")] | @tsv'
}

@test "all three: an option that has only some values offers those, and nothing else" {
	with_values > want
	grep -qP '^run-task\tcategory\tXS S M L XL$' want
	grep -qP '^grant\tuser\tany$' want
	[ "$(wc -l < want)" -ge 8 ]
	eval "$("$enclua" help --bash)"
	while IFS=$'\t' read -r command option values; do
		# shellcheck disable=SC2206 # words
		COMP_WORDS=(enclua $command "--$option" '') COMPREPLY=()
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_enclua
		[ "${COMPREPLY[*]}" = "$values" ] || { echo "bash: $command --$option: ${COMPREPLY[*]}, not $values"; return 1; }
		if command -v zsh > /dev/null; then
			# shellcheck disable=SC2086
			[ "$(zsh_offers enclua $command "--$option" '' | tr '\n' ' ')" = "$values " ] || { echo "zsh: $command --$option"; return 1; }
		fi
		if command -v fish > /dev/null; then
			fish_offers "enclua $command --$option " | cut -f1 | sort > got
			tr ' ' '\n' <<< "$values" | sort | cmp - got || { echo "fish: $command --$option"; return 1; }
		fi
	done < want
}

@test "all three: help is followed by the words of commands, and by topics" {
	eval "$("$enclua" help --bash)"
	COMP_WORDS=(enclua help '') COMP_CWORD=2 COMPREPLY=()
	_enclua
	for word in run-task key $("$enclua" help --topics); do
		[[ " ${COMPREPLY[*]} " == *" $word "* ]] || { echo "no $word"; return 1; }
		if command -v zsh > /dev/null; then zsh_offers enclua help '' | grep -qE "^$word(:|$)" || { echo "zsh: no $word"; return 1; }; fi
		if command -v fish > /dev/null; then fish_offers 'enclua help ' | cut -f1 | grep -qx "$word" || { echo "fish: no $word"; return 1; }; fi
	done
	COMP_WORDS=(enclua help key n) COMP_CWORD=3 COMPREPLY=()
	_enclua
	[ "${COMPREPLY[*]}" = new ]
}

@test "zsh: every command and every option of it" {
	command -v zsh > /dev/null || skip "no zsh"
	"$enclua" help --zsh > all
	"$enclua" --json help | jq -r '.commands[] | "\(.command):\(.summary)"' | sed "s/'/'\\\\''/g" > want
	while IFS= read -r line; do grep -qF "		'$line'" all || { echo "no $line"; return 1; }; done < want
	"$enclua" --json help | jq -r '.commands[] | .command as $c | .options[] | [$c, .name] | @tsv' > options
	awk -F "\t" 'FNR == NR { if ($0 ~ /^\t\[\[ /) { c = $0; sub(/.*!= . /, "", c); sub(/ .\*.*/, "", c) } else if ($0 ~ /^\t\t.--/) { o = $0; sub(/^\t\t.--/, "", o); sub(/:.*/, "", o); has[c "\t" o] = 1 } next }
		!(($1 "\t" $2) in has) { print; bad = 1 } END { exit bad }' all options
}

@test "fish: commands, second words, options with what they do, files" {
	command -v fish > /dev/null || skip "no fish"
	fish_offers 'enclua ' > out
	grep -qP '^run-task\tRun' out
	grep -qx key out
	fish_offers 'enclua --home x key ' > out
	grep -qP '^new\tMake an identity' out
	[ -z "$(grep '^run-task' out)" ]
	fish_offers 'enclua key new --' > out
	grep -qP '^--no-passphrase\tkeep' out
	grep -q '^--json' out
	[ -z "$(grep '^--arg' out)" ]
	[ "$(fish_offers 'enclua key ne' | cut -f1)" = new ]
	touch only-file
	[ "$(fish_offers 'enclua run-task only-' | cut -f1)" = only-file ]
	[ -z "$(fish_offers 'enclua only-')" ]
}

@test "fish: every command and every option of it" {
	command -v fish > /dev/null || skip "no fish"
	"$enclua" help --fish > all
	"$enclua" --json help | jq -r '.commands[] | .command as $c | .options[] | "-n '\''__enclua_in \($c)'\'' -l \(.name) "' > want
	"$enclua" --json help | jq -r '.commands[].command | split(" ") | "-n '\''__enclua_at \(.[:-1] | join(" "))'\'' -a \(.[-1]) "' >> want
	[ "$(wc -l < want)" -gt 100 ]
	while IFS= read -r line; do grep -qF -- "$line" all || { echo "no $line"; return 1; }; done < want
}
