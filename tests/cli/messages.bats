#!/usr/bin/env bats
# What users are told when they are wrong: a line for each message, with its exit status, the words, and the command that it is the answer to.

load helper
setup() {
	setup_place
	export ENCLUA_HOME=$work/home
	"$enclua" init --no-passphrase > /dev/null
	"$enclua" key new ada --no-passphrase > /dev/null
	"$enclua" --as ada protect --name note --set secretText=cake > /dev/null
	mkdir app
	printf 'api: 1\nname: app\nversion: 1.0.0\nentry: main.lua\n' > app/iapp.yaml
	echo 'return function() end' > app/main.lua
	"$enclua" app deploy app > /dev/null
	echo text > file
	"$enclua" key export ada --secret > secret
}
teardown() { teardown_place; }

# each 'STATUS|WORDS|COMMAND' of standard input: it fails so, on stderr alone
# shellcheck disable=SC2120 # what set gives it
each() {
	local status words command n=0
	while IFS='|' read -r status words command; do
		n=$((n + 1))
		eval "set -- $command"
		fails "$status" "$words" "$enclua" "$@" || return 1
	done
	[ "$n" -ge 3 ]
}

@test "the parser" {
	each <<-'END'
	2|unknown option --bogus|version --bogus
	2|unknown option --jsn; did you mean --json?|--jsn version
	2|unknown command "bogus"|bogus
	2|unknown command "key lst"; did you mean "key list"?|key lst
	2|the option --home is given twice|--home a --home b version
	2|the option --arg needs a value: --arg NAME=VALUE|run-task app --arg
	2|version does not know what to do with "more"|version more
	2|no command or topic is called "bogus"|help bogus
	2|the path of the home is too long|--home $(printf 'x%.0s' {1..5000}) key list
	2|unknown command "account balance"; there are show, deposit, |account balance
	3|there is no home in nowhere|--home nowhere data list
	END
}

@test "keys, homes and files" {
	each <<-'END'
	6|there is a home at|init --no-passphrase
	6|there is a key called ada already|key new ada --no-passphrase
	6|is here already; its name is ada|key import again secret
	9|has 70 characters, and 64 is the most|protect --set $(printf 'x%.0s' {1..70})=1
	2|--set needs KEY=|protect --set novalue
	2|there is nothing to protect|protect --name empty
	2|--schema needs PATH:TYPE|data list --schema age
	6|file exists already|--as ada data get note secretText -o file
	3|there is no nothing in note|--as ada data get note nothing
	END
}

@test "money, lists, orders and grants" {
	each <<-'END'
	5|try: in RLC it is written 0.5RLC|account deposit 0.5
	5|an amount of 0 moves nothing|account transfer ada 0
	3|no account in the book that is called nobody|account show nobody
	2|--kind takes app, data, pool or who|list new note --kind bogus
	3|there is no list list1|list show list1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq
	2|--app, --data and --pool each name what orders are about: one of them|order list --app app --data note
	2|--kind takes app, data, pool or request|order list --kind bogus
	2|a grant names one iApp (--app) or a list of them (--app-list)|--as ada grant note --user any
	2|a grant says for whom it is|--as ada grant note --app app
	2|that time is over; such a grant would never hold|--as ada grant note --app app --user any --until 2020-01-01T00:00:00Z
	2|revoke takes one grant, or --all DATA|revoke
	2|there is no tag bogus|app offer app --tag bogus
	2|--category takes XS, S, M, L or XL|pool offer local --category HUGE
	4|not-owner: app belongs to me, and you are ada|--as ada app offer app
	END
}

@test "runs" {
	mkfifo pipe
	mkdir twin
	echo other > twin/file
	each <<-'END'
	3|there is no file or folder nowhere, and no iApp of that name|run-task nowhere
	3|there is no file or folder nowhere, and no data of that name|run-task app --data nowhere
	2|two input files are called file|run-task app --file file --file twin/file
	5|pipe is not a plain file|run-task app --file pipe
	2|--category is XS, S, M, L or XL|run-task app --category HUGE
	2|--trust needs a whole number|run-task app --trust much
	2|a kept secret is written N=NAME, with N from 1|run-task app --secret-name token
	2|run-task does not know what to do with "more"|run-task app more
	3|there is no task|task result task1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq
	5|file is no receipt, no proof and no exported book|verify file
	5|app is no exported book: it has no file checkpoint|verify app
	5|try: give the folder with its manifest, or the archive that enclua app pack made|run-task app/main.lua
	5|app/main.lua is a file, and what is packed is a folder|app pack app/main.lua
	5|try: enclua app pack app makes one|app verify app
	END
}

@test "policies" {
	mkdir p
	printf 'api: 1\nname: p\nversion: 1.0.0\nsummary: made by a test\nentry: policy.lua\n' > p/policy.yaml
	printf 'local policy = require "policy"\nreturn policy { api = 1, id = "p", policy.permit { id = "all" } }\n' > p/policy.lua
	cases() { printf '%s' "$1" > cases; fails 5 "$2" "$enclua" policy test p --cases cases; }
	cases '7' 'it must be a list of cases, or {"question":{…},"cases":[…]}'
	cases '[7]' 'it must be an object with name, question and expect'
	cases '[{}]' 'it has no name, in words that say what it is about'
	cases '[{"name":"a"}]' 'it expects nothing: "expect":{"effect":"deny"}'
	cases '[{"name":"a","question":{"bogus":1},"expect":{"effect":"deny"}}]' 'there is no member bogus'
	cases '[{"name":"a","question":{"time":"x"},"expect":{"effect":"deny"}}]' 'question: time must be'
	cases '[{"name":"a","expect":{"effect":"deny","rules":7}}]' 'must be a list of texts'
	each <<-'END'
	2|which policy? a name, an id, a path; or --grant ORDER, or a task|policy explain
	2|over which questions? --over book asks those of the book again, --cases FILE those of a file|policy diff p p
	2|--over takes "book": the decisions that are in it; --cases FILE takes a file|policy diff p p --over lunch
	2|p was given by path, and the book has no decisions of it|policy diff p p --over book
	2|--sha256 takes 64 hexadecimal digits, in small letters|app verify file --sha256 ABC
	END
}

@test "seal, and projects" {
	mkdir full
	touch full/thing
	each <<-'END'
	5|app is a directory, not a file|seal -r $("$enclua" key export me --age) app
	2|input and output are the same file, file|seal -r $("$enclua" key export me --age) -o file file
	6|app is a directory; the output is a file|seal -r $("$enclua" key export me --age) -o app file
	2|cannot be the name of an iApp|iapp init Über --yes
	2|there is no template "bogus"|iapp init x --template bogus --yes
	2|--with knows no "bogus"|iapp init x --with bogus --yes
	6|the folder full is there already, and not empty|iapp init full --yes
	3|not in an iApp project: there is no iapp.yaml|iapp package
	3|full is not an iApp project: there is no iapp.yaml|iapp package --project full
	END
}

@test "passphrases, homes and witnesses" {
	each <<-'END'
	2|is needed and there is no terminal to ask on|key new zoe
	3|there is no home here, and so no keeper that could accept this machine|--home nowhere attest enroll
	2|--from and --for say the same thing: give one of them|book witness request --from 0 --for w
	3|there is no witness bogus|book witness request --for bogus
	2|is a number, not "many"|book log --limit many
	3|no finished task has given a value called nothing|oracle read nothing
	3|there is no task task1|task watch task1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq
	END
}

@test "grants and policies by id" {
	grant=$("$enclua" --as ada --json grant note --app app --user me --uses 1 | jq -r .grant)
	offer=$("$enclua" --json order list --kind app | jq -r '.orders[0].order')
	mkdir p
	printf 'api: 1\nname: p\nversion: 1.0.0\nsummary: made by a test\nentry: policy.lua\n' > p/policy.yaml
	printf 'local policy = require "policy"\nreturn policy { api = 1, id = "p", policy.permit { id = "all" } }\n' > p/policy.lua
	"$enclua" policy pack p -o p.policy > /dev/null
	rm -r p
	each <<-'END'
	2|is no grant|policy explain p.policy --grant $offer --request $offer
	3|names no policy: name one to ask|policy explain --grant $grant --request order1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq
	2|and no decision, task or request|policy explain 0
	2|the cases of p.policy are not in its archive: --cases FILE says where they are|policy test p.policy
	5|is no grant: it does not offer data|revoke $offer
	2|a grant names at most 100 purposes; a broader one may include many|--as ada grant note --app app --user ada $(seq -f '--purpose=p%g' 101)
	END
}

@test "projects: init, mock and test" {
	mkdir p
	for i in $(seq 101); do echo "$i" > "f$i"; done
	each <<-'END'
	2|an author is one line of at most|iapp init x --yes --author $(printf 'x%.0s' {1..300})
	2|--with data is the data of one owner, --with bulk of many: choose one|iapp init x --yes --with data,bulk
	6|file is there already, and is no folder that can be read|iapp init file --yes
	9|at most 256 arguments|iapp test --project app $(seq -f '--arg=a=%g' 257)
	9|at most 64 input files|iapp test --project app $(seq -f '--file=f%g' 65)
	9|at most 100 data in one run|iapp test --project app $(seq -f '--data=f%g' 101)
	2|--name is for one file; a rock has its names|iapp add --project app p --name x
	END
}

@test "runs and offers: beneficiaries, secrets, ends" {
	each <<-'END'
	9|at most 64 secrets|run-task app $(seq -f '--secret=%g=x' 65)
	2|with --bulk, data are named after the iApp: run-task APP --bulk DATA|run-task app --bulk --data note
	2|--callback is empty|run-task app --callback ''
	2|takes no data, 1 given|run-task app --data note
	END
}
