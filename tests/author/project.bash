# For the bats files about tests, mocks and failures: a project of one's own, and no home. The iApp adds the lines of its data.

setup_project() {
	work=$(mktemp -d)
	export ENCLUA_HOME=$work/home XDG_DATA_HOME=$work/xdg HOME=$work
	unset ENCLUA_AS ENCLUA_PASSPHRASE_FILE
	mkdir -p "$work/sum/mock" && cd "$work/sum" || return 1
	cat > iapp.yaml <<-'END'
		api: 1
		name: sum
		version: 1.0.0
		entry: main.lua
		inputs:
		  data: one
		limits:
		  memory: 8MiB
		  cpu: 1s
		  wall: 60s
		  output: 1KiB
	END
	cat > main.lua <<-'END'
		return function(task)
		    local types, sum = {}, 0
		    for _, leaf in ipairs(task.data:list()) do
		        types[#types + 1] = leaf.path .. " " .. leaf.type .. "\n"
		        if leaf.type:find("/", 1, true) then
		            for line in task.data:open(leaf.path):lines() do
		                sum = sum + math.tointeger(line)
		            end
		        end
		    end
		    print("sum is " .. sum)
		    task.result:write("sum.txt", sum .. "\n")
		    task.result:write("types.txt", table.concat(types))
		end
	END
	printf '1\n2\n3\n' > mock/numbers.txt
}

teardown_project() {
	work_remove
}

# app BODY: main.lua with this as the function's body
app() {
	printf 'return function(task)\n%s\nend\n' "$1" > main.lua
}

# tests BODY: test.lua with this behind its require
tests() {
	printf 'local t = require "test"\n%s\n' "$1" > test.lua
}

# one_object FILE: the file is exactly one JSON object on one line
one_object() {
	[ "$(wc -l < "$1")" -eq 1 ] && jq -es 'length == 1 and (.[0] | type == "object")' "$1" > /dev/null || { echo "not one object:"; cat "$1"; return 1; }
}
