#!/usr/bin/env bats
# The contract (`enclua help contract`), clause by clause: each test runs an iApp, and has the number of the clause that it holds to its word.

load helper
setup() { setup_home; }
teardown() { teardown_home; }

@test "every clause has a test, and every test a clause" {
	grep -oE '^ ?[0-9]+  ' "$top/tools/manual/contract.7" | tr -d ' ' > clauses
	grep -oE '^@test "[0-9]+\.' "$BATS_TEST_FILENAME" | tr -dc '0-9\n' | cmp - clauses
	seq "$(wc -l < clauses)" | cmp - clauses
}

@test "1. the entry returns a function, or a table with run, and is called once with the task" {
	app '' <<< 'return function(task) task.result:write("a", type(task) .. task.id:sub(1, 5)) end'
	runs
	[ "$(cat res/a)" = tabletask1 ] || [ "$(cat res/a)" = userdatatask1 ]
	app '' <<< 'local n = 0 return { run = function(task) n = n + 1 task.result:write("a", tostring(n)) end }'
	runs
	[ "$(cat res/a)" = 1 ]
	app '' <<< 'return 7'
	ends 8 "must return a function, or a table with a function run; it returned a number"
}

@test "2. what there is of Lua" {
	app '' <<< 'return function(task)
		for _, name in ipairs { "table", "string", "math", "utf8", "coroutine" } do assert(type(_G[name]) == "table", name) end
		for _, name in ipairs { "os", "io", "debug", "package", "dofile", "loadfile" } do assert(rawget(_G, name) == nil, name) end
		assert(load("return 2")() == 2)
		assert(not pcall(string.dump, print) and not load("\27Lua"))
	end'
	runs
}

@test "3. reading a global that does not exist is an error, with its name and line; so is making one in a function" {
	app '' <<< $'return function(task)\n  task.result:write("a", nowhere)\nend'
	ends 8 "main.lua:2"
	grep -q "nowhere" err
	app '' <<< $'return function(task)\n  made = 1\nend'
	ends 8 "main.lua:2"
	grep -q "made" err
}

@test "4. require: the archive first, then the library" {
	library=$(tr '\n' ' ' < "$top/tools/manual/contract.7" | grep -o 'which has [a-z0-9 ]*' | sed 's/which has *//; s/  */ /g; s/ $//')
	[ "$(tr ' ' '\n' <<< "$library")" = "$(cd "$top/lua/meta" && ls ./*.d.lua | sed 's|./||; s/\.d\.lua//' | grep -vxE 'policy|task|test')" ]
	[ "$(tr '\n' ' ' < "$top/README.md" | grep -o 'The library is `[a-z0-9 ]*' | sed 's/.*`//' | tr ' ' '\n' | sort)" = "$(tr ' ' '\n' <<< "$library")" ]
	app 'inputs: {args: [{name: library, type: string}]}' <<< 'return function(task)
		for name in (task.args.library):gmatch("%l%w*") do require(name) end
		task.result:write("a", require("lib.x") .. require("date"))
	end'
	mkdir app/lib
	echo 'return "from the archive, "' > app/lib/x.lua
	echo 'return "and so is date"' > app/date.lua
	runs --arg library="$library"
	[ "$(cat res/a)" = "from the archive, and so is date" ]
	app '' <<< 'return function() require("lib.y") end'
	ends 8 "module 'lib.y' not found: neither in the archive nor in the library"
}

@test "5. no clock; chance follows from the task: the same run has the same digest" {
	app 'inputs: {args: [{name: a, type: string}]}' <<< 'return function(task)
		assert(not rawget(_G, "os"))
		task.result:write("a", task.args.a .. math.random(1 << 40))
	end'
	runs --arg a=1
	one=$(jq -r .result.digest out) bytes=$(cat res/a)
	runs --arg a=1
	[ "$(jq -r .result.digest out)" = "$one" ]
	[ "$(cat res/a)" = "$bytes" ]
	runs --arg a=1 --seed other
	[ "$(jq -r .result.digest out)" != "$one" ]
	[ "$(cat res/a)" != "$bytes" ]
}

@test "6. arguments: by name and position, of their types, with defaults; what does not fit is refused before the run" {
	app 'inputs: {args: [{name: s, type: string, required: true}, {name: n, type: number, default: 1.5}, {name: i, type: integer}, {name: b, type: boolean}]}' \
		<<< 'return function(task)
		local a = task.args
		task.result:write("a", ("%s %s %s %s %s %s"):format(a.s, a[1], math.type(a.n), math.type(a.i), type(a.b), a.n))
	end'
	runs --arg s=x --arg i=3 --arg b=true
	[ "$(cat res/a)" = "x x float integer boolean 1.5" ]
	ends 2 "needs the argument s"
	ends 2 'has no argument "z"' --arg s=x --arg z=1
	ends 2 "i" --arg s=x --arg i=3.5
}

@test "7. data: one, none, many in the order given" {
	printf 'one' > one.txt
	printf 'two' > two.txt
	app 'inputs: {data: one, optional: true}' <<< 'return function(task)
		task.result:write("a", task.data and #task.datasets .. task.data:get("one.txt") or "none")
	end'
	runs --data one.txt
	[ "$(cat res/a)" = 1one ]
	runs
	[ "$(cat res/a)" = none ]
	app 'inputs: {data: many}' <<< 'return function(task)
		local t = {}
		for i, data in ipairs(task.datasets) do t[i] = data:get(data:list()[1].path) end
		task.result:write("a", table.concat(t, "+"))
	end'
	runs --data two.txt --data one.txt
	[ "$(cat res/a)" = two+one ]
}

@test "8. get: a value of each type; another type, and no such leaf, raise" {
	"$enclua" init --no-passphrase > /dev/null
	"$enclua" protect --name all --set b=true --type b=bool --set i=-7 --type i=i128 --set f=1.0 --type f=f64 --set s=text > /dev/null
	app 'inputs: {data: one}' <<< 'return function(task)
		local d = task.data
		assert(d:get("b", "bool") == true and math.type(d:get("i", "i128")) == "integer" and math.type(d:get("f", "f64")) == "float")
		assert(d:get("s", "string") == "text" and d:get("s") == "text")
		local ok, why = pcall(d.get, d, "s", "i128")
		assert(not ok and why:find("stored as string, not as i128", 1, true), why)
		ok, why = pcall(d.get, d, "nothing")
		assert(not ok and why:find("holds no \"nothing\"", 1, true), why)
	end'
	runs --data all
}

@test "9. open: a stream of a leaf; larger than the memory is fine" {
	head -c 12000000 /dev/zero | tr '\0' 'x' | fold -w 99 > big.txt
	app $'inputs: {data: one}\nlimits: {memory: 4MiB}' <<< 'return function(task)
		local stream, lines = task.data:open("big.txt"), 0
		assert(stream:size() > 12000000 and stream:read(3) == "xxx" and #stream:read("l") == 96 and #stream:read("L") == 100)
		stream:seek("set", 0)
		for line in stream:lines() do lines = lines + 1 end
		assert(stream:read("a") == "" and stream:read("l") == nil)
		stream:close()
		assert(not pcall(stream.read, stream))
		task.result:write("a", lines)
	end'
	runs --data big.txt
	[ "$(cat res/a)" = "$(awk 'END { print NR }' big.txt)" ]
}

@test "10. list and schema" {
	mkdir d d/sub
	printf 'a,b\n' > d/z.csv
	printf 'text' > d/sub/a.txt
	app 'inputs: {data: one}' <<< 'return function(task)
		local l, s = task.data:list(), task.data:schema()
		assert(#l == 2 and l[1].path == "sub/a.txt" and l[1].size == 4 and l[2].path == "z.csv" and l[2].type == "text/csv")
		assert(s["z.csv"] == "text/csv" and s.sub["a.txt"] == "text/plain")
	end'
	runs --data d
}

@test "11. files by name; refused where iapp.yaml takes none" {
	mkdir deep
	printf 'first\nsecond\n' > deep/in.txt
	app 'inputs: {files: true}' <<< 'return function(task)
		assert(task.files["in.txt"]:read("l") == "first" and task.files["other"] == nil)
	end'
	runs --file deep/in.txt
	app '' <<< 'return function() end'
	ends 2 "takes no input files" --file deep/in.txt
}

@test "12. secrets by number; one that nobody gives is refused" {
	app 'inputs: {secrets: [token, other]}' <<< 'return function(task)
		assert(task:secret(1) == "s3cret" and task:secret(2) == "x" and task:secret(3) == nil)
	end'
	runs --secret 1=s3cret --secret 2=x
	ends 2 'needs secret 2, "other"' --secret 1=s3cret
}

@test "13. the author's secret, or nil" {
	app '' <<< 'return function(task) task.result:write("a", tostring(task:app_secret())) end'
	runs
	[ "$(cat res/a)" = nil ]
	app 'inputs: {app_secret: true}' <<< 'return function(task) task.result:write("a", task:app_secret()) end'
	ends 3 "the iApp needs its own secret, and its owner had set none"
	"$enclua" app deploy app > /dev/null
	printf hidden > s
	"$enclua" app secret set app s > /dev/null
	says 0 "$enclua" run-task ./app -o res2
	[ "$(cat res2/a)" = hidden ]
}

@test "14. the ids of task and deal are those that the requester sees" {
	app '' <<< 'return function(task) task.result:write("a", task.id .. " " .. task.deal) end'
	runs
	[ "$(cat res/a)" = "$(jq -r '"\(.task) \(.deal)"' out)" ]
}

@test "15. write once for each path; open writes in pieces" {
	app '' <<< 'return function(task)
		task.result:write("d/a", "whole")
		local ok, why = pcall(task.result.write, task.result, "d/a", "again")
		assert(not ok and why:find("was written before", 1, true))
		local f = task.result:open("b")
		f:write("1,", 2):write("\n")
		f:close()
		assert(not pcall(f.write, f, "x"))
	end'
	runs
	[ "$(cat res/d/a)" = whole ]
	[ "$(cat res/b)" = 1,2 ]
}

@test "16. paths that are refused, and those that are taken" {
	app '' <<< 'return function(task)
		for _, path in ipairs { "/a", "../a", "a/../b", "./a", "a//b", "a/", "", "a\nb", "a\0b", "result.json", "log.txt", "result.age", "task.receipt", "log.txt/a" } do
			assert(not pcall(task.result.write, task.result, path, "x"), path)
		end
		task.result:write("a", "x")
		assert(not pcall(task.result.write, task.result, "a/b", "x"))
	end'
	runs
	[ "$(jq -r '[.result.files[].path] | join(" ")' out)" = a ]
}

@test "17. json: equal values are equal bytes" {
	app '' <<< 'return function(task)
		task.result:json("a", { b = 1, a = { 2, 3 }, c = "x" })
		task.result:json("b", { c = "x", a = { 2, 3 }, b = 1 })
	end'
	runs
	cmp res/a res/b
	[ "$(jq -c . res/a)" = '{"a":[2,3],"b":1,"c":"x"}' ]
}

@test "18. callback: once; base64 in result.json" {
	app '' <<< 'return function(task)
		task.result:callback("\1\2")
		assert(not pcall(task.result.callback, task.result, "x"))
	end'
	runs
	"$enclua" key export me --secret-age > me.key
	[ "$(age -d -i me.key res/result.age | tar xO result.json | jq -r .callback)" = AQI= ]
}

@test "19. volatile: out of the digest, and still delivered" {
	app 'inputs: {args: [{name: a, type: string}]}' <<< 'return function(task)
		task.result:write("same", "x")
		task.result:write("time", task.args.a)
		task.result:volatile("time")
		assert(not pcall(task.result.volatile, task.result, "none"))
	end'
	runs --arg a=1
	one=$(jq -r .result.digest out)
	[ "$(cat res/time)" = 1 ]
	"$enclua" key export me --secret-age > me.key
	age -d -i me.key res/result.age | tar xO result.json | jq -e '[.files[] | {(.path): .deterministic}] | add == {same: true, time: false}'
	runs --arg a=2
	[ "$(cat res/time)" = 2 ]
	[ "$(jq -r .result.digest out)" != "" ]
}

@test "20. print and log: log.txt, for the requester where the owners let it" {
	app '' <<< 'return function(task) print("a", 1, nil) task:log("%d of %s", 2, "x") end'
	runs
	[ "$(cat res/log.txt)" = "$(printf 'a\t1\tnil\n2 of x')" ]
	[ -z "$(grep -F '2 of x' out out err)" ]
}

@test "21. progress: a share from 0 to 1; its text is in the log" {
	app '' <<< 'return function(task)
		task:progress(0.5, "half of it")
		assert(not pcall(task.progress, task, 1.5) and not pcall(task.progress, task, 0/0))
	end'
	runs
	grep -q "half of it" res/log.txt
}

@test "22. an error ends the task, with file and line of the archive" {
	app '' <<< $'return function(task)\n  task.result:write("a", "x")\n  require("lib.x")()\nend'
	mkdir app/lib
	printf 'return function()\n  error("no good")\nend\n' > app/lib/x.lua
	ends 8 "lib/x.lua:2: no good"
	fails 8 E_TASK "$enclua" --json run-task ./app
}

@test "23. limits: memory, cpu, wall, output; inside of pcall, too" {
	app 'limits: {memory: 2MiB}' <<< 'return function() pcall(function() local t = {} while true do t[#t + 1] = ("x"):rep(9999) .. #t end end) end'
	ends 9 "memory limit of 2097152 bytes"
	app 'limits: {cpu: 100ms}' <<< 'return function() pcall(function() while true do end end) end'
	ends 9 "cpu limit of 100 ms"
	app 'limits: {cpu: 60s, wall: 200ms}' <<< 'return function() pcall(function() while true do end end) end'
	ends 9 "limit of 200 ms"
	app 'limits: {output: 1KiB}' <<< 'return function(task) pcall(task.result.write, task.result, "a", ("x"):rep(2000)) end'
	ends 9 "output limit of 1024 bytes"
	fails 9 E_LIMIT "$enclua" --json run-task ./app
	app '' <<< 'return function(task) task.result:write("a", ("x"):rep((1 << 20) + 1)) end'
	ends 9 "output limit of 1048576 bytes"
}

@test "24. how many: data, files, secrets, arguments" {
	app 'inputs: {data: many, files: true, args: [{name: a, type: string}]}' <<< 'return function() end'
	seq 101 | while read -r i; do echo "$i" > "f$i"; done
	ends 9 "at most 100 data in one task" $(seq -f '--data=f%g' 101)
	ends 9 "at most 64 input files" $(seq -f '--file=f%g' 65)
	ends 9 "at most 256 arguments" $(seq -f '--arg=a=%g' 257)
	ends 2 "there is no secret 1" --secret 1=x --data f1
}
