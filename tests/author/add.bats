#!/usr/bin/env bats
# iapp-generator add: Lua of others comes in with its licence, when it is pure, known and loads in a box; else nothing changes.

load helper
setup() {
	setup_place
	"$generator" init app --yes > made
	mkdir -p rock/src/thing rock/spec
	cat > rock/thing-1.2-1.rockspec <<-'END'
		package = "thing" -- package = "other"
		version = "1.2-1"
		description = { summary = "a rock", license = "MIT" }
		dependencies = { "lua >= 5.1" }
		build = { type = "builtin", modules = { thing = "src/thing/init.lua", ["thing.util"] = "src/thing/util.lua" } }
	END
	echo 'local util = require "thing.util"; return { two = util.one + 1 }' > rock/src/thing/init.lua
	echo 'return { one = 1 } -- io.open is not used, "os" neither' > rock/src/thing/util.lua
	echo 'os.exit(1)' > rock/spec/thing_spec.lua
	printf 'MIT License\n\n## thing\nCopyright (c) Ada\n' > rock/LICENSE
}
teardown() { teardown_place; }

add() { "$generator" add --project app "$@"; }

# unchanged COMMAND…: refused so (as `fails`), and the project is as it was
unchanged() {
	find app -type f -exec sha256sum {} + | sort > before
	fails "$@" || return 1
	find app -type f -exec sha256sum {} + | sort | cmp - before || return 1
	[ -z "$(find app -name 'check-*')" ]
}

@test "a rock: its modules find one another in lib/, its licence is recorded and packed, an iApp uses it" {
	says 0 add rock
	[ "$(grep -c '^added ' out)" -eq 2 ]
	grep -q '^licence   MIT, in lib/LICENSES.md' out
	grep -q 'require "lib.thing.util"' app/lib/thing.lua
	cmp rock/src/thing/util.lua app/lib/thing/util.lua
	grep -qx '\* licence: MIT, text from LICENSE' app/lib/LICENSES.md
	grep -qx '\* modules: lib.thing lib.thing.util' app/lib/LICENSES.md
	grep -qx '    Copyright (c) Ada' app/lib/LICENSES.md
	[ ! -e app/lib/spec ]
	echo 'return function(task) task.result:write("two", tostring(require("lib.thing").two)) end' > app/main.lua
	says 0 "$generator" run --project app -o result
	[ "$(cat result/two)" = 2 ]
	says 0 "$generator" package --project app -o archive
	tar tf archive | grep -qx lib/LICENSES.md
	[ "$(find app/.enclua -mindepth 1 -maxdepth 1 -printf '%f\n')" = meta ]
}

@test "the same again changes nothing, another version under another name of its own; each has one section" {
	says 0 add rock
	cp -R app/lib first
	says 0 add rock
	diff -r app/lib first
	printf -- '-- License: MIT, by Bob\nreturn 1\n' > bob.lua
	says 0 add bob.lua --name a.b
	says 0 add rock
	[ "$(grep -c '^## ' app/lib/LICENSES.md)" -eq 2 ]
	grep -q 'the head of a.b.lua' app/lib/LICENSES.md
	[ -f app/lib/a/b.lua ]
	echo 'return 2' >> rock/src/thing/util.lua
	unchanged 6 "lib/thing/util.lua is there already" add rock
}

@test "without a rockspec modules are named as they lie" {
	rm rock/*.rockspec
	says 0 add rock
	[ "$(sed -n 's/^added  *require "\(.*\)"/\1/p' out | tr '\n' ' ')" = "lib.thing lib.thing.util " ]
	grep -qx '\* licence: as in LICENSE' app/lib/LICENSES.md
}

@test "as JSON, from a folder below" {
	mkdir -p app/lib/x
	(cd app/lib/x && "$generator" --json add ../../../rock > ../../../told)
	[ "$(jq -r '.package, .version, .license, .license_from, .missing, (.modules | join(" "))' told | tr '\n' ';')" = "thing;1.2-1;MIT;LICENSE;null;lib.thing lib.thing.util;" ]
}

@test "no licence, no place: unless somebody says what it is" {
	rm rock/LICENSE
	sed -i 's/, license = "MIT"//' rock/*.rockspec
	unchanged 4 "says nothing of its licence" add rock
	grep -q -e '--license TEXT' err
	echo 'return 1' > bare.lua
	unchanged 4 "says nothing of its licence" add bare.lua
	unchanged 2 "--license is one line" add bare.lua --license "$(printf 'MIT\n\n## other')"
	says 0 add bare.lua --license "CC0, Ada told me"
	grep -qx '\* licence: CC0, Ada told me' app/lib/LICENSES.md
	for name in COPYING licence.txt MIT-LICENSE; do
		mkdir "of-$name" && echo 'return 1' > "of-$name/one.lua" && echo text > "of-$name/$name"
		says 0 add "of-$name/one.lua" --name "m_${name%%[.-]*}"
		grep -q "as in $name" app/lib/LICENSES.md
	done
}

@test "C and compiled Lua are refused, wherever they are" {
	echo 'int x;' > rock/src/fast.c
	unchanged 5 "has C in it (src/fast.c)" add rock
	rm rock/src/fast.c
	sed -i 's|modules = {|modules = { fast = { sources = "fast.x" },|' rock/*.rockspec
	unchanged 5 "has C in it (fast)" add rock
	sed -i 's|{ sources = "fast.x" }|"src/fast.cpp"|' rock/*.rockspec
	unchanged 5 "has C in it (src/fast.cpp)" add rock
	sed -i 's|"src/fast.cpp"|"../made"|' rock/*.rockspec
	unchanged 5 "has C in it" add rock
	sed -i 's|"../made"|"../other.lua"|' rock/*.rockspec
	unchanged 5 "outside the rock" add rock
	printf '\033Lua\124' > code.lua
	unchanged 5 "no Lua source" add code.lua --license MIT
	printf 'return 1\0' > nul.lua
	unchanged 5 "no Lua source" add nul.lua --license MIT
	cp code.lua thing.rock
	unchanged 5 "has to be unpacked" add thing.rock
	mkdir empty
	unchanged 3 "no Lua in empty" add empty
	unchanged 3 "cannot read nothing" add nothing
}

@test "what a box has not is named, with its line; fields, own names, comments and strings are not meant" {
	cat > bad.lua <<-'END'
		-- MIT License
		local t = { os = 1, io = { open = 2 } }
		local module = { debug = t.os }
		function module.f(arg) return arg, t.io.open, "io", table.unpack or unpack end
		function module.now() return os.time() end
		function module.load() return require("lfs"), require "json", debug.traceback() end
		return module
	END
	unchanged 5 'bad.lua:5: os, bad.lua:6: require "lfs", bad.lua:6: debug' add bad.lua
	[ -z "$(grep -e :2: -e :3: -e :4: err)" ]
	says 0 add bad.lua --allow-missing
	grep -q 'not in a box, and an error where it is reached: bad.lua:5: os' err
	sed '/now()/d; /load()/d' bad.lua > good.lua
	says 0 add good.lua
	[ ! -s err ]
}

@test "what does not load in a box is refused, even when nothing in it could be named" {
	printf -- '-- MIT License\nreturn _ENV["o" .. "s"].time()\n' > sly.lua
	unchanged 5 "a box does not load sly" add sly.lua
	printf -- '-- MIT License\nlocal now = os.time()\nreturn now\n' > early.lua
	unchanged 5 "a box does not load early: lib/early.lua:2" add early.lua --allow-missing
	printf -- '-- MIT License\nreturn +\n' > broken.lua
	unchanged 5 "broken.lua:2" add broken.lua
	printf -- '-- MIT License\nwhile true do end\n' > endless.lua
	unchanged 5 "a box does not load endless" add endless.lua
}

@test "names of modules are names" {
	echo 'return 1' > 'a b.lua'
	unchanged 5 "cannot be the name of a module" add 'a b.lua' --license MIT
	for name in .. ../x a/b .a a. 'a..b' ''; do
		unchanged 5 "cannot be the name of a module" add 'a b.lua' --license MIT --name "$name"
	done
	unchanged 2 "--name is for one file" add rock --name x
	says 0 add 'a b.lua' --license MIT --name ab
	cd "$work/home"
	fails 3 "not in an iApp project" "$generator" add "$work/rock"
}
