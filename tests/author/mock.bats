#!/usr/bin/env bats
# enclua iapp mock, and core/form/pdata_unpacked.c: by flags and by questions, read back with the same types by test, run-task and protect; what it refuses.

load helper
load project

setup() {
	setup_project
	cat > main.lua <<-'END'
		return function(task)
		    local d, lines = task.data, {}
		    for _, leaf in ipairs(d:list()) do
		        lines[#lines + 1] = ("%s %s %s\n"):format(leaf.path, leaf.type, d:get(leaf.path))
		    end
		    task.result:write("all.txt", table.concat(lines))
		end
	END
	printf 'a,b\n1,2\n' > table.csv
}

teardown() { teardown_project; }

everything="big i128 9007199254740993
contact/email string ada@example.org
data/table.csv text/csv a,b
1,2

height f64 1.8
ok bool true"

make_mock() {
	"$enclua" iapp mock all --set contact.email=ada@example.org --set big=9007199254740993 --type big=i128 \
		--set ok=true --type ok=bool --set height=1.80 --type height=f64 --file data/table.csv=table.csv > out
}

@test "by flags: files and a schema, shown in a box; the same types in test, in test.lua, in run-task and in protected data" {
	make_mock
	grep -qx '│ contact/email   string   │' out
	[ "$(cat mock/all/contact/email)" = ada@example.org ]
	[ "$(jq -r .height mock/all/schema.json)" = f64 ]
	says 0 "$enclua" iapp test --data all -o one
	[ "$(cat one/all.txt)" = "$everything" ]
	tests 't.case("all", function() print(t.ok(t.run { data = t.mock "all" }).files["all.txt"]) end)'
	says 0 "$enclua" iapp test
	grep -qx '  > height f64 1.8' out
	"$enclua" --quiet run-task . --data mock/all -o two > /dev/null
	cmp one/all.txt two/all.txt
	"$enclua" --quiet protect mock/all --name all > /dev/null
	"$enclua" --quiet run-task . --data all -o three > /dev/null
	cmp one/all.txt three/all.txt
}

@test "values edited by hand keep their types, an editor's line break is none of a number's; a value that is none is refused" {
	make_mock
	echo 2 > mock/all/height
	says 0 "$enclua" iapp test --data all -o one
	grep -qx 'height f64 2.0' one/all.txt
	echo two > mock/all/height
	fails 5 'height' "$enclua" iapp test --data all
	rm mock/all/height
	fails 5 'schema.json names height, and there is no such file beside it' "$enclua" iapp test --data all
}

@test "a document; the default name; JSON" {
	echo '{"a": {"b": 1, "c": 1.0}, "d": "x"}' > v.json
	says 0 "$enclua" --json iapp mock --json-file v.json
	one_object out
	jq -e '.mock == "default" and .schema == {a: {b: "i128", c: "f64"}, d: "string"}' out
	says 0 "$enclua" iapp test --data default -o one
	[ "$(cat one/all.txt)" = "$(printf 'a/b i128 1\na/c f64 1.0\nd string x')" ]
}

@test "refused: no data, a name that is taken or none, a file that is not there, a type of nothing; and nothing is made" {
	fails 2 'the data is empty' "$enclua" iapp mock empty
	fails 2 'the data is empty' "$enclua" --json iapp mock empty
	fails 6 'there is a mock/numbers.txt' "$enclua" iapp mock numbers.txt --set a=1
	fails 5 'name of a mock' "$enclua" iapp mock ../x --set a=1
	fails 3 'nowhere' "$enclua" iapp mock x --file a=nowhere
	fails 2 'there is nothing with that key' "$enclua" iapp mock x --set a=1 --type b=bool
	fails 5 'a bool is true or false' "$enclua" iapp mock x --set a=1 --type a=bool
	fails 2 '--file needs KEY=PATH' "$enclua" iapp mock x --file table.csv
	fails 3 'not in an iApp project' env -C / "$enclua" iapp mock x --set a=1
	[ "$(ls mock)" = numbers.txt ]
}

@test "by questions on a terminal: name, key, kind, value, more; a value that is refused is asked again" {
	terminal person age i128 old y age i128 36 y table.csv file table.csv n -- "$enclua" iapp mock > out
	grep -q 'nothing was added' out
	[ "$(cat mock/person/age)" = 36 ]
	[ "$(jq -c . mock/person/schema.json)" = '{"age":"i128","table.csv":"text/csv"}' ]
}
