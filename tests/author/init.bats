#!/usr/bin/env bats
# iapp-generator init: every template and every flag, what is refused, and the questions on a terminal.

load helper
setup() { setup_place; }
teardown() { teardown_place; }

templates="hello data bulk files-secrets policy messaging oracle"

@test "every template is packed, checked by luacheck, and says its name and author" {
	for t in $templates; do
		says 0 "$generator" init "my-$t" --template "$t" --author "Ada Example" --yes
		grep -q '^next ' out
		(cd "my-$t" && luacheck -q . > ../luacheck) || { cat luacheck; return 1; }
		grep -q "^name: my-$t$" "my-$t/iapp.yaml"
		grep -q "By Ada Example" "my-$t/main.lua"
		grep -q "By Ada Example" "my-$t/README.md"
		[ -z "$(grep -rE '@(if|end|name|summary|author|run)' "my-$t" --exclude-dir=.enclua | grep -v @example)" ]
		says 0 "$generator" test --project "my-$t"
		says 0 "$enclua" app pack "my-$t" -o archive
		tar tf archive > list
		[ -z "$(grep -E '^(mock|test.lua|\.)' list)" ]
	done
}

@test "every template runs as its README says" {
	for t in $templates; do
		says 0 "$generator" init "my-$t" --template "$t" --yes
		if [ "$t" = files-secrets ]; then
			says 0 "$enclua" app deploy "my-$t"
			echo a secret of mine > secret
			says 0 "$enclua" app secret set "my-$t" secret
		fi
		(cd "my-$t" && eval "\"$generator\" run $(walk .)") > said 2>&1 < /dev/null || { cat said; return 1; }
		says 0 "$generator" deploy --project "my-$t"
		(cd "my-$t" && eval "\"$generator\" run --deployed $(walk . | sed 's/-o out/-o again/')") > said 2>&1 < /dev/null || { cat said; return 1; }
		diff -r -x task.receipt -x result.age -x result.json "my-$t/out" "my-$t/again"
	done
	grep -q 'Hello, Ada!' my-hello/out/hello.txt
	[ "$(cat my-data/out/average.txt)" = 50.000 ]
	[ "$(cat my-bulk/out/rows.csv)" = "$(printf 'data,rows,error\n1,2,\n2,1,')" ]
	[ "$(wc -l < my-files-secrets/out/signatures.txt)" -eq 2 ]
	[ "$(jq .rows my-policy/out/rows.json)" -eq 2 ]
	grep -q 'To: ada@example.org' my-messaging/out/message.eml
	[ "$(jq .value my-oracle/out/value.json)" -eq 150000000 ]
	[ "$(jq -r .callback my-oracle/out/result.json)" != null ]
}

@test "the rules of a project decide as its cases say" {
	says 0 "$generator" init ruled --template policy --yes
	says 0 "$enclua" policy test ruled/policy
	says 0 "$generator" init hello --with args,policy --yes
	says 0 "$enclua" policy test hello/policy
}

@test "--with: each part alone and all of them at once, linted and run" {
	for with in none args data bulk files secrets lib args,data,files,secrets,lib,policy bulk,args; do
		says 0 "$generator" init p --with "$with" --yes
		(cd p && luacheck -q .) > said || { cat said; return 1; }
		says 0 "$generator" test --project p
		(cd p && eval "\"$enclua\" run-task . $(walk .)") > said 2>&1 < /dev/null || { cat said; return 1; }
		rm -r p
	done
	says 0 "$generator" init p --with app-secret --yes
	grep -q 'iapp-generator deploy' out
	grep -q 'enclua app secret set p FILE' p/README.md
	says 0 "$generator" init totals --template data --with policy --yes
	[ -f totals/policy/cases.json ]
}

@test "as JSON" {
	says 0 "$generator" --json init p --with data,policy
	[ "$(jq -r '.project, .template, (.with | join(","))' out | tr '\n' ' ')" = "p hello data,policy " ]
	jq -r '.files[]' out | sort > told
	(cd p && find . -type f ! -path './.enclua/*' -printf '%P\n' | sort) | cmp - told
	[ "$(jq -r .run out)" = "iapp-generator run --data mock/note -o out" ]
	says 0 "$enclua" --json iapp init q
	[ "$(jq -r .run out)" = "enclua iapp run --arg name=world -o out" ] || [ "$(jq -r .run out)" = "enclua iapp run --arg name=Ada -o out" ]
}

@test "what is refused: names, templates, parts, folders" {
	for name in Hello 'a b' -x a_b ../x "$(printf 'a%.0s' {1..65})"; do
		fails 2 "cannot be the name of an iApp" "$generator" init --yes -- "$name"
	done
	fails 2 "did you mean oracle?" "$generator" init p --template orcale --yes
	fails 2 "one of: hello, data, bulk" "$generator" init p --template nothing --yes
	fails 2 'knows no "egress"' "$generator" init p --with args,egress --yes
	fails 2 "--with data goes with hello" "$generator" init p --template oracle --with data --yes
	fails 2 "choose one" "$generator" init p --with data,bulk --yes
	fails 2 "one line" "$generator" init p --author "$(printf 'a\nb')" --yes
	fails 2 "a name is needed" "$generator" init
	[ -z "$(find . -mindepth 1 -maxdepth 1 ! -name '.*' ! -name '*home*' ! -name '*out*' ! -name '*err*')" ]
	mkdir full && echo mine > full/file
	fails 6 "not empty" "$generator" init full --yes
	[ "$(ls -A full)" = file ]
	echo > plain
	fails 6 "is no folder" "$generator" init plain --yes
	mkdir empty
	says 0 "$generator" init empty --yes
}

@test "on a terminal every question can be left at its default" {
	terminal '' '' '' '' '' '' '' '' '' '' -- "$generator" init > said
	grep -q 'Name of the iApp' said
	grep -q '7 *oracle' said
	[ -f hello-world/main.lua ]
	[ -z "$(grep -r 'By ' hello-world/README.md)" ]
	grep -q args hello-world/iapp.yaml
	[ ! -e hello-world/policy ]
}

@test "on a terminal answers are taken, wrong ones are asked again, flags are not asked" {
	terminal 'My App' my-app 1 maybe n one y n n n yes 'Ada' -- "$generator" init > said
	grep -q 'cannot be the name' said
	grep -q 'y or n' said
	says 0 grep -c 'data: one\|files: true' my-app/iapp.yaml
	[ "$(cat out)" -eq 2 ]
	[ -z "$(grep args my-app/iapp.yaml)" ]
	[ -f my-app/policy/policy.lua ]
	grep -q 'By Ada' my-app/README.md
	terminal '' Ada -- "$generator" init other --template data > said
	[ -z "$(grep -e 'Name of' -e Template -e arguments said)" ]
	terminal -- "$generator" init third --template data --with none --author Ada > said
	[ -f third/main.lua ]
	got=0; terminal BAD BAD BAD -- "$generator" init > said || got=$?
	[ "$got" -eq 2 ]
}

@test "without a terminal, with --json and with --yes nothing is asked" {
	says 0 timeout 10 setsid -w "$generator" init a
	terminal -- timeout 10 "$generator" init b --yes > said
	[ -z "$(grep 'Name of' said)" ]
	terminal -- timeout 10 "$generator" init --yes > said
	[ -d hello-world ]
	terminal -- timeout 10 "$generator" --json init c > said
	[ -d c ]
}

@test ".luacheckrc knows the globals that a box has, those of a policy too, and no other" {
	says 0 "$generator" init p --template hello --with policy --yes
	cat > p/main.lua <<-'END'
		return function(task)
		    local names = {}
		    for name, value in pairs(_G) do
		        names[#names + 1] = name
		        if type(value) == "table" and name ~= "_G" then
		            for field in pairs(value) do
		                names[#names + 1] = name .. "." .. field
		            end
		        end
		    end
		    table.sort(names)
		    task.result:write("names", table.concat(names, "\n") .. "\n")
		end
	END
	says 0 "$enclua" run-task ./p -o found
	"$top/tests/lua/luacheckrc" iapp | diff - found/names
	# A policy has no pairs and no _G: each name is asked for, and one that is not there is an error.
	{
		sed 's/.*/local _ = &/' <("$top/tests/lua/luacheckrc" policy)
		cat p/policy/policy.lua
	} > all.lua
	[ "$(grep -c '^local _ = ' all.lua)" -ge 17 ]
	mv all.lua p/policy/policy.lua
	says 0 "$enclua" policy test p/policy
	{ echo 'local _ = pairs'; cat p/policy/policy.lua; } > all.lua
	mv all.lua p/policy/policy.lua
	run "$enclua" policy test p/policy
	[ "$status" -eq 8 ]
	[[ $output == *'a policy has no global "pairs"'* ]]
	# And luacheck says what is not there: one line for each.
	printf 'return { os.time(), math.randomseed, string.dump, debug, math.pi, task }\n' > p/main.lua
	run luacheck --no-color p/main.lua --config p/.luacheckrc
	[ "$(grep -c accessing <<< "$output")" -eq 5 ]
	printf 'return pairs({}), starts("a", "b")\n' > p/policy/policy.lua
	cd p
	run luacheck --no-color policy
	[ "$(grep -c accessing <<< "$output")" -eq 1 ]
}
