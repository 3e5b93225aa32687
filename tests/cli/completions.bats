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
