#!/usr/bin/env bats
# iapp-generator doc: one page that says of an iApp what its manifest and main.lua say, and an example that runs.

load helper
setup() { setup_place; }
teardown() { teardown_place; }

@test "everything of a manifest is in the page" {
	"$generator" init app --yes > made
	cp "$top/manifests/good/everything.yaml" app/iapp.yaml
	entry=app/$(sed -n 's/^entry: *//p' app/iapp.yaml)
	mkdir -p "$(dirname "$entry")"
	printf -- '-- Does | all of it.\n---@param x y\n--\n--   More.\n\n-- not this\nreturn function(task)\n task.result:write("a.txt", "") task.result:json(\x27b.json\x27, {})\n local r = task.result\n task.result:write("a.txt")\n task.result:callback("x") end -- task.result:write("no.txt")\n' > "$entry"
	says 0 "$generator" doc --project app
	grep -q '^Does | all of it.$' out
	grep -q '^More.$' out
	[ -z "$(grep -e @param -e 'not this' -e no.txt out)" ]
	[ "$(grep -cx '\* `a.txt`' out)" -eq 1 ]
	grep -qx '\* `b.json`' out
	grep -qx '\* a callback, in `result.json`' out
	# each name of the manifest: arguments, secrets, purposes, addresses
	grep -oE 'name: *[A-Za-z_]+' app/iapp.yaml | sed 's/.*: *//' | while read -r name; do grep -q "$name" out || { echo "no $name"; return 1; }; done
	sed -n 's/^egress: \[\(.*\)\]/\1/p' app/iapp.yaml | tr ',' '\n' | tr -d '" ' | while read -r at; do grep -qF "$at" out || { echo "no $at"; return 1; }; done
}

@test "to a file, as JSON, from a folder below, and what is refused" {
	"$generator" init app --template data --yes > made
	says 0 "$generator" doc --project app
	cp out page
	(cd app/mock && "$generator" doc -o ../README-API.md) > said
	grep -q '^written   ../README-API.md' said
	cmp page app/README-API.md
	says 0 "$generator" --json doc --project app
	jq -rj .page out | cmp - page
	says 0 "$generator" --json doc --project app -o other
	[ "$(jq -r .file out)" = other ]
	rm app/main.lua
	fails 3 "main.lua" "$generator" doc --project app
	fails 3 "not in an iApp project" "$generator" doc
}

@test "the example of a page runs" {
	"$generator" init app --template data --yes > made
	"$generator" deploy --project app > /dev/null 2>&1
	line=$("$generator" doc --project app | sed -n 's/^    enclua //p' | sed 's|DATA|app/mock/people.csv|; s|column=…|column=age|')
	eval "\"$enclua\" $line" > said 2>&1
	[ "$(cat out/average.txt)" = 50.000 ]
}

@test "pages of the iApps that are here" {
	for folder in "$top"/iapps/*/; do
		[ -f "$folder/iapp.yaml" ] || continue
		cp -R "$folder" copy
		says 0 "$generator" doc --project copy
		grep -q "^# $(basename "$folder") " out
		grep -q '^## Limits' out
		rm -r copy
	done
}
