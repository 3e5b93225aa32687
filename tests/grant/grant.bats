#!/usr/bin/env bats
# enclua grant: what an owner can say in one, and what is refused.

load helper
setup() { setup_grants; }
teardown() { teardown_place; }

@test "a grant says all its terms, in words and as JSON; what is left out is any, or none" {
	"$enclua" --as carl pool create mill > /dev/null
	pool=$(value .pool pool show mill)
	says 0 "$enclua" --as ada --json grant words --app word-count --user ben --price 0.5RLC --uses 3 --until 2099-01-31T00:00:00Z --purpose DUO:0000006 \
		--purpose research/cancer --pool mill --min-assurance software
	one_object out
	jq -e --arg app "$app" --arg ada "$ada" --arg ben "$ben" --arg data "$data" --arg pool "$pool" '.ok and (.grant | startswith("order1")) and .status == "open"
		and .app == $app and .user == $ben and .owner == $ada and .data == $data and .pool == $pool and .price == 500000000 and .uses == 3 and .used == 0 and .left == 3
		and .until == "2099-01-31T00:00:00Z" and .purposes == ["DUO:0000006", "research/cancer"] and .min_assurance == "software" and .policy == null
		and .bulk == false and .tag == [] and (.signed | endswith("Z")) and (.entry | type == "number")' out
	says 0 "$enclua" --json order show "$(jq -r .grant out)"
	jq -e --arg ben "$ben" '.kind == "data" and .only_requester == $ben and .purposes == ["DUO:0000006", "research/cancer"] and .min_assurance == "software" and .policy == null
		and .bulk == false and .until == "2099-01-31T00:00:00Z"' out
	says 0 "$enclua" order show "$(jq -r .order out)"
	grep -q "^purposes       DUO:0000006 (health or medical or biomedical research), research/cancer$" out
	grep -q "^min_assurance  software$" out
	says 0 "$enclua" --as ada --json grant words --app "$app" --user any
	jq -e '.user == null and .pool == null and .price == 0 and .uses == 9007199254740991 and .left == .uses and .until == null and .purposes == [] and .min_assurance == null' out
	says 0 "$enclua" --as ada grant words --app word-count --user carl --uses 1 --price 2RLC --pool mill --purpose teaching --min-assurance tpm2
	[ "$(wc -l < out)" = 1 ]
	grep -qE '^order1[a-z0-9]+  open  words: carl with word-count, 2 RLC, 1 of 1 use left, for teaching, in mill, on tpm2 or better$' out
	says 0 "$enclua" --as ada grant words --app word-count --user "$(identity_of me)" --bulk
	grep -q "free, any number of uses, bulk too" out
	says 0 "$enclua" book verify
}

@test "an iApp by name, id, the hash of its archive, or a list; a user by name, key, or group" {
	h1=$(value .h1 app show word-count)
	[ "$(value .app --as ada grant words --app "$h1" --user ben)" = "$app" ]
	[ "$(value .app --as ada grant words --app "${app:0:20}" --user "$carl")" = "$app" ]
	apps=$(value .list --as ada list new word-count --kind app)
	says 0 "$enclua" --as ada --json grant words --app-list "$apps" --user ben
	jq -e --arg list "$apps" '.app == $list' out
	group=$(value .list --as ada list new ben carl --group)
	says 0 "$enclua" --as ada --json grant words --app word-count --user "$group" --pool local
	jq -e --arg list "$group" '.user == $list and (.pool | startswith("pool1"))' out
	says 0 "$enclua" --as ada grant words --app-list "$apps" --user "$group"
	grep -qF "words: $group with $apps, free" out
	fails 3 "--app: no iApp here has the archive h1:nothing" "$enclua" --as ada grant words --app h1:nothing --user ben
	"$enclua" app pack "$app_dir" -o same.iapp > /dev/null
	"$enclua" --as ben app deploy same.iapp > /dev/null
	fails 6 "--app: 2 registrations have the archive $h1" "$enclua" --as ada grant words --app "$h1" --user ben
	grep -qF "name one by its id" err
}

@test "who or what is not known, with the nearest that is" {
	fails 3 "--app: there is no iApp word-cuont here" "$enclua" --as ada grant words --app word-cuont --user ben
	grep -qF "did you mean word-count?" err
	fails 3 "--user: no key is called bem" "$enclua" --as ada grant words --app word-count --user bem
	grep -qF "did you mean ben?" err
	fails 3 "there is no data wrods here" "$enclua" --as ada grant wrods --app word-count --user ben
	grep -qF "did you mean words?" err
	fails 3 "--pool: there is no pool" "$enclua" --as ada grant words --app word-count --user ben --pool nowhere
	fails 3 "--user: there is no list list1qqqq" "$enclua" --as ada grant words --app word-count --user list1qqqq
	fails 3 "--app-list: there is no list list1qqqq" "$enclua" --as ada grant words --app-list list1qqqq --user ben
	fails 3 "--policy: there is no file or folder nothing, and no policy of that name" "$enclua" --as ada grant words --app word-count --user ben --policy nothing
	fails 5 "--purpose: " "$enclua" --as ada grant words --app word-count --user ben --purpose "Two Words"
	fails 5 "--purpose: " "$enclua" --as ada grant words --app word-count --user ben --purpose DUO:0000099
	fails 2 "--min-assurance takes software, tpm2 or cvm" "$enclua" --as ada grant words --app word-count --user ben --min-assurance magic
	# An identity that the book has never heard of
	ENCLUA_HOME=$work/elsewhere "$enclua" init --no-passphrase > /dev/null
	far=$(ENCLUA_HOME=$work/elsewhere value .identity key show me)
	fails 3 "--user: $far is not known in this book" "$enclua" --as ada grant words --app word-count --user "$far"
	[ "$(value .count grants --all)" = 0 ]
}

@test "what makes no sense is refused before anything is signed" {
	before=$(value .entries book verify)
	fails 2 "--app" "$enclua" --as ada grant words --user ben
	fails 2 "--app" "$enclua" --as ada grant words --user ben --app word-count --app-list list1qqqq
	fails 2 "--user WHO" "$enclua" --as ada grant words --app word-count
	fails 2 "--app takes one iApp" "$enclua" --as ada grant words --app list1qqqq --user ben
	fails 2 "--app-list takes the id of a list" "$enclua" --as ada grant words --app-list word-count --user ben
	fails 2 "--uses" "$enclua" --as ada grant words --app word-count --user ben --uses 0
	fails 2 "--uses" "$enclua" --as ada grant words --app word-count --user ben --uses some
	fails 5 "--price" "$enclua" --as ada grant words --app word-count --user ben --price lots
	fails 2 "a grant for bulk is free" "$enclua" --as ada grant words --app word-count --user ben --bulk --price 1
	fails 2 "that time is over" "$enclua" --as ada grant words --app word-count --user ben --until 2020-01-01T00:00:00Z
	fails 2 "that time is over" "$enclua" --as ada grant words --app word-count --user ben --until +0s
	fails 5 "--until: not a time" "$enclua" --as ada grant words --app word-count --user ben --until tomorrow
	grep -qF -- "--until +30d" err
	fails 5 "--until" "$enclua" --as ada grant words --app word-count --user ben --until +soon
	fails 5 "--until" "$enclua" --as ada grant words --app word-count --user ben --until 2027-02-30T00:00:00Z
	[ "$(value .entries book verify)" = "$before" ]
	says 2 "$enclua" grant
}

@test "only the owner grants" {
	before=$(value .entries book verify)
	refused 4 not-owner "enclua --as NAME" --as ben grant "$data" --app word-count --user ben
	grep -qF "words belongs to ada, and you are ben" err
	[ "$(value .entries book verify)" = "$before" ]
}

@test "the same is not granted twice; other terms are, and so is what was revoked" {
	first=$(grant --user ben --purpose research --uses 2)
	before=$(value .entries book verify)
	refused 6 grant-twice "enclua revoke" --as ada grant words --app word-count --user ben --purpose research --uses 2
	grep -qF "$first" err
	[ "$(value .entries book verify)" = "$before" ]
	refused 6 grant-twice "enclua revoke $first" --as ada grant words --app word-count --user ben --purpose research --price 1 --until +30d	# price, number and end do not make it another
	grant --user carl --purpose research --uses 2 > /dev/null
	grant --user ben --purpose research --min-assurance software > /dev/null
	grant --user ben --purpose research --purpose teaching > /dev/null
	refused 6 grant-twice "enclua revoke" --as ada grant words --app word-count --user ben --purpose teaching --purpose research
	once=$(grant --user any --uses 1)
	runs carl
	[ "$(grant --user any --uses 1)" != "$once" ]
	"$enclua" --as ada revoke "$first" > /dev/null 2>&1
	second=$(grant --user ben --purpose research --uses 2)
	[ "$second" != "$first" ]
	[ "$(status_of "$first")" = revoked ]
	[ "$(status_of "$second")" = open ]
}

@test "--until +N counts from now" {
	until=$(value .until --as ada grant words --app word-count --user ben --until +30d)
	[ "$(date -d "$until" +%s)" -ge $(($(date +%s) + 30 * 86400 - 60)) ]
	[ "$(date -d "$until" +%s)" -le $(($(date +%s) + 30 * 86400)) ]
	[ "$(value .until --as ada grant words --app word-count --user carl --until +1h)" \< "$until" ]
}

@test "--policy by path, name or id: registered once, by whoever grants, and named in the grant" {
	policy_folder rules
	before=$(value .entries book verify)
	says 0 "$enclua" --as ada --json grant words --app word-count --user ben --policy ./rules
	policy=$(jq -r .policy out)
	[[ "$policy" == policy1* ]]
	[ "$(value .entries book verify)" = $((before + 2)) ]
	says 0 "$enclua" --as ada grant words --app word-count --user carl --policy "$policy"
	grep -q "by the policy kind$" out
	[ "$(value .policy --as ada grant words --app word-count --user any --policy kind)" = "$policy" ]
	[ "$(value '.policies | length' policy list)" = 1 ]
	# Not the owner's data: nothing is registered for that, either
	before=$(value .entries book verify)
	policy_folder others
	refused 4 not-owner "enclua --as NAME" --as ben grant "$data" --app word-count --user ben --policy ./others
	[ "$(value .entries book verify)" = "$before" ]
}

@test "of grants for as much a run takes one that asks no policy" {
	policy_folder rules
	"$enclua" --as ada grant words --app word-count --user ben --policy ./rules --price 1 > /dev/null
	plain=$(grant --user ben --price 1)
	"$enclua" --as ada grant words --app word-count --user any --policy kind --price 1 > /dev/null
	"$enclua" account deposit 1RLC --to ben > /dev/null
	runs ben --max-price 1
	jq -e --arg grant "$plain" '.grants == [$grant]' out
}
