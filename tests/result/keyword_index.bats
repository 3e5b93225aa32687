#!/usr/bin/env bats
# iapps/keyword-index against BM25 in Python.

load helper
setup() { setup_home; "$enclua" -q init --no-passphrase; }
teardown() { teardown_home; }

app=$BATS_TEST_DIRNAME/../../iapps/keyword-index
search() { "$enclua" run-task "$app" --data "$1" --arg query="$2" -o out "${@:3}"; }

# reference CORPUS QUERY TOP: out/hits.json is what the formula says
reference() {
	cat > reference.py <<'PY'
import json, math, os, re, sys
def words(t): return re.findall(r"[^\W_]+", t.lower().replace("ς", "σ"))
top, texts = sys.argv[1], {}
for folder, _, names in os.walk(top):
    for name in names:
        path = os.path.relpath(os.path.join(folder, name), top)
        if path.endswith((".txt", ".md")): texts[path] = words(open(os.path.join(folder, name), encoding="utf-8", newline="").read())
terms = list(dict.fromkeys(words(sys.argv[2])))
average = sum(map(len, texts.values())) / len(texts)
has = {t: [p for p in texts if t in texts[p]] for t in terms}
def score(p):
    s = 0
    for t in terms:
        n = texts[p].count(t)
        s += math.log(1 + (len(texts) - len(has[t]) + .5) / (len(has[t]) + .5)) * n * 2.2 / (n + 1.2 * (.25 + .75 * len(texts[p]) / average))
    return s
want = sorted(((-round(score(p), 9), p.encode(), p) for p in texts if any(p in has[t] for t in terms)))
got = json.load(open("out/hits.json"))
assert got["found"] == len(want) and got["texts"] == len(texts), (got, len(want))
assert got["texts_with"] == {t: len(has[t]) for t in terms}, got
hits = [(-round(h["score"], 9), h["path"].encode(), h["path"]) for h in got["hits"]]
assert hits == want[:int(sys.argv[3])], (hits, want[:int(sys.argv[3])])
assert all(sorted(h) == ["path", "score"] for h in got["hits"])
PY
	python3 reference.py "$@"
}

@test "the sample: names and scores of the formula, and no word of the texts" {
	search "$app/sample/corpus" "beans, WATER sage beans" --arg top=5
	reference "$app/sample/corpus" "beans water sage" 5
	[ "$(jq -r '.hits[0].path' out/hits.json)" = kitchen/bean-soup.txt ]
	run grep -ri overnight out
	[ "$status" -eq 1 ]
}

@test "three hundred texts in three alphabets, empty ones, long ones, and words over the border of a piece" {
	python3 - <<'PY'
import os, random
random.seed(4)
pool = ["".join(random.choice("abÄößÉéΩωΣσЖж09") for _ in range(random.randint(1, 3))) for _ in range(800)]
for i in range(300):
    path = "corpus/Ordner %d/Ж%03d.%s" % (i % 7, i, "md" if i % 5 == 0 else "txt")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    n = 0 if i % 50 == 0 else 60000 if i == 77 else random.randint(1, 400)
    open(path, "w", encoding="utf-8", newline="").write("".join(random.choice(pool) + random.choice([" ", "\n", " — ", "«", "… ", ", "]) for _ in range(n)))
open("query", "w").write(" ".join(random.sample(pool, 4)))
PY
	head -c 100 /dev/urandom > corpus/noise.bin
	search corpus "$(cat query)" --arg top=100
	reference corpus "$(cat query)" 100
	[ "$(jq .skipped out/hits.json)" -eq 1 ]
	[ "$(jq '.hits | length' out/hits.json)" -eq 100 ]
}

@test "equal scores: by path; nothing found: an empty list" {
	mkdir c
	for i in b a d; do echo "same words" > "c/$i.txt"; done
	echo "none of them" > c/c.txt
	search c words
	[ "$(jq -c '[.hits[].path]' out/hits.json)" = '["a.txt","b.txt","d.txt"]' ]
	search c absent
	[ "$(jq -c '[.hits, .found, .texts]' out/hits.json)" = '[[],0,4]' ]
}

@test "snippets come on request: around the word, on one line, as UTF-8 even of what is none" {
	mkdir c
	{ printf 'x%.0s ' {1..200}; printf 'Größe\n  der   Nadel im Heuhaufen: '; printf 'ÿyÿy%.0s ' {1..200}; } > c/a.txt
	search c NADEL --arg snippets=true
	[[ "$(jq -r '.hits[0].snippet' out/hits.json)" == *"x x Größe der Nadel im Heuhaufen: "*"ÿyÿy" ]]
	[ "$(jq -r '.hits[0].snippet' out/hits.json | wc -c)" -lt 180 ]
	printf 'needle \xff\xfe end' > b.txt
	"$enclua" protect b.txt --name b --type b.txt=text/plain
	search b needle --arg snippets=true
	[ "$(jq -r '.hits[0].snippet' out/hits.json)" = "needle ?? end" ]
}

@test "an iApp of it without raw outputs never quotes, and passes where raw copies are forbidden" {
	cp -r "$app" names
	sed -i 's/^local SNIPPETS <const> = true$/local SNIPPETS <const> = false/' names/main.lua
	sed -i 's/, raw: true//; s/^name: .*/name: names-only/' names/iapp.yaml
	"$enclua" protect "$app/sample/corpus" --name corpus
	"$enclua" run-task ./names --data corpus --arg query=sage -o out
	[ "$(jq '.hits | length' out/hits.json)" -eq 2 ]
	rm -r out
	refuses 8 "never quotes" "$enclua" run-task ./names --data corpus --arg query=sage --arg snippets=true -o out
	"$enclua" app deploy names
	"$enclua" app deploy "$app"
	asked() { "$enclua" policy explain "$top/manifests/policies/$1" --data corpus --app "$2" --user me --purpose "$3" > out 2>&1 || true; }
	asked research-only names-only DUO:0000006
	grep -q '^decision  permit' out
	asked research-only keyword-index DUO:0000006
	grep -q '^decision  deny: .*no-raw-copy' out
	asked catalogue names-only search
	grep -q '^decision  permit' out
	asked catalogue keyword-index search
	grep -q '^decision  deny: obligation:price' out
}

@test "typed texts are searched by their path" {
	"$enclua" protect --name card --set notes.first="the cake is in the fridge" --set notes.second="nothing" --set n=3 --type n=i128
	search card cake
	[ "$(jq -c '[.hits[].path, .texts, .skipped]' out/hits.json)" = '["notes/first",2,1]' ]
}

@test "no word, too many words, no text, a top that is none: refused in words" {
	mkdir c && echo a > c/a.txt
	for query in "" "?! …" "_"; do
		refuses 8 "the query has 0 different words" search c "$query"
	done
	refuses 8 "the query has 33 different words" search c "$(seq 33 | tr '\n' ' ')"
	refuses 2 "UTF-8" search c $'\xff'
	refuses 8 "top is 0" search c a --arg top=0
	refuses 8 "top is 101" search c a --arg top=101
	mkdir pictures && printf '\x89PNG\r\n\x1a\n' > pictures/a.png
	refuses 8 "the data holds no text, and 1 files" search pictures a
	stays_whole out
}
