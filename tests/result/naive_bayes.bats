#!/usr/bin/env bats
# iapps/naive-bayes against the formulas in Python.

load helper
setup() { setup_home; "$enclua" -q init --no-passphrase; }
teardown() { teardown_home; }

app=$BATS_TEST_DIRNAME/../../iapps/naive-bayes
train() { "$enclua" run-task "$app" --arg mode=train --data "$1" -o model "${@:2}"; }
ask() { "$enclua" run-task "$app" --arg mode=ask --file "$1" --arg text="$2" -o answer; }

# The counts, the accuracy by leaving one out, and answers: written anew from the formulas.
reference() {
	cat > reference.py <<'PY'
import csv, json, math, re, sys
from collections import Counter
def words(t): return [w for w in re.findall(r"[^\W_]+", t.lower().replace("ς", "σ")) if len(w.encode()) <= 40]
least = int(sys.argv[2])
rows = [(words(r["text"]), r["label"]) for r in csv.DictReader(open(sys.argv[1], encoding="utf-8", newline=""))]
labels = sorted({l for _, l in rows}, key=lambda l: l.encode())
texts, n = Counter(l for _, l in rows), {l: Counter() for l in labels}
inside = Counter(w for t, _ in rows for w in set(t))
for t, l in rows: n[l].update(t)
vocabulary = {w for w in inside if inside[w] >= least}
total = {l: sum(c for w, c in n[l].items() if w in vocabulary) for l in labels}
def scores(t, own=None):
    t, out = [w for w in t if w in vocabulary], []
    for l in labels:
        mine = Counter(t) if l == own else Counter()
        s = math.log(texts[l] - (l == own)) if texts[l] > (l == own) else -math.inf
        for w in t: s += math.log((n[l][w] - mine[w] + 1) / (total[l] - sum(mine.values()) + len(vocabulary)))
        out.append(s)
    return out
model = json.load(open("model/model.json"))
assert model == {"format": "enclua-bayes-1", "labels": labels, "texts": [texts[l] for l in labels],
    "words": {w: [n[l][w] for l in labels] for w in vocabulary}}, "the model differs"
right = 0
for t, l in rows:
    s = scores(t, l)
    right += labels[s.index(max(s))] == l
report = json.load(open("model/report.json"))
assert (report["rows"], report["right"]) == (len(rows), right), (report, right)
assert report["words"] == len(vocabulary) and report["words_left_out"] == len(inside) - len(vocabulary)
assert abs(report["baseline"] - max(texts.values()) / len(rows)) < 1e-12
for line in sys.stdin:
    text, answer = line.rstrip("\n").split("\t")
    answer, s = json.loads(answer), scores(words(text))
    p = [math.exp(x - max(s)) for x in s]
    assert answer["label"] == labels[s.index(max(s))]
    assert all(abs(answer["probabilities"][l] - q / sum(p)) < 1e-9 for l, q in zip(labels, p)), (answer, p)
    assert answer["words_known"] == sum(w in vocabulary for w in words(text))
PY
	python3 reference.py "$@"
}

# asked TEXT…: each with its answer, one line each
asked() {
	for text; do
		ask model/model.json "$text" > /dev/null
		printf '%s\t%s\n' "$text" "$(jq -c . answer/answer.json)"
	done
}

@test "the sample: the counts, the accuracy and three answers are those of the formulas" {
	train "$app/sample/messages.csv"
	asked "where is my parcel? It never arrived" "Thank you, THANK you" "nothing known" > answers
	[ "$(jq -r .label answer/answer.json)" != null ]
	reference "$app/sample/messages.csv" 3 < answers
}

@test "many rows, kinds and letters; words in few texts are not in the model" {
	python3 - > data.csv <<'PY'
import random, csv, sys
random.seed(3)
kinds = ["a", "Ü ber", "日本", 'quo"te', "z,z"]
words = ["".join(random.choice("abcdeÄöüЖжΣσ019") for _ in range(random.randint(1, 9))) for _ in range(4000)]
out = csv.writer(sys.stdout)
out.writerow(["id", "label", "text"])
for i in range(2000):
    k = random.randrange(5)
    own = [words[min(int(random.expovariate(0.004)) * (k + 1), 3999)] for _ in range(random.randint(0, 20))]
    out.writerow([i, kinds[k], " ".join(random.choice([w, w.upper()]) + random.choice(["", "", "!", ", ", "-\n"]) for w in own)])
PY
	train data.csv --arg min_texts=4
	asked "" "abc $(cut -d, -f3 data.csv | sed -n 7p | tr -d '"\t\r')" > answers
	reference data.csv 4 < answers
	holds=$(jq '.accuracy > .baseline + 0.1 and .words_left_out > 100' model/report.json)
	[ "$holds" = true ]
}

@test "a name in one text is in no model, whatever min_texts says" {
	{ echo text,label; for i in 1 2 3; do echo "good day,a"; echo "bad day,b"; done; echo "bad rumpelstilzchen rumpelstilzchen,b"; } > data.csv
	train data.csv --arg min_texts=0
	run grep -ri rumpel model
	[ "$status" -eq 1 ]
	[ "$(jq -c '.words | keys' model/model.json)" = '["bad","day","good"]' ]
}

@test "the same again is the same to the byte; a protected model answers like the open one" {
	train "$app/sample/messages.csv"
	mv model first
	train "$app/sample/messages.csv"
	cmp first/model.json model/model.json
	ask model/model.json "a great parcel"
	cp answer/answer.json open.json
	"$enclua" protect model/model.json --name model
	"$enclua" run-task "$app" --arg mode=ask --data model --arg text="a great parcel" -o answer
	cmp open.json answer/answer.json
}

@test "bad words, long words, no UTF-8, quotes over lines: trained on what is left" {
	{ echo text,label; for i in 1 2 3; do printf 'ok \xff\xfe\xc3( %s,a\n' "$(printf 'w%.0s' {1..41})"; printf '"two\nlines\x00",b\n'; done; } > data.csv
	"$enclua" protect data.csv --name data --type data.csv=text/csv
	train data
	[ "$(jq -c '.words | keys' model/model.json)" = '["lines","ok","two"]' ]
}

@test "what cannot be learnt from, or asked, is refused in words" {
	refuses 8 'mode is "guess"; it is train or ask' "$enclua" run-task "$app" --arg mode=guess -o out
	refuses 8 "nothing to learn from" "$enclua" run-task "$app" --arg mode=train -o out
	: > empty.csv
	refuses 8 "" train empty.csv
	echo text,label > header.csv
	refuses 8 "0 different labels" train header.csv
	{ echo text,label; for i in 1 2 3; do echo "a b c,one"; done; } > one.csv
	refuses 8 "1 different labels" train one.csv
	refuses 8 'no column "body"; the columns are: text, label' train one.csv --arg text_column=body
	refuses 8 'no column "kind"' train one.csv --arg label_column=kind
	{ echo text,label; seq 1 101 | sed 's/^/x,/'; } > ids.csv
	refuses 8 "more than 100 different labels" train ids.csv
	printf 'text,label\na,b\na,\n' > hole.csv
	refuses 8 'row 2 after the header' train hole.csv
	refuses 8 "nothing to ask about" "$enclua" run-task "$app" --arg mode=ask -o out
	refuses 8 "no model.json" "$enclua" run-task "$app" --arg mode=ask --arg text=a -o out
	stays_whole model
}

@test "a model is input like any other: each thing wrong with it is said" {
	train "$app/sample/messages.csv"
	cp model/model.json good.json
	while IFS='%' read -r change words; do
		jq "$change" good.json > model.json
		refuses 8 "$words" ask model.json "my parcel" < /dev/null
	done <<-'END'
		.format = "other"%no model of naive-bayes
		[]%no model of naive-bayes
		del(.words)%no labels, texts or words
		.labels |= reverse%not in the order of the alphabet
		.labels[1] = 7%not in the order of the alphabet
		.labels[1] = .labels[0]%not in the order of the alphabet
		.texts[2] = 0%no texts of the kind "question"
		.texts = []%no texts of the kind "complaint"
		.labels = ["a"]%1 kinds
		.words.parcel = [1]%has not one count for each kind
		.words.parcel = 3%has not one count for each kind
		.words.parcel = [1, 2.5, 3]%no whole number
		.words.parcel = [1, -2, 3]%no whole number
		.words.parcel = [1, 9007199254740993, 3]%no whole number
	END
	head -c 500 good.json > model.json
	refuses 8 "the JSON text ends early" ask model.json "my parcel"
	stays_whole answer
}
