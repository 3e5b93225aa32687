#!/usr/bin/env bats
# Why the Lua of the box is built from source: what is wrong with other builds does not happen in ours, and the probe can tell.

load ../common

# probe NAME CFLAGS…: the probe with Lua 5.4.9 as it is published
probe() {
	local name=$1 src=$top/build/deps/lua-5.4.9/src
	shift
	cc -std=gnu11 -O0 -w -I "$src" "$@" -o "$name" "$top/tools/probe/lua_probe.c" \
		$(find "$src" -name '*.c' ! -name lua.c ! -name luac.c ! -name ltests.c) -lm 2> /dev/null
}

setup_file() {
	probe "$BATS_FILE_TMPDIR/plain"
}

setup() {
	work=$(mktemp -d)
	export ENCLUA_HOME=$work/home HOME=$work
	cd "$work" || return 1
}

teardown() {
	cd / && rm -rf "$work"
}

@test "Lua 5.4.9 has none of the defects; what differs between runs has to be compiled out" {
	cp "$BATS_FILE_TMPDIR/plain" .
	./plain > out || true
	[ "$(grep -c '  not so: ' out)" -eq 4 ]
	[ "$(grep -c '  so: ' out)" -eq 3 ]
	grep -q '  so: .*hash seed' out
	grep -q '  so: .*addresses, which' out
	grep -q '  so: .*pivot' out
	probe pinned '-Dluai_makeseed(L)=1u' '-Dl_randomizePivot()=1u'
	./pinned > out || true
	[ "$(grep -c '  so: ' out)" -eq 1 ]
	grep -q '  so: .*addresses, which' out
}

@test "the box has no defect, and every row gives the same answer in every run" {
	cp "$BATS_FILE_TMPDIR/plain" .
	mkdir app
	printf 'api: 1\nname: probe\nversion: 1.0.0\nsummary: the rows of lua_probe\nentry: main.lua\n' > app/iapp.yaml
	./plain --rows > app/rows.lua
	cat > app/main.lua <<'LUA'
local rows = require "rows"

return function(task)
    for i, row in ipairs(rows) do
        local ok, answer = pcall(load(row.script, "row", "t"))
        if row.answer and (not ok or answer ~= row.answer) then
            error(row.wrong .. ": " .. tostring(answer))
        end
        task.result:write(i .. ".txt", tostring(ok) .. " " .. tostring(answer))
    end
end
LUA
	for run in 1 2 3; do
		"$enclua" run-task app -o "$run" > said 2>&1 || { cat said; return 1; }
	done
	[ "$(ls 1/*.txt | wc -l)" -eq 7 ]
	for i in 1 2 3 4 5 6 7; do
		cmp "1/$i.txt" "2/$i.txt"
		cmp "1/$i.txt" "3/$i.txt"
	done
	[ "$(cat 1/1.txt)" = "true id=x:B" ]
	grep -q '^true key\|^true [0-9]' 1/5.txt
}

@test "Debian 12's liblua5.4 is refused, with the reasons" {
	pkg-config --exists 'lua5.4 < 5.4.7' || skip "no such library for development here"
	run make -s -C "$top" LUA=system O="$work/o"
	[ "$status" -ne 0 ]
	[[ "$output" == *"  so:      concatenation with a metamethod reads freed memory"* ]]
	[[ "$output" == *"from source only"* ]]
}
