#!/usr/bin/env bats
# Every command of the README's walk, typed as it stands there, one after another, in a folder that is a fresh copy of the tree.

load ../common

setup() {
	work=$(mktemp -d)
	export HOME=$work/home PATH=$build:$PATH
	unset ENCLUA_HOME ENCLUA_AS ENCLUA_PASSPHRASE_FILE XDG_DATA_HOME
	mkdir "$HOME" "$work/tree"
	cp -R "$top/iapps" "$top/manifests" "$top/README.md" "$work/tree/"
	cd "$work/tree"
}

teardown() {
	work_remove
}

# The commands between two headings: indented lines that start with a program of the walk.
commands() {
	awk '/^## A walk/ { on = 1 } /^## Who talks/ { on = 0 } on' README.md | grep -E '^    (enclua|cat|age|tar|mkdir) ' | sed 's/^    //'
}

@test "the walk of the README works as it is written" {
	[ "$(commands | wc -l)" -ge 10 ]
	commands > walk
	while read -r line; do
		bash -c "$line" > out.txt 2>&1 3>&- || { echo "failed: $line"; cat out.txt; return 1; }
	done < walk
	[ "$(cat out/hello.txt)" = "$(printf 'Hello, Ada!\nYour protected secretText reads: the cake is in the fridge')" ]
}

@test "the first iApp of the README, and then the walk: one home serves both, and nothing but init says that it is there" {
	ln -s "$build" build
	awk '/^## An iApp of your own/ { on = 1 } /^## The nouns/ { on = 0 } on' README.md | grep -E '^    (build/|cat )' | sed 's/^    //' > first
	[ "$(wc -l < first)" -eq 3 ]
	bash -e first > said
	[ "$(tail -1 said)" = "50.000" ]
	fails 6 "there is a home at" enclua init --no-passphrase
	rm out err
	[ "$(commands | sed -n 2p | cut -d' ' -f 1,2)" = "enclua protect" ]
	commands | sed -n '2,4p' > next
	bash -e next > said
}

@test "the Lua of the README runs" {
	mkdir -p mine
	awk '/^\*\*Write one/ { on = 1 } /^Errors name/ { on = 0 } on && /^    / { print substr($0, 5) }' README.md > mine/main.lua
	grep -q 'task.result:write' mine/main.lua
	printf 'api: 1\nname: mine\nversion: 1.0.0\nentry: main.lua\ninputs: {data: one}\n' > mine/iapp.yaml
	printf 'age\n40\n60\n' > patients.csv
	enclua run-task mine --data patients.csv -o res
	[ "$(cat res/average.txt)" = "50.000" ]
}

@test "what the README says exists, exists" {
	sed -n 's/.*](\([a-zA-Z][^):]*\)).*/\1/p' README.md | while read -r path; do
		[ -e "$top/$path" ] || { echo "no $path"; return 1; }
	done
}
