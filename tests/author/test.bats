#!/usr/bin/env bats
# enclua iapp test, core/enclave/test.c and lua/test.lua: cases, single runs, what each kind of failure is told, watching, and that the limits are production's.

load helper
load project

setup() { setup_project; }

teardown() { teardown_project; }

@test "cases: passing and failing, with the author's lines; logs and prints live; exit 8" {
	tests '
t.case("adds", function()
    local r = t.run { data = t.files { ["numbers.txt"] = "40\n2\n" } }
    t.equal(r.files["sum.txt"], "42\n")
    print("after", r.status)
end)
t.case("is wrong", function()
    t.equal(t.run { data = t.mock "numbers.txt" }.files["sum.txt"], "7\n")
end)'
	says 8 "$enclua" iapp test
	grep -qx '  | sum is 42' out
	grep -qx "$(printf '  > after\tok')" out
	grep -qx 'ok 1 - adds' out
	grep -qx 'not ok 2 - is wrong' out
	grep -qF '# test.lua:9: expected "7\n", got "6\n"' out
	grep -qF '>     9 |     t.equal(t.run { data = t.mock "numbers.txt" }.files["sum.txt"], "7\n")' out
	grep -qF '1 of 2 cases fails: is wrong' err
	sed -i 's/"7/"6/' test.lua
	says 0 "$enclua" iapp test
	grep -qx '# sum 1.0.0: 2 cases pass, 2 runs' out
	[ ! -e "$work/home" ]
}

@test "every example of lua/meta/test.d.lua passes, and describes a function that there is" {
	lua5.4 - "$top/lua/meta/test.d.lua" <<-'END' > test.lua
		local body
		for line in io.lines(arg[1]) do
		    if line == "---```lua" then
		        body = { "do" }
		    elseif line == "---```" and body then
		        print(table.concat(body, "\n") .. "\nend")
		        body = nil
		    elseif body then
		        body[#body + 1] = line:sub(4)
		    end
		end
		print 'local names = {} for name in pairs(require "test") do names[#names + 1] = name end table.sort(names) print(table.concat(names, " "))'
	END
	says 0 "$enclua" iapp test
	[ "$(grep -c '^ok ' out)" -eq "$(grep -c '^  t.case\|^---t.case' "$top/lua/meta/test.d.lua")" ]
	described=$(sed -n 's/^function test\.\([a-z]*\)(.*/\1/p' "$top/lua/meta/test.d.lua" | sort | tr '\n' ' ')
	grep -qx "  > ${described% }" out
}

@test "the module test is for test.lua alone, and test.lua has no task" {
	app 'require "test"'
	tests 't.case("no", function() t.fails(t.run { data = t.mock "numbers.txt" }, "module '"'test'"' not found") end)
t.case("no engine", function() t.fails(function() return task end, "undefined global") end)'
	says 0 "$enclua" iapp test
}

# told STATUS WORDS…: iapp test ends so, and each of the words is in what it says
told() {
	local want=$1 words
	shift
	says "$want" "$enclua" iapp test ${flags[@]+"${flags[@]}"}
	for words in "$@"; do
		grep -qF -- "$words" out err || { echo "no '$words' in:"; cat out err; return 1; }
	done
}

limit() { sed -i "s/^  $1: .*/  $1: $2/" iapp.yaml; }

@test "a run that fails says why: an error with the author's lines, and each limit with its line in iapp.yaml and in the iApp" {
	flags=(--data numbers.txt)
	app 'error("boom")'
	told 8 'main.lua:2: boom' '#   main.lua:2: in function <line 1>' '#   >     2 | error("boom")'
	app 'return nil, "no numbers"'
	told 8 'no numbers'
	app 'return ('
	told 8 "main.lua:3: unexpected symbol near 'end'"
	app 'print "begin" local list = {}
for i = 1, 1e9 do
list[i] = ("x"):rep(1000) .. i
end'
	told 9 'sum passed limits.memory (iapp.yaml:8) at main.lua:4: in function <line 1>: it may have 8 MiB of live memory; it had' 'try: raise limits.memory' '  | begin'
	app 'print "begin"
for i = 1, 100 do
task.result:write("f" .. i, ("x"):rep(100))
end'
	told 9 'sum passed limits.output (iapp.yaml:11) at main.lua:4: in function <line 1>: it may have 1 KiB of output' 'try: raise limits.output' '  | begin'
	app 'while true do end'
	told 9 'sum passed limits.cpu (iapp.yaml:9) and was at main.lua:2: in function <line 1> on the way there: it may have 1 s of processor time; it used 1'
	limit cpu 60s
	limit wall 1s
	told 9 'sum passed limits.wall (iapp.yaml:10) and was at main.lua:2: in function <line 1> on the way there: it may have 1 s of wall clock'
	sed -i '/^limits/,$d' iapp.yaml
	app 'task.result:write("x", ("y"):rep(1 << 27))'
	told 8 'one value would be larger than limits.memory' 'try: raise limits.memory'
}

@test "what is missing is named, with the flag that gives it; nothing is run" {
	flags=()
	cat >> iapp.yaml <<-'END'
		outputs: {deterministic: true}
	END
	sed -i 's/^  data: one/  data: one\n  files: false\n  secrets: [token]\n  app_secret: true\n  args:\n    - {name: column, type: integer, required: true}/' iapp.yaml
	told 2 'sum needs the argument column' 'try: add --arg column='
	flags=(--arg column=three)
	told 2 'column'
	flags=(--arg colum=3)
	told 2 'sum has no argument "colum"' 'did you mean --arg column='
	flags=(--arg column=3)
	told 2 'sum needs exactly one data, 0 given' '--data FILE'
	flags+=(--data numbers.txt)
	told 2 'sum needs secret 1, "token"' 'add --secret 1=@FILE'
	flags+=(--secret 1=x)
	told 2 'sum reads a secret of its author' '--app-secret @FILE'
	printf y > secret
	flags+=(--app-secret @secret)
	told 0 'sum.txt'
	flags+=(--file main.lua)
	told 2 'sum takes no input files'
	flags=(--data nothing)
	told 3 'there is no mock/nothing' 'enclua iapp mock nothing'
	flags=(--secret 0=x)
	told 2 'a secret is written N=VALUE'
	echo 'egress: ["https:api.example.org"]' >> iapp.yaml
	flags=(--arg column=3 --data numbers.txt --secret 1=x --app-secret y)
	says 10 "$enclua" iapp test "${flags[@]}"
	grep -qF 'sum wants to reach' err
}

@test "the same kinds of failure in cases: t.fails sees them, an unexpected one is told with what to try" {
	flags=()
	app 'while task.data:get("mode", "string") == "loop" do end error("boom")'
	tests '
local function run(mode) return t.run { data = t.values { mode = mode } } end
t.case("seen", function()
    t.fails(run "", "boom")
    local r = run "loop"
    t.equal(r.limit, "cpu")
    t.equal(r.status, "limit")
    t.fails(r, "limits.cpu")
    t.equal(t.run {}.status, "refused")
    t.fails(t.run { data = t.mock "none" }, "there is no mock/none")
    t.fails(t.run { data = t.values { a = 1 }, args = { x = 1 } }, "no argument")
    t.fails(t.run { data = t.values { a = 1 }, purpose = "Not a purpose" })
end)
t.case("not seen", function() t.ok(run "") end)'
	told 8 'ok 1 - seen' 'not ok 2 - not seen' 'the run ended as failed: main.lua:2: boom' '# run 7, failed: main.lua:2: boom'
}

@test "a test.lua that loops, asks for too much, is no Lua, has no case, or misuses the module is told so" {
	flags=()
	tests 't.case("x", function() while true do end end)'
	told 9 'test.lua did not come to its end in 5 s of processor time: it seems to loop'
	tests 'local s = ("x"):rep(1 << 20) local l = {} for i = 1, 1000 do l[i] = s .. i end'
	told 9 'test.lua itself uses more than 512 MiB of memory'
	tests 't.case('
	told 8 "test.lua:3: unexpected symbol near <eof>"
	tests 'error("early")'
	told 8 'test.lua:2: early'
	tests ''
	told 8 'test.lua has no case' 'try: t.case('
	tests 't.case("a", function() t.case("b", function() end) end)'
	told 8 'the case "b" is inside of the case "a"'
	tests 't.case("a", function() t.run { dat = 1 } end)'
	told 8 'test.lua:2: t.run does not know "dat"; it takes args, data'
	tests 't.case("a", function() t.run { data = {} } end)'
	told 8 'data is what t.files, t.values or t.mock makes'
	tests 't.case("a", function() end)'
	flags=(--filter b)
	told 3 'no case of test.lua has "b" in its name'
	flags=(--filter a)
	told 0 'ok 1 - a'
	flags=(--filter a --once)
	told 2 '--filter chooses cases'
}

@test "neither pcall nor a coroutine nor __close keeps a run from being made; runs and prints are made once each" {
	tests '
t.case("held", function()
    print "once"
    local ok, r = pcall(t.run, { data = t.mock "numbers.txt" })
    assert(ok and r.status == "ok")
    local co = coroutine.wrap(function() local r = t.run { data = t.files { a = "5\n" } } coroutine.yield(r.files["sum.txt"]) end)
    t.equal(co(), "5\n")
    local guard <close> = setmetatable({}, { __close = function() t.run { data = t.mock "numbers.txt" } end })
end)'
	says 0 "$enclua" iapp test
	[ "$(grep -c '  > once' out)" -eq 1 ]
	[ "$(grep -c '  | sum is' out)" -eq 3 ]
	grep -qx '# sum 1.0.0: 1 case passes, 3 runs' out
}

@test "one run: the seed changes chance and nothing else does, result files are written, and a folder that is none is refused before" {
	app 'print(math.random(1 << 50)) task.result:write("d/x.txt", task.args[1] or "none")'
	sed -i 's/^  data: one/  args: [{name: word, type: string}]/' iapp.yaml
	drawn() { "$enclua" iapp test "$@" | grep '^  | '; }
	[ "$(drawn --once)" = "$(drawn --once)" ]
	[ "$(drawn --seed a)" = "$(drawn --seed a)" ]
	[ "$(drawn --seed a)" != "$(drawn --seed b)" ]
	says 0 "$enclua" iapp test --arg hello -o out.d
	grep -qx '# written to out.d' out
	[ "$(cat out.d/d/x.txt)" = hello ]
	fails 6 'exists and is no folder' "$enclua" iapp test -o main.lua
}

@test "JSON: one object, of cases and of one run; a failure is one on stderr" {
	tests 't.case("a", function() t.ok(t.run { data = t.mock "numbers.txt" }) end)'
	says 0 "$enclua" --json iapp test
	one_object out
	jq -e '.name == "sum" and .cases == [{name: "a", ok: true}] and .runs == 1 and (.h1 | startswith("h1:"))' out
	says 0 "$enclua" --json iapp test --data numbers.txt
	one_object out
	jq -e '.status == "ok" and .log == "sum is 6\n" and (.files | map(.path)) == ["sum.txt", "types.txt"] and .limits.memory.limit == 8388608' out
	app 'error("boom")'
	says 8 "$enclua" --json iapp test
	[ ! -s out ]
	jq -e '.error.code == "E_TASK" and (.error.message | contains("1 of 1 case fails: a"))' err
	fails 2 '--watch has no end' "$enclua" --json iapp test --watch
}

@test "limits are production's: the byte of output and of memory that is one too many is so in test and in run-task" {
	flags=(--data numbers.txt)
	app 'task.result:write("x", ("y"):rep(1024))'
	says 0 "$enclua" iapp test "${flags[@]}"
	says 0 "$enclua" run-task . --data mock/numbers.txt
	app 'task.result:write("x", ("y"):rep(1025))'
	says 9 "$enclua" iapp test "${flags[@]}"
	says 9 "$enclua" run-task . --data mock/numbers.txt
	app 'local l = {} for i = 1, 20000 do l[i] = ("z"):rep(100) .. i end task.result:write("x", #l .. "")'
	low=1048576 high=8388608
	while [ $((high - low)) -gt 1 ]; do
		middle=$(((low + high) / 2))
		limit memory $middle
		if "$enclua" iapp test --data numbers.txt > /dev/null 2>&1; then high=$middle; else low=$middle; fi
	done
	limit memory $high
	says 0 "$enclua" run-task . --data mock/numbers.txt
	limit memory $low
	says 9 "$enclua" run-task . --data mock/numbers.txt
}

@test "bytes that are no text, in names, messages and errors, are spelt out; control characters do nothing to the terminal" {
	flags=()
	app 'task.result:write("x", "\xff\0\27[2J") print "\27[2J" error("\xfe", 0)'
	tests 't.case("name \xff", function() t.equal("\xff\xfe", "\27[2J") end)
t.case("error", function() error("\xf0\27") end)
t.case("value", function() error({}) end)
t.case("run", function() t.fails(t.run { data = t.files { ["a"] = "\xff\0" }, args = {} }, "\xfe") end)'
	told 8 'not ok 1 - name \xff' 'got "\xff\xfe"' 'not ok 2 - error' 'not ok 3 - value' 'ok 4 - run'
	[ -z "$(grep "$(printf '\033')" out err)" ]
}

# wait_for N WORDS FILE: until these words stand there N times
wait_for() {
	for _ in $(seq 600); do
		[ "$(grep -cF -- "$2" "$3")" -ge "$1" ] && return 0
		sleep 0.1
	done
	echo "not $1 times '$2' in:"; cat "$3"; return 1
}

@test "--watch: again at each save, also in a new folder and after a mistake; Ctrl-C ends it with 130" {
	tests 't.case("a", function() t.equal(t.ok(t.run { data = t.mock "numbers.txt" }).files["sum.txt"], "6\n") end)'
	"$enclua" iapp test --watch > rounds.tmp~ 2> .errors &
	pid=$!
	wait_for 1 'waiting for a change' rounds.tmp~
	printf '1\n2\n' > mock/numbers.txt
	wait_for 1 'not ok 1 - a' rounds.tmp~
	wait_for 2 'waiting for a change' rounds.tmp~
	echo 'return (' > main.lua.new && mv main.lua.new main.lua
	wait_for 1 'unexpected symbol' rounds.tmp~
	wait_for 3 'waiting for a change' rounds.tmp~
	mkdir lib && echo 'return "6\n"' > lib/six.lua
	wait_for 4 'waiting for a change' rounds.tmp~
	app 'task.result:write("sum.txt", require "lib.six")'
	wait_for 2 'ok 1 - a' rounds.tmp~
	grep -q 'failed\|fails' .errors
	kill -INT $pid
	status=0
	wait $pid || status=$?
	[ "$status" -eq 130 ]
}

@test "from a folder inside of the project, and not outside of one; also as iapp-generator" {
	tests 't.case("a", function() t.ok(t.run { data = t.mock "numbers.txt" }) end)'
	cd mock
	says 0 "$enclua" iapp test
	says 0 "$build/iapp-generator" test
	cd "$work"
	fails 3 'not in an iApp project' "$enclua" iapp test
	fails 3 'iapp.yaml' "$enclua" iapp test --project "$work"
	says 0 "$enclua" iapp test --project sum
}

@test "the tests of every template pass" {
	cd "$work"
	for template in "$top"/tools/templates/*/test.lua; do
		name=$(basename "$(dirname "$template")")
		says 0 "$enclua" iapp init "my-$name" --template "$name"
		(cd "my-$name" && says 0 "$enclua" iapp test) || { echo "$name"; return 1; }
	done
}
