#!/usr/bin/env bats
# Package, deploy, run and list of a project, from any folder of it; what is left behind, and what is refused.

load helper
setup() { setup_place; "$generator" init app --template data --yes > made; }
teardown() { teardown_place; }

@test "outside a project every verb says so, and how to begin one" {
	for verb in package deploy run list; do
		fails 3 "not in an iApp project" "$generator" $verb
		grep -q 'try: iapp-generator init NAME' err
		fails 3 "not in an iApp project" "$enclua" iapp $verb
		grep -q 'try: enclua iapp init NAME' err
		fails 3 "home is not an iApp project" "$generator" $verb --project home
		fails 3 "cannot open the folder nowhere" "$generator" $verb --project nowhere
	done
	cd app
	echo 'api: 2' > iapp.yaml
	fails 5 "iapp.yaml:1" "$generator" package
}

@test "package: from a subfolder, from outside by --project, to -o, signed by several" {
	mkdir -p app/lib/deep
	(cd app/lib/deep && says 0 "$generator" package)
	[ -f app/.enclua/app.iapp ]
	says 0 "$generator" package --project app
	grep -q '^h1  *h1:' out
	grep -q '^signed by RW' out
	says 0 "$enclua" app pack app -o direct
	cmp direct app/.enclua/app.iapp
	"$enclua" key new bob --no-passphrase > /dev/null
	says 0 "$generator" package --project app -o there.iapp --sign me --sign bob
	[ "$(grep -c '^signed by' out)" -eq 2 ]
	says 0 "$enclua" app verify there.iapp
	says 0 "$generator" --json package --project app
	[ "$(jq -r .file out)" = "$work/app/.enclua/app.iapp" ]
	[ "$(jq -r '.h1[:3], .size > 0, (.signers | length)' out | tr '\n' ' ')" = "h1: true 1 " ]
	fails 3 "nobody" "$generator" package --project app --sign nobody
}

@test "what a run or a deployment leaves in the project is not packed, and changes nothing" {
	says 0 "$generator" --json package --project app
	h1=$(jq -r .h1 out)
	(cd app && "$generator" run --data mock/people.csv --arg column=age -o out > ../said 2>&1)
	says 0 "$generator" deploy --project app
	says 0 "$generator" --json package --project app
	[ "$(jq -r .h1 out)" = "$h1" ]
	grep -qx '.enclua/' app/.gitignore
	grep -qx 'out/' app/.gitignore
}

@test "deploy: offered at a price, recorded, listed, and run as it was deployed" {
	says 0 "$generator" list --project app
	[ ! -s out ]
	grep -q 'has not been deployed: iapp-generator deploy' err
	says 0 "$generator" --json deploy --project app --price 12 --volume 3 --tag tee
	cp out first
	says 0 "$enclua" --json app list
	[ "$(jq -r '.apps[0].id' out)" = "$(jq -r .app first)" ]
	says 0 "$enclua" --json order show "$(jq -r .order first)"
	grep -q '"price":12' out
	record=app/.enclua/deployments.json
	[ "$(jq -r '.[0] | .app, .order, .h1, .price' $record)" = "$(jq -r '.app, .order, .h1, .price' first)" ]
	jq -re '.[0] | .version == "0.1.0" and (.date | test("^20[0-9-]+T")) and (.book | length > 0)' $record
	sed -i 's/0.1.0/0.2.0/' app/iapp.yaml
	says 0 "$generator" deploy --project app
	grep -q '^recorded  .enclua/deployments.json' out
	[ "$(jq -r 'map(.version) | join(" ")' $record)" = "0.2.0 0.1.0" ]
	says 0 "$generator" list --project app
	[ "$(awk '{ print $3 }' out | tr '\n' ' ')" = "0.2.0 0.1.0 " ]
	says 0 "$generator" --json list --project app
	[ "$(jq -r '.deployments[1].app' out)" = "$(jq -r .app first)" ]
	echo 'return function(task) task.result:write("changed", "") end' > app/main.lua
	says 0 "$generator" run --deployed --project app --data app/mock/people.csv --arg column=age -o deployed
	[ "$(cat deployed/average.txt)" = 50.000 ]
	says 0 "$generator" run --project app --data app/mock/people.csv --arg column=age -o now
	[ -f now/changed ]
}

@test "run: the folder as it is, options are those of run-task, its failures are the task's" {
	cd app/mock
	says 0 "$generator" run -d people.csv -a column=age -o ../out
	[ "$(cat ../out/average.txt)" = 50.000 ]
	says 0 "$generator" --json run --data people.csv --arg column=age --dry-run
	says 8 "$generator" run --data people.csv --arg column=smoker
	grep -q 'row 1 has no number' err
	fails 2 "needs the argument column" "$generator" run --data people.csv
	fails 2 "does not know what to do with" "$generator" run people.csv
	fails 3 "has not been deployed to the book of this home" "$generator" run --deployed
	grep -q 'try: iapp-generator deploy' err
	# as many options as run-task, and two of its own
	"$enclua" --json run-task --help | jq -r '.commands[0].options[].name' > theirs
	"$generator" --json run --help | jq -r '.commands[0].options[].name' | grep -vx -e project -e deployed | cmp - theirs
}

@test "another home is another book" {
	says 0 "$generator" deploy --project app
	says 0 "$generator" --home other deploy --project app
	[ "$(jq -r 'map(.book) | unique | length' app/.enclua/deployments.json)" -eq 2 ]
	says 0 "$generator" --home third --json list --project app
	"$enclua" --home third init --no-passphrase > /dev/null
	fails 3 "not been deployed to the book of this home" "$generator" --home third run --deployed --project app
}

@test "a damaged record is refused before anything is deployed" {
	"$enclua" init --no-passphrase > /dev/null
	for text in '{' '{}' '[] x'; do
		echo "$text" > app/.enclua/deployments.json
		fails 5 "deployments.json" "$generator" deploy --project app
		fails 5 "deployments.json" "$generator" list --project app
		[ "$(cat app/.enclua/deployments.json)" = "$text" ]
	done
	says 0 "$enclua" --json app list
	[ "$(jq '.apps | length' out)" -eq 0 ]
	"$enclua" --json book log > log
	echo '[{"book":"'"$(jq -r .origin log)"'"}]' > app/.enclua/deployments.json
	says 0 "$generator" list --project app
}

@test "a clone of the project has the annotations for editors back with the first command" {
	rm -r app/.enclua
	says 0 "$generator" package --project app
	diff -r "$top/lua/meta" app/.enclua/meta
}
