#!/usr/bin/env bats
# The Lua library where it is used: every case of tests/lua in a box, by an iApp that carries them; then what lua/meta says against what is there.

load ../result/helper
setup() { setup_home; }
teardown() { teardown_home; }

@test "every case of tests/lua passes in a box" {
	mkdir cases
	printf 'api: 1\nname: cases\nversion: 1.0.0\nsummary: tests/lua\nentry: main.lua\nlimits: {memory: 512MiB, cpu: 2m, wall: 5m, epsilon: 1000}\n' > cases/iapp.yaml
	cp "$top"/tests/lua/*.lua cases/
	cat > cases/main.lua <<-'END'
		return function(task)
		    local lines, count = {}, 0
		    for name in task.args[1]:gmatch("%S+") do
		        for _, case in ipairs(require(name)) do
		            local ok, why = pcall(case[2])
		            count = count + 1
		            if not ok then
		                lines[#lines + 1] = ("%s: %s: %s"):format(name, case[1], why)
		            end
		        end
		    end
		    lines[#lines + 1] = ("%d cases"):format(count)
		    task.result:write("report.txt", table.concat(lines, "\n") .. "\n")
		end
	END
	names=$(cd cases && echo test_*.lua | sed 's/\.lua//g')
	printf 'inputs:\n  args:\n    - {name: names, type: string, summary: "what to require"}\n' >> cases/iapp.yaml
	"$enclua" run-task cases --arg names="$names" -o out
	cat out/report.txt
	[ "$(wc -l < out/report.txt)" -eq 1 ]
	[ "$(sed 's/ cases//' out/report.txt)" -ge 100 ]
}

@test "every example in lua/meta runs, with what task.d.lua says it runs with" {
	mkdir examples
	count=$("$top/tests/lua/meta" examples examples)
	[ "$count" -ge 100 ]
	[ -z "$("$top/tests/lua/meta" bare)" ]
	printf 'api: 1\nname: examples\nversion: 1.0.0\nsummary: lua/meta\nentry: main.lua\nlimits: {epsilon: 100}\ninputs:\n' > examples/iapp.yaml
	printf '  data: one\n  files: true\n  args:\n    - {name: column, type: string, summary: "a column"}\n' >> examples/iapp.yaml
	cat > examples/main.lua <<-END
		local inspect = require "inspect"
		local real, told, wrapped = require, {}, {}
		-- Every answer of every function of the library, in order; noise is another one in each task, so dp is left as it is.
		local function tell(name, ...)
		    local texts = { name }
		    for i = 1, select("#", ...) do
		        local value = select(i, ...)
		        local kind = type(value)
		        texts[#texts + 1] = (kind == "function" or kind == "userdata") and kind or inspect(value)
		    end
		    told[#told + 1] = table.concat(texts, " ")
		    return ...
		end
		_G.require = function(name)
		    local module = real(name)
		    if type(module) ~= "table" or name == "dp" or name == "dp_source" then
		        return module
		    end
		    if not wrapped[name] then
		        wrapped[name] = {}
		        for key, value in pairs(module) do
		            wrapped[name][key] = type(value) == "function" and function(...) return tell(name .. "." .. key, value(...)) end or value
		        end
		    end
		    return wrapped[name]
		end
		return function(task)
		    for i = 1, $count do
		        require("example_" .. i)(task)
		    end
		    task.result:write("ran", "$count")
		    task.result:write("told", table.concat(told, "\n"))
		end
	END
	printf 'age,name\n40,Ann\n60,Bob\n' > patients.csv
	printf 'first line\nsecond line\n' > notes.txt
	"$enclua" run-task examples --data patients.csv --file notes.txt --arg column=age -o out
	[ "$(cat out/ran)" = "$count" ]
	[ "$(cat out/average.txt)" = 50.000 ]
	[ "$(cat out/table.csv)" = $'row,value\n1,2' ]
	# Once more, in a box of another zygote.
	"$enclua" run-task ./examples --data patients.csv --file notes.txt --arg column=age -o again
	[ "$(wc -l < out/told)" -ge 60 ]
	diff -r -x result.json -x result.age -x task.receipt -x log.txt out again
}

# What the box offers: modules and the task's table say so themselves; methods of objects stand in the tables of the C files.
offered() {
	mkdir offered
	printf 'api: 1\nname: offered\nversion: 1.0.0\nsummary: names\nentry: main.lua\n' > offered/iapp.yaml
	cat > offered/main.lua <<-'END'
		return function(task)
		    local names = {}
		    for _, module in ipairs { "base64", "csv", "date", "dp", "hash", "json", "matrix", "mime", "stats", "template", "vec" } do
		        for name in pairs(require(module)) do
		            names[#names + 1] = module .. "." .. name
		        end
		    end
		    for name in pairs(task) do
		        names[#names + 1] = "Task." .. name
		    end
		    for name in pairs(task.result) do
		        names[#names + 1] = "Result." .. name
		    end
		    task.result:write("names", table.concat(names, "\n") .. "\n")
		end
	END
	"$enclua" run-task offered -o out > /dev/null
	cat out/names
	methods data_lua.c methods Data
	methods stream.c methods Stream
	methods result.c writer ResultFile
	echo Task.data	# nil without data
	printf 'Data.%s\n' $(sed -n '/^static int data_index_field/,/^}/s/.*strcmp(key, "\([a-z]*\)").*/\1/p' "$top/core/enclave/data_lua.c")
}

# methods FILE TABLE CLASS: the names of a luaL_Reg table
methods() {
	awk -v start="luaL_Reg $2[]" 'index($0, start) { on = 1 } on { print } on && /NULL, NULL/ { exit }' "$top/core/enclave/$1" | grep -o '{ "[a-z_]*"' | grep -v __ | sed "s/{ \"\(.*\)\"/$3.\1/"
}

@test "lua/meta describes what the box offers, all of it and nothing else" {
	offered | LC_ALL=C sort -u > have
	# Histogram, Linear, Logistic, Options and Fields describe tables that functions give and take.
	"$top/tests/lua/meta" names | grep -vE '^(stats\.[A-Z]|csv\.[A-Z]|date\.[A-Z]|mime\.[A-Z])' | LC_ALL=C sort -u > described
	[ "$(wc -l < have)" -ge 100 ]
	diff have described
}

@test "the table of lua/README.md has the modules that there are, and what it says is missing is missing" {
	sed -n 's/^| `\([a-z0-9]*\)` | .*/\1/p' "$top/lua/README.md" > table
	(cd "$top/lua" && ls meta | sed 's/\.d\.lua$//' | grep -vE '^(policy|task|test)$') | diff table -
	mkdir all
	printf 'api: 1\nname: all\nversion: 1.0.0\nsummary: modules\nentry: main.lua\n' > all/iapp.yaml
	cat > all/main.lua <<-'END'
		return function(task)
		    for name in task.args[1]:gmatch("%S+") do
		        assert(require(name) ~= true)
		    end
		    for _, name in ipairs { "egress", "egress.http", "egress.mail", "policy", "test", "os", "io", "debug", "package" } do
		        local found, why = pcall(require, name)
		        assert(not found and why:find("not found", 1, true), name)
		    end
		end
	END
	printf 'inputs:\n  args:\n    - {name: names, type: string, summary: "what to require"}\n' >> all/iapp.yaml
	"$enclua" run-task ./all --arg names="$(tr '\n' ' ' < table)" -o out > /dev/null
}

@test "noise is not to be had from the arguments: the same question again, the same math.random, other noise" {
	mkdir noisy
	printf 'api: 1\nname: noisy\nversion: 1.0.0\nsummary: noise\nentry: main.lua\nlimits: {epsilon: 0.5}\n' > noisy/iapp.yaml
	cat > noisy/main.lua <<-'END'
		local dp = require "dp"
		return function(task)
		    task.result:write("random", tostring(math.random(0)))
		    task.result:write("noise", tostring(dp.geometric(0, 1 << 30, 0.5)))
		end
	END
	"$enclua" run-task noisy -o first > /dev/null
	"$enclua" run-task ./noisy -o second > /dev/null
	[ "$(cat first/random)" = "$(cat second/random)" ]
	[ "$(cat first/noise)" != "$(cat second/noise)" ]
	sed -i 's/0.5}/0.4}/' noisy/iapp.yaml
	run "$enclua" run-task ./noisy -o third
	[ "$status" -ne 0 ]
	[[ $output == *"epsilon 0.5 is more than what is left, 0.4 of limits.epsilon 0.4 in iapp.yaml"* ]]
}
