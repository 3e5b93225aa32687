#!/usr/bin/env bats
# Each example of the help, as it stands there: in a copy of one home that has what the examples speak of. What a page leaves open (an id, a key) is filled in.

load helper
setup() {
	setup_home
	export PATH=$build:$PATH
}
teardown() { teardown_home; }

prepare() {
	local who data
	cp -R "$top/iapps" "$top/manifests" .
	cp -R manifests/policies/research-only .
	printf 'age,smoker\n40,0\n60,1\n41,0\n42,1\n43,0\n44,1\n' > patients.csv
	for who in token.txt smtp-password.txt passphrase; do echo words > "$who"; done
	export ENCLUA_PASSPHRASE_FILE=$work/passphrase
	enclua init --no-passphrase
	for who in ben dora carl bob ada lab; do enclua key new "$who" --no-passphrase; done
	enclua account deposit 10RLC
	enclua app deploy iapps/cohort-average
	cp -R iapps/hello-world mailer
	sed -i 's/^name: .*/name: mailer/' mailer/iapp.yaml
	enclua app deploy mailer
	for data in patients trial; do enclua protect patients.csv --name $data; done
	enclua protect --name ada --set contacts.email=ada@example.org
	enclua policy deploy research-only
	enclua pool create mill
	enclua pool worker add mill ben
	enclua run-task cohort-average --data patients --arg column=age -o ran
	cp ran/task.receipt .
	enclua policy pack research-only -o research-only.policy
	enclua app pack iapps/cohort-average -o cohort-average.iapp
	enclua book checkpoint > saved
	enclua iapp init project --template data --yes
	cp patients.csv project/mock/patients.csv
	(cd project && enclua iapp run --data mock/patients.csv --arg column=age)
	echo "s|task1[0-9a-z]*…|$(enclua --json task list | jq -r '.tasks[0].task')|; s|deal1qx7…|$(enclua --json deal list | jq -r '.deals[0].deal')|
		s|order1qx7…|$(enclua --json order list --kind app | jq -r '.orders[0].order')|; s|data1qx7…|$(enclua --json data list | jq -r '.data[0].id')|
		s|list1qx7…|$(enclua --json list new ben carl --kind who --group | jq -r .list)|; s|RWQ…|$(enclua key export me --minisign)|
		s|     *[a-z].*||; s|^enclua worker run|& --once|
		s|--name patients$|--name again|; s|create mill|create again|" > fill
	keepers_end home
}

# Not run here: they need what no copy of one home has (a second home, a TPM, a terminal, somebody else's data), or never end. Tests of their own run them.
elsewhere='^(age|minisign|echo) |export alice|key new alice|witness|--watch|oracle read|attest enroll|task claim|order sponsor|--bulk|verify task.receipt|policy explain|account close|--sign ada'

@test "the examples of the help run as they stand there" {
	local line in n=0
	prepare > prepared 2>&1 || { cat prepared; return 1; }
	enclua --json help | jq -r '.commands[] | select(.help) | .help | split("\n")[] | select(test("^(Examples?: |          [a-z])")) | sub("^(Examples?: | +)"; "")' |
		grep -vE "$elsewhere" | sed -f fill > lines
	[ "$(wc -l < lines)" -ge 60 ]
	while IFS= read -r line <&4; do
		rm -rf copy
		[[ $line == 'enclua init'* ]] || cp -R home copy
		case $line in 'enclua iapp '*) in=project ;; *) in=. ;; esac
		(cd $in && ENCLUA_HOME=$work/copy bash -c "$line" > "$work/said" 2>&1 < /dev/null 4<&-) || { echo "exit $?: $line"; cat said; n=$((n + 1)); }
		[ ! -d copy ] || keepers_end copy
	done 4< lines
	[ "$n" -eq 0 ]
}
