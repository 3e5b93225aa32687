#!/usr/bin/env bats
# The plain part of the library outside a box: the rockspec names all of it, luarocks installs it, and it gives what a box gives.

load ../result/helper
rockspec=$top/lua/enclua-0.1.0-1.rockspec
setup() { setup_home; }
teardown() { teardown_home; }

# The C modules, the policies' library and that of test.lua stay where they are.
modules="date dp inspect mime stats stats_regression stats_shared template"

@test "the rockspec names every plain module of the library and each file it names is there" {
	(cd "$top/lua" && ls *.lua | sed 's/\.lua$//' | grep -vE '^(policy|test)' | sort) > have
	tr ' ' '\n' <<< "$modules" | diff - have
	echo 'local env = {} assert(loadfile(arg[1], "t", env))() for name, file in pairs(env.build.modules) do print(name, file) end' |
		lua5.4 - "$rockspec" | sort > named
	for module in $modules base64 dp_source; do
		file=$(awk -v m="$module" '$1 == m { print $2 }' named)
		[ -f "$top/lua/$file" ]
		[ "$(basename "$file")" = "$module.lua" ]
	done
	[ "$(wc -l < named)" -eq 10 ]
	grep -q "CLI_VERSION \"$(sed -n 's/^version = "\(.*\)-1"$/\1/p' "$rockspec")\"" "$top/tools/enclua/cli.h"
}

@test "luarocks finds no fault with it and installs it" {
	command -v luarocks > /dev/null || skip "there is no luarocks here"
	export HOME=$PWD
	luarocks lint "$rockspec"
	cp -r "$top/lua" sources
	(cd sources && luarocks --lua-version 5.4 --tree "$HOME/tree" make --deps-mode none) > said 2>&1 || { cat said; return 1; }
	(cd tree/share/lua/5.4 && ls) | sed 's/\.lua$//' | tr '\n' ' ' > installed
	[ "$(cat installed)" = "base64 date dp dp_source inspect mime stats stats_regression stats_shared template " ]
	LUA_PATH="$PWD/tree/share/lua/5.4/?.lua" lua5.4 -e 'assert(require("stats").mean { 1, 2 } == 1.5 and require("dp").left() == 1000)
		assert(require("mime").header("Subject", "é") == "Subject: =?utf-8?B?w6k=?=")'
}

@test "what it computes outside is what it computes in a box, to the last bit" {
	mkdir same
	printf 'api: 1\nname: same\nversion: 1.0.0\nsummary: numbers\nentry: main.lua\nlimits: {epsilon: 1}\n' > same/iapp.yaml
	cat > same/main.lua <<-'END'
		local base64, date, dp, inspect = require "base64", require "date", require "dp", require "inspect"
		local stats, template = require "stats", require "template"
		return function(task)
		    local x, y, out, state = {}, {}, {}, 7
		    for i = 1, 500 do
		        state = (state * 1103515245 + 12345) % 2147483648
		        x[i] = { state / 2147483648, (state % 1000) / 999 }
		        y[i] = x[i][1] * 3 - x[i][2] + (state % 77) / 77
		    end
		    local flat = {}
		    for i, row in ipairs(x) do
		        flat[i] = row[1]
		    end
		    local logistic, labels = nil, {}
		    for i = 1, #y do
		        labels[i] = y[i] > 1.5 and 1 or 0
		    end
		    logistic = assert(stats.logistic(x, labels, { ridge = 0.1 }))
		    out[#out + 1] = ("%a %a %a"):format(logistic.intercept, logistic.weights[1], logistic.weights[2])
		    for _, name in ipairs { "sum", "mean", "var", "sd", "median", "min", "max" } do
		        out[#out + 1] = ("%s %a"):format(name, stats[name](flat))
		    end
		    out[#out + 1] = ("%a %a"):format(stats.quantile(flat, 0.3), stats.correlation(flat, y))
		    out[#out + 1] = inspect(stats.histogram(flat, 7)):gsub("%s+", " ")
		    for _, b in ipairs(assert(stats.linear(x, y)).weights) do
		        out[#out + 1] = ("%a"):format(b)
		    end
		    for i = 0, 400 do
		        local bytes = ("%c%c"):format(i % 256, i * 7 % 256):rep(i % 5)
		        assert(base64.decode(base64.encode(bytes)) == bytes)
		        out[#out + 1] = base64.encode(bytes) .. " " .. date.format(i * 86399 * 97) .. " " .. dp.clamp(i / 3, 10, 100)
		    end
		    for _, text in ipairs { "Zg", "Zg==", "Zg=", "Zh==", "Z", "====", "Zm9v", "Zm9=", "a b=", "" } do
		        out[#out + 1] = text .. " " .. tostring(base64.decode(text))
		    end
		    out[#out + 1] = template.render("{{#l}}<{{n}}>{{/l}}", { l = { { n = 0.1 }, { n = 1 << 40 } } })
		    task.result:write("out.txt", table.concat(out, "\n") .. "\n")
		end
	END
	"$enclua" run-task ./same -o box > /dev/null
	LUA_PATH="$top/lua/?.lua;$top/lua/rock/?.lua" lua5.4 - > plain.txt <<-'END'
		local task = { result = { write = function(_, _, bytes) io.write(bytes) end } }
		dofile("same/main.lua")(task)
	END
	[ "$(wc -l < plain.txt)" -gt 420 ]
	diff plain.txt box/out.txt
}
