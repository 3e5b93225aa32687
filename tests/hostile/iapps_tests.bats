#!/usr/bin/env bats
# Hostile test.lua: what answers `enclua iapp test` past the library, in a box of its own. The command reads the answer, and does what it asks for on the author's machine.

load ../author/helper

setup() {
	setup_place
	cd "$work" || return 1
	mkdir -p app/mock outside && cd app || return 1
	printf 'api: 1\nname: t\nversion: 1.0.0\nsummary: s\nentry: main.lua\ninputs:\n  data: one\n  files: true\n  secrets: [token]\n' > iapp.yaml
	# shellcheck disable=SC2016
	echo 'return function(task) for _, l in ipairs(task.data:list()) do task.result:write("got/" .. _, task.data:get(l.path)) end end' > main.lua
	echo 'not for tests' > ../outside/secret.txt
}
teardown() { teardown_place; }

# answers LUA: test.lua gives this text as its answer; a whole error is told, and nothing that a terminal obeys
answers() {
	printf 'local h = require "test_host"\nh.finish(%s)\n' "$1" > test.lua
	run --separate-stderr timeout 120 "$enclua" iapp test
	[ "$status" -ge 1 ] && [ "$status" -le 10 ] || { echo "status $status for $1"; return 1; }
	grep -q '^enclua: .' <<< "$stderr" || { echo "no word for $1: $stderr"; return 1; }
	[ -z "$(printf '%s%s' "$output" "$stderr" | tr -d '\n\t' | LC_ALL=C tr -d '[:print:]\200-\377')" ]
	! grep -q 'not for tests' <<< "$output$stderr" || { echo "it read what is outside of the project"; return 1; }
}

@test "answers that are none, or of another shape: each is an error with words" {
	for lua in "''" "'{}'" "'[]'" "'null'" "'{\"cases\":[{}],\"done\":{\"ok\":true}}'" "'{\"cases\":[1,null,\"x\"],\"done\":{\"ok\":true}}'" "'{\"prints\":[\"!!!\"],\"done\":{\"ok\":true}}'" \
		"'{\"prints\":{\"a\":1}}'" "'{\"done\":{\"ok\":\"true\"}}'" "'{\"done\":{\"message\":{},\"traceback\":7}}'" "('['):rep(300)" "('x'):rep(1 << 20)" \
		"'{\"cases\":[{\"name\":\"\\\\\\\\u202e\\\\\\\\u0007\",\"ok\":false,\"message\":\"\\\\\\\\u001b[2J\"}],\"done\":{\"ok\":true}}'"; do
		answers "$lua"
	done
}

@test "runs that reach outside of the project, or are malformed: refused, a thousand times at most" {
	ln -s "$work/outside" mock/folder && ln -s "$work/outside/secret.txt" mock/file
	for run in '"data":[{"mock":"Li4vLi4vb3V0c2lkZQ=="}]' '"data":[{"mock":"Zm9sZGVy"}]' '"data":[{"mock":"ZmlsZQ=="}]' '"data":[{"mock":"L2V0Yw=="}]' '"data":[{"files":[{"name":"Li4vLi4veA==","bytes":"eA=="}]}],"args":[{}],"seed":5' \
		'"secrets":[{"index":99999999999999999999,"value":"eA=="}],"files":[{"name":"Li4veA==","bytes":"eA=="}]'; do
		answers "'{\"run\":{$run}}'"
		[[ $stderr == *"more than 1000 runs"* ]]
	done
	[ -z "$(find "$work" -newer main.lua -type f ! -name test.lua ! -path "*/outside/*")" ]
}
