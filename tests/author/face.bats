#!/usr/bin/env bats
# One program, two names: iapp-generator's words are those of `enclua iapp`, in help, pages, completions and errors.

load helper
setup() { setup_place; }
teardown() { teardown_place; }

@test "it is the same program" {
	[ "$(realpath "$generator")" = "$(realpath "$enclua")" ]
	says 0 "$generator" --version
	[ "$(cat out)" = "$("$enclua" --version | sed 's/enclua/iapp-generator/')" ]
	says 0 "$generator" version
	grep -q '^iapp-generator ' out
}

@test "its verbs are those of enclua iapp, and help says them as they are typed" {
	"$enclua" help --list iapp | sed 's/^iapp //' | sort > theirs
	"$generator" help --list | grep -vx -e help -e version | sort | cmp - theirs
	for how in --help help; do
		says 0 "$generator" $how
		grep -q '^Usage: iapp-generator COMMAND' out
		grep -q '^  init ' out
		[ -z "$(grep 'iapp init' out)" ]
	done
	says 0 "$generator" init --help
	grep -q '^Usage: iapp-generator init ' out
	grep -q '^  iapp-generator init my-app' out
	says 0 "$generator" help init
	grep -q '^Usage: iapp-generator init ' out
	says 0 "$enclua" iapp init --help
	grep -q '^Usage: enclua iapp init ' out
	grep -q '^  enclua iapp init my-app' out
}

@test "every verb has a page of its own under both names" {
	"$generator" help --list | while read -r words; do
		# shellcheck disable=SC2086 # words
		"$generator" help --man $words > page < /dev/null
		grep -q "^.TH IAPP-GENERATOR-" page
		[ -z "$(grep -i 'enclua iapp' page)" ] || { echo "$words"; return 1; }
	done
	"$generator" help --man | grep -q '\\fBinit\\fR'
	[ -z "$("$generator" help --man | grep 'run-task')" ]
	"$enclua" help --man iapp init | grep -q '^.TH ENCLUA-IAPP-INIT'
}

@test "completions are those of the name they are for" {
	# shellcheck disable=SC2016 # for the other shell
	complete='eval "$("$0" help --bash)"; COMP_WORDS=(iapp-generator $1); COMP_CWORD=$2; _iapp_generator; printf "%s\n" "${COMPREPLY[@]}"'
	[ "$(bash -c "$complete" "$generator" in 1)" = init ]
	bash -c "$complete" "$generator" 'init --t' 2 | grep -qx -e --template
	[ -z "$(bash -c "$complete" "$generator" run-t 1)" ]
	"$generator" help --fish | grep -q "complete -c iapp-generator -f -n '__iapp_generator_at ' -a init"
	"$generator" help --zsh | grep -q '^#compdef iapp-generator'
	"$enclua" help --fish | grep -q "__enclua_at iapp' -a init"
}

@test "errors and hints name what was typed" {
	fails 2 'unknown command "inti"; did you mean "init"?' "$generator" inti
	grep -q 'iapp-generator init --help' err
	fails 2 'unknown command "iapp inti"; did you mean "iapp init"?' "$enclua" iapp inti
	fails 2 'iapp-generator needs one more word' "$generator"
	fails 2 'unknown option --tmplate; did you mean --template?' "$generator" init x --tmplate data
	grep -q '^iapp-generator: ' err
	grep -q 'iapp-generator init --help' err
	fails 2 'unknown command "run-task"' "$generator" run-task x
	says 2 "$generator" --json inti
	[ "$(jq -r .error.hint err)" = "iapp-generator init --help" ]
	says 0 "$generator" --home "$work/h" --quiet init first --yes
}
