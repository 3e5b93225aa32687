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
