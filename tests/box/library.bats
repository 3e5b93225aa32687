#!/usr/bin/env bats
# The Lua library where it is used: every case of tests/lua in a box, by an iApp that carries them; then what lua/meta says against what is there.

top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
load ../result/helper
setup() { setup_home; }
teardown() { teardown_home; }

@test "every case of tests/lua passes in a box" {
	mkdir cases
	printf 'api: 1\nname: cases\nversion: 1.0.0\nsummary: tests/lua\nentry: main.lua\nlimits: {memory: 512MiB, cpu: 2m, wall: 5m}\n' > cases/iapp.yaml
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
