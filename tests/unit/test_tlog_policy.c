/* core/form/tlog_policy.c: the grammar of C2SP tlog-policy, quorums against counting, and every bit of a checkpoint under policies of both kinds of names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "form/tlog_policy.h"
#include "seal/crypto.h"

#define DASH "\xe2\x80\x94 "
#define LOG_VKEY "notebook.local/demo+41422ccb+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs"

static struct identity *identity_of(unsigned n)
{
	struct identity *id = NULL;
	uint8_t seed[32] = { (uint8_t)n, (uint8_t)(n >> 8) };
	assert_int_equal(identity_from_seed(&id, seed, NULL), 0);
	return id;
}

static void vkey_add(struct buf *out, const char *name, uint8_t type, unsigned n)
{
	struct identity *id = identity_of(n);
	struct note_key k;
	assert_int_equal(note_key_make(&k, name, type, identity_public(id), NULL), 0);
	assert_int_equal(note_key_text(&k, out, NULL), 0);
	identity_free(id);
}

/* Writes a policy: "$L3" is the vkey of a log, "$W3" of a witness, made from number 3; "$S3" of a witness whose name carries its key, "$O3" of such a log. */
static void policy_expand(struct buf *out, const char *text)
{
	for (const char *at = text; *at != '\0'; at++) {
		char name[NOTE_NAME_BYTES + 1];
		char *end = NULL;
		if (*at != '$') {
			assert_int_equal(buf_add(out, at, 1, NULL), 0);
			continue;
		}
		unsigned n = (unsigned)strtoul(at + 2, &end, 10);
		struct identity *id = identity_of(n);
		bool log = at[1] == 'L' || at[1] == 'O';
		if (at[1] == 'S')
			checkpoint_witness_make(name, identity_public(id));
		else if (at[1] == 'O')
			checkpoint_origin_make(name, identity_public(id));
		else
			(void)snprintf(name, sizeof name, "%s.example/%u", log ? "log" : "witness", n);
		vkey_add(out, name, log ? NOTE_ED25519 : NOTE_COSIGNATURE, n);
		identity_free(id);
		at = end - 1;
	}
}

static struct tlog_policy *policy_try(const char *text, struct err *e)
{
	struct buf b = BUF_INIT(2 * TLOG_POLICY_BYTES);
	struct tlog_policy *p = NULL;
	policy_expand(&b, text);
	char *copy = malloc(b.len ? b.len : 1);
	assert_non_null(copy);
	memcpy(copy, buf_text(&b), b.len);
	int r = tlog_policy_parse(&p, copy, b.len, e);
	assert_int_equal(r, p ? 0 : -1);
	free(copy);
	buf_done(&b);
	return p;
}

static struct tlog_policy *policy_of(const char *text)
{
	struct err e = { 0 };
	struct tlog_policy *p = policy_try(text, &e);
	if (!p)
		fail_msg("%s\n%s", text, e.msg);
	return p;
}

static void accepted(void **state)
{
	(void)state;
	static const struct { const char *text; size_t logs, witnesses; } rows[] = {
		{ "quorum none\n", 0, 0 },
		{ "\n \t\n# a comment \xff\x80 of octets\n\t # another\nquorum\t none \t\n\n", 0, 0 },
		{ "log $L1\nquorum none\n", 1, 0 },
		{ "log $L1 https://log.example/\nlog $L2\nquorum none\n", 2, 0 },
		{ "witness a $W1\nquorum a\n", 0, 1 },
		{ "\t witness \t a \t $W1 \t https://w.example/\t\nquorum a\nwitness b $W2\nlog $L1\n", 1, 2 },
		{ "witness a $W1\nwitness A $W2\ngroup g all a A\nquorum g\n", 0, 2 },	/* names are octets */
		{ "witness K $W1\nwitness \xe2\x84\xaa $W2\ngroup g any K \xe2\x84\xaa\nquorum g\n", 0, 2 },
		{ "witness \xff $W1\nquorum \xff\n", 0, 1 },
		{ "witness all $W1\nwitness any $W2\nwitness 2 $W3\ngroup quorum 2 all any 2\nquorum quorum\n", 0, 3 },	/* no word but none is taken */
		{ "witness #a $W1\nquorum #a\n", 0, 1 },
		{ "witness w $S1\nlog $O2\nquorum w\n", 1, 1 },
		{ "witness a $W1\nwitness b $W2\nwitness c $W3\ngroup x 2 a b c\nwitness d $W4\ngroup y any d\ngroup z all x y\nquorum z\n", 0, 4 },
		{ "witness a $W1\nwitness b $W2\ngroup g any a b\nquorum a\n", 0, 2 },	/* a member may be the quorum */
		{ "witness a $W1\nlog $L1\nquorum none\n", 1, 1 },	/* the same key as a log and as a witness is two roles */
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tlog_policy *p = policy_of(rows[i].text);
		assert_int_equal(tlog_policy_logs(p), rows[i].logs);
		assert_int_equal(tlog_policy_witnesses(p), rows[i].witnesses);
		tlog_policy_free(p);
	}
}

static void refused(void **state)
{
	(void)state;
	/* And a word that the error must say. */
	static const char *const rows[][2] = {
		{ "", "no quorum" }, { "\n", "no quorum" }, { "log $L1\n", "no quorum" }, { "quorum none", "cut off" }, { "quorum none\nlog $L1", "line, 2, is not" },
		{ "quorum none\n#", "cut off" }, { "quorum\n", "line 1" }, { "quorum a\n", "no witness or group" }, { "quorum a\nwitness a $W1\n", "line 1" },
		{ "quorum none\nquorum none\n", "line 2 of the policy: a second quorum" }, { "quorum none none\n", "too much" }, { "quorum NONE\n", "no witness" },
		{ "quorum none # why\n", "too much" }, { "Quorum none\n", "begins with" }, { "policy v1\nquorum none\n", "line 1" },
		{ "quorum none\r\n", "control" }, { "quorum\vnone\n", "control" }, { "quorum none\n\x7f\n", "control" }, { "# \x1b[31m\nquorum none\n", "control" },
		{ "log\nquorum none\n", "missing" }, { "log x\nquorum none\n", "not a note's key" }, { "log $L1 a b\nquorum none\n", "too much" },
		{ "log $W1\nquorum none\n", "type 0x01 here, this one is of type 0x04" }, { "log $L1\nlog $L1\nquorum none\n", "listed twice" },
		{ "log $L1x\nquorum none\n", "not a note's key" },
		{ "witness a $L1\nquorum a\n", "type 0x04 here, this one is of type 0x01" }, { "witness a\nquorum a\n", "missing" }, { "witness\nquorum none\n", "missing" },
		{ "witness a $W1 u v\nquorum a\n", "too much" }, { "witness none $W1\nquorum none\n", "taken" }, { "witness a $W1\nwitness a $W2\nquorum a\n", "taken" },
		{ "witness a $W1\nwitness b $W1\nquorum a\n", "listed twice" }, { "log $L1\nlog $L2\nlog $L3\nlog $L2\nquorum none\n", "line 4" },
		{ "witness a $W1\nwitness b $W2\nwitness c $W2\nquorum a\n", "line 3" }, { "witness a $W1\nwitness b $S1\nquorum a\n", "listed twice" },
		{ "group g\nquorum g\n", "no members" }, { "group g all\nquorum g\n", "no members" }, { "group\nquorum none\n", "missing" },
		{ "witness a $W1\ngroup g a\nquorum g\n", "no members" }, { "witness a $W1\ngroup g 0 a\nquorum g\n", "cannot need 0" },
		{ "witness a $W1\ngroup g 2 a\nquorum g\n", "cannot need 2" }, { "witness a $W1\ngroup g 01 a\nquorum g\n", "a number" },
		{ "witness a $W1\ngroup g +1 a\nquorum g\n", "a number" }, { "witness a $W1\ngroup g -1 a\nquorum g\n", "a number" },
		{ "witness a $W1\ngroup g 0x1 a\nquorum g\n", "a number" }, { "witness a $W1\ngroup g 4294967297 a\nquorum g\n", "cannot need" },
		{ "witness a $W1\ngroup g 18446744073709551617 a\nquorum g\n", "a number" }, { "witness a $W1\ngroup g ALL a\nquorum g\n", "a number" },
		{ "witness a $W1\ngroup g all a a\nquorum g\n", "only once" }, { "witness a $W1\ngroup g all a b\nquorum g\n", "no witness or group" },
		{ "witness a $W1\ngroup g all a none\nquorum g\n", "no witness or group" }, { "witness a $W1\ngroup g all a g\nquorum g\n", "no witness or group" },
		{ "group g all a\nwitness a $W1\nquorum g\n", "line 1" }, { "witness a $W1\ngroup none all a\nquorum a\n", "taken" },
		{ "witness a $W1\ngroup a all a\nquorum a\n", "taken" }, { "witness a $W1\ngroup g all a\nwitness g $W2\nquorum a\n", "taken" },
		{ "witness a $W1\ngroup g any a\ngroup h any a\nquorum g\n", "line 3 of the policy: \"a\" is a member already" },
		{ "witness a $W1\nwitness b $W2\ngroup g any a\ngroup h all g b a\nquorum h\n", "only once" },
		/* Of a post-quantum kind: refused, since what it says cannot be checked here. */
		{ "witness a w.example/pq+01020304+BgAAAAAAAAAAAAAA\nquorum a\n", "type 0x04 here, this one is of type 0x06" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct err e = { 0 };
		struct tlog_policy *p = policy_try(rows[i][0], &e);
		if (p)
			fail_msg("accepted: %s", rows[i][0]);
		assert_int_equal(e.code, ERR_INVALID);
		if (!strstr(e.msg, rows[i][1]))
			fail_msg("%s: %s", rows[i][0], e.msg);
	}
	struct tlog_policy *p = NULL;
	assert_int_equal(tlog_policy_parse(&p, "quorum none\n\0\n", 14, NULL), -1);
	assert_int_equal(tlog_policy_parse(&p, NULL, 0, NULL), -1);
}

/* A name that carries a key beside another key: the policy would trust somebody else than it says. */
static void another_key_than_the_name(void **state)
{
	(void)state;
	struct buf b = BUF_INIT(KIB(4));
	struct identity *id = identity_of(1);
	char name[NOTE_NAME_BYTES + 1];
	struct err e = { 0 };
	checkpoint_witness_make(name, identity_public(id));
	assert_int_equal(buf_add_text(&b, "witness a ", NULL), 0);
	vkey_add(&b, name, NOTE_COSIGNATURE, 2);
	assert_int_equal(buf_add_text(&b, "\nquorum a\n", NULL), 0);
	assert_null(policy_try(buf_text(&b), &e));
	assert_non_null(strstr(e.msg, "another one"));
	identity_free(id);
	buf_done(&b);
}

static void limits(void **state)
{
	(void)state;
	static const struct { const char *line; unsigned max; } rows[] = {
		{ "log $L%u\n", TLOG_POLICY_LOGS }, { "witness w%u $W%u\n", TLOG_POLICY_WITNESSES }, { "witness w%u $W%u\ngroup g%u any w%u\n", TLOG_POLICY_GROUPS },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (unsigned more = 0; more < 2; more++) {
			struct buf b = BUF_INIT(TLOG_POLICY_BYTES);
			struct err e = { 0 };
			for (unsigned n = 1; n <= rows[i].max + more; n++)
				for (const char *at = rows[i].line; *at != '\0'; at++)
					if (*at == '%' && at[1] == 'u')
						at++, assert_int_equal(buf_addf(&b, NULL, "%u", n), 0);
					else
						assert_int_equal(buf_add(&b, at, 1, NULL), 0);
			assert_int_equal(buf_add_text(&b, "quorum none\n", NULL), 0);
			struct tlog_policy *p = policy_try(buf_text(&b), &e);
			assert_true((p != NULL) == (more == 0));
			assert_int_equal(e.code, more ? ERR_LIMIT : ERR_NONE);
			tlog_policy_free(p);
			buf_done(&b);
		}
	/* Words that are no key, about as long as the longest that could be one. */
	for (unsigned n = 170; n < 300; n++) {
		char word[300], text[400];
		struct err e = { 0 };
		memset(word, 'k', n);
		word[n] = '\0';
		(void)snprintf(text, sizeof text, "log %s\nquorum none\n", word);
		assert_null(policy_try(text, &e));
		assert_int_equal(e.code, ERR_INVALID);
	}
	/* A name of 128 bytes, and one of 129. */
	for (unsigned n = TLOG_POLICY_NAME; n <= TLOG_POLICY_NAME + 1; n++) {
		char text[512], name[TLOG_POLICY_NAME + 2];
		struct err e = { 0 };
		memset(name, 'n', n);
		name[n] = '\0';
		(void)snprintf(text, sizeof text, "witness %s $W1\nquorum %s\n", name, name);
		struct tlog_policy *p = policy_try(text, &e);
		assert_true((p != NULL) == (n == TLOG_POLICY_NAME));
		tlog_policy_free(p);
	}
	struct buf b = BUF_INIT(2 * TLOG_POLICY_BYTES);
	struct err e = { 0 };
	assert_int_equal(buf_add_text(&b, "quorum none\n#", NULL), 0);
	while (b.len < TLOG_POLICY_BYTES - 1)
		assert_int_equal(buf_add(&b, "c", 1, NULL), 0);
	assert_int_equal(buf_add(&b, "\n", 1, NULL), 0);
	tlog_policy_free(policy_of(buf_text(&b)));
	assert_int_equal(buf_add(&b, "\n", 1, NULL), 0);
	assert_null(policy_try(buf_text(&b), &e));
	assert_int_equal(e.code, ERR_LIMIT);
	buf_done(&b);
}

static void lookups(void **state)
{
	(void)state;
	struct tlog_policy *p = policy_of("log $L1\nwitness first $W5\nlog $L2 u\nwitness second $S6\ngroup g any first second\nquorum g\n");
	struct identity *id = identity_of(6);
	const char *name = NULL;
	assert_string_equal(tlog_policy_log(p, "log.example/2")->name, "log.example/2");
	assert_null(tlog_policy_log(p, "log.example/3"));
	assert_null(tlog_policy_log(p, "witness.example/5"));
	assert_string_equal(tlog_policy_witness(p, 0, &name)->name, "witness.example/5");
	assert_string_equal(name, "first");
	assert_memory_equal(tlog_policy_witness(p, 1, &name)->public_key, identity_public(id), 32);
	assert_string_equal(name, "second");
	assert_non_null(tlog_policy_witness(p, 1, NULL));
	identity_free(id);
	tlog_policy_free(p);
	tlog_policy_free(NULL);
}

/* ---- checkpoints ---- */

struct made { struct buf note; struct buf text; struct checkpoint c; };

/* A checkpoint of log n ('L' with a plain name, 'O' with one that carries its key). */
static void made_init(struct made *m, char kind, unsigned n)
{
	struct identity *id = identity_of(n);
	*m = (struct made){ .note = BUF_INIT(CHECKPOINT_NOTE_MAX), .text = BUF_INIT(CHECKPOINT_TEXT_MAX) };
	if (kind == 'O')
		checkpoint_origin_make(m->c.origin, identity_public(id));
	else
		(void)snprintf(m->c.origin, sizeof m->c.origin, "log.example/%u", n);
	m->c.size = 5;
	memset(m->c.root.b, 0x5a, sizeof m->c.root.b);
	assert_int_equal(checkpoint_write(&m->c, &m->text, NULL), 0);
	assert_int_equal(note_sign(&m->note, buf_text(&m->text), m->text.len, m->c.origin, id, NULL), 0);
	identity_free(id);
}

static void made_cosign(struct made *m, char kind, unsigned n, uint64_t time)
{
	struct identity *id = identity_of(n);
	char name[NOTE_NAME_BYTES + 1];
	if (kind == 'S')
		checkpoint_witness_make(name, identity_public(id));
	else
		(void)snprintf(name, sizeof name, "witness.example/%u", n);
	assert_int_equal(note_cosign(&m->note, buf_text(&m->text), m->text.len, name, id, time, NULL), 0);
	identity_free(id);
}

static void made_done(struct made *m)
{
	buf_done(&m->note);
	buf_done(&m->text);
}

static enum err_code check(const struct tlog_policy *p, const struct made *m, struct tlog_verdict *v, struct err *e)
{
	struct checkpoint c;
	struct tlog_verdict unused;
	struct err own = { 0 };
	e = e ? e : &own;
	*e = (struct err){ 0 };
	int r = tlog_policy_check(p, buf_text(&m->note), m->note.len, &c, v ? v : &unused, e);
	assert_int_equal(r, e->code == ERR_NONE ? 0 : -1);
	if (r == 0)
		assert_true(c.size == 5 && merkle_equal(&c.root, &m->c.root) && strcmp(c.origin, m->c.origin) == 0);
	return e->code;
}

#define XY "log $L1\nwitness X1 $W10\nwitness X2 $W11\nwitness X3 $W12\ngroup X-witnesses 2 X1 X2 X3\n" \
	"witness Y1 $W13\nwitness Y2 $W14\nwitness Y3 $W15\ngroup Y-witnesses any Y1 Y2 Y3\n" \
	"group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"

/* The example of C2SP tlog-policy under each of the 64 sets of witnesses. */
static void example_of_c2sp(void **state)
{
	(void)state;
	struct tlog_policy *p = policy_of(XY);
	for (unsigned set = 0; set < 64; set++) {
		struct made m;
		struct tlog_verdict v;
		struct err e;
		made_init(&m, 'L', 1);
		for (unsigned w = 0; w < 6; w++)
			if (set >> w & 1)
				made_cosign(&m, 'W', 10 + w, 1000 + 7 * w % 5);
		bool met = __builtin_popcount(set & 7) >= 2 && (set & 56) != 0;
		assert_int_equal(check(p, &m, &v, &e), met ? ERR_NONE : ERR_DENIED);
		assert_int_equal(v.quorum, met);
		assert_int_equal(v.cosigned, __builtin_popcount(set));
		assert_int_equal(v.unknown, 0);
		uint64_t newest = 0;
		for (unsigned w = 0; w < 6; w++)
			if ((set >> w & 1) && 1000 + 7 * w % 5 > newest)
				newest = 1000 + 7 * w % 5;
		assert_int_equal(v.newest, newest);
		if (!met)
			for (unsigned w = 0; w < 6; w++) {
				char name[3] = { w < 3 ? 'X' : 'Y', (char)('1' + w % 3), '\0' };
				assert_int_equal(strstr(strstr(e.msg, "missing"), name) != NULL, !(set >> w & 1));
			}
		made_done(&m);
	}
	tlog_policy_free(p);
}

/* Who is missing is named: of the quorum, not of the whole policy; and of very many as many as there is room for. */
static void who_is_missing(void **state)
{
	(void)state;
	static const struct { const char *quorum, *says; } rows[] = {
		{ "a", "the quorum \"a\": 0 of its 1 witnesses countersigned; missing: a" },
		{ "g", "the quorum \"g\": 1 of its 3 witnesses countersigned; missing: a, b" },
		{ "h", "the quorum \"h\": 1 of its 4 witnesses countersigned; missing: a, b, d" },
	};
	struct made m;
	struct err e;
	made_init(&m, 'L', 1);
	made_cosign(&m, 'W', 4, 1);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[512];
		(void)snprintf(text, sizeof text, "log $L1\nwitness a $W2\nwitness b $W3\nwitness c $W4\nwitness d $W5\nwitness e $W6\ngroup g 2 a b c\n"
			"group h all g d\nquorum %s\n", rows[i].quorum);
		struct tlog_policy *p = policy_of(text);
		assert_int_equal(check(p, &m, NULL, &e), ERR_DENIED);
		assert_string_equal(strstr(e.msg, "the quorum"), rows[i].says);
		tlog_policy_free(p);
	}
	struct buf b = BUF_INIT(TLOG_POLICY_BYTES), group = BUF_INIT(TLOG_POLICY_BYTES);
	assert_int_equal(buf_add_text(&b, "log $L1\n", NULL), 0);
	assert_int_equal(buf_add_text(&group, "group g all", NULL), 0);
	for (unsigned n = 0; n < TLOG_POLICY_WITNESSES; n++) {
		assert_int_equal(buf_addf(&b, NULL, "witness %0*u $W%u\n", (int)(TLOG_POLICY_NAME - n), n, 10 + n), 0);
		assert_int_equal(buf_addf(&group, NULL, " %0*u", (int)(TLOG_POLICY_NAME - n), n), 0);
	}
	assert_int_equal(buf_addf(&b, NULL, "%s\nquorum g\n", buf_text(&group)), 0);
	struct tlog_policy *p = policy_of(buf_text(&b));
	assert_int_equal(check(p, &m, NULL, &e), ERR_DENIED);
	assert_non_null(strstr(e.msg, "0 of its 64"));
	assert_string_equal(strstr(e.msg, " and others"), " and others");
	tlog_policy_free(p);
	buf_done(&b);
	buf_done(&group);
	made_done(&m);
}

/* Each k of five, by counting. */
static void thresholds(void **state)
{
	(void)state;
	struct made sets[32];
	for (unsigned set = 0; set < 32; set++) {
		made_init(&sets[set], 'L', 1);
		for (unsigned w = 0; w < 5; w++)
			if (set >> w & 1)
				made_cosign(&sets[set], 'W', 20 + w, 1);
	}
	for (unsigned k = 1; k <= 5; k++) {
		char text[512];
		(void)snprintf(text, sizeof text, "log $L1\nwitness a $W20\nwitness b $W21\nwitness c $W22\nwitness d $W23\nwitness e $W24\n"
			"group g %u a b c d e\nquorum g\n", k);
		struct tlog_policy *p = policy_of(text);
		for (unsigned set = 0; set < 32; set++)
			assert_int_equal(check(p, &sets[set], NULL, NULL), (unsigned)__builtin_popcount(set) >= k ? ERR_NONE : ERR_DENIED);
		tlog_policy_free(p);
	}
	for (unsigned set = 0; set < 32; set++)
		made_done(&sets[set]);
}

static void logs_of_the_policy(void **state)
{
	(void)state;
	struct tlog_policy *one = policy_of("log $L1\nlog $L2\nquorum none\n"), *none = policy_of("quorum none\n");
	struct made listed, other, ours;
	made_init(&listed, 'L', 2);
	made_init(&other, 'L', 3);
	made_init(&ours, 'O', 4);
	assert_int_equal(check(one, &listed, NULL, NULL), ERR_NONE);
	assert_int_equal(check(one, &other, NULL, NULL), ERR_DENIED);
	assert_int_equal(check(one, &ours, NULL, NULL), ERR_DENIED);	/* its key is known, but not trusted */
	assert_int_equal(check(none, &listed, NULL, NULL), ERR_DENIED);	/* no key at all */
	assert_int_equal(check(none, &ours, NULL, NULL), ERR_NONE);
	assert_int_equal(check(NULL, &ours, NULL, NULL), ERR_NONE);
	assert_int_equal(check(NULL, &listed, NULL, NULL), ERR_DENIED);
	made_done(&listed);
	made_done(&other);
	made_done(&ours);
	tlog_policy_free(one);
	tlog_policy_free(none);
}

/* A log that has changed its key is listed with both; either signs for it, and neither badly. */
static void two_keys_of_one_log(void **state)
{
	(void)state;
	struct buf b = BUF_INIT(KIB(4));
	struct made m;
	assert_int_equal(buf_add_text(&b, "log ", NULL), 0);
	vkey_add(&b, "log.example/1", NOTE_ED25519, 77);
	assert_int_equal(buf_add_text(&b, "\nlog $L1\nquorum none\n", NULL), 0);
	struct tlog_policy *p = policy_of(buf_text(&b));
	made_init(&m, 'L', 1);
	assert_int_equal(check(p, &m, NULL, NULL), ERR_NONE);
	struct identity *old = identity_of(77);
	struct buf both = BUF_INIT(KIB(4));
	assert_int_equal(note_sign(&both, buf_text(&m.text), m.text.len, "log.example/1", old, NULL), 0);
	assert_int_equal(buf_add_text(&m.note, strstr(buf_text(&both), DASH), NULL), 0);
	assert_int_equal(check(p, &m, NULL, NULL), ERR_NONE);
	char *last = strrchr(buf_text(&m.note), '=') - 4;
	*last = *last == 'A' ? 'B' : 'A';
	assert_int_equal(check(p, &m, NULL, NULL), ERR_INVALID);
	identity_free(old);
	buf_done(&both);
	buf_done(&b);
	made_done(&m);
	tlog_policy_free(p);
}

static void who_counts(void **state)
{
	(void)state;
	struct tlog_policy *p = policy_of("log $O1\nwitness a $S2\nwitness b $W3\ngroup g any a b\nquorum g\n");
	struct tlog_verdict v;
	struct made m;
	made_init(&m, 'O', 1);
	made_cosign(&m, 'S', 9, 500);	/* holds, but nobody trusts it */
	made_cosign(&m, 'W', 8, 600);	/* nobody can check it */
	assert_int_equal(check(p, &m, &v, NULL), ERR_DENIED);
	assert_true(v.cosigned == 0 && v.unknown == 2 && v.newest == 0 && !v.quorum);
	made_cosign(&m, 'W', 3, 400);
	assert_int_equal(check(p, &m, &v, NULL), ERR_NONE);
	assert_true(v.cosigned == 1 && v.unknown == 2 && v.newest == 400 && v.quorum);
	/* Without a policy: who carries a key is counted. */
	assert_int_equal(check(NULL, &m, &v, NULL), ERR_NONE);
	assert_true(v.cosigned == 1 && v.unknown == 2 && v.newest == 500 && v.quorum);
	made_done(&m);
	tlog_policy_free(p);
}

/* A signature of the text by a witness's key is no cosignature, and a log's cosignature is not its signature. */
static void roles(void **state)
{
	(void)state;
	struct tlog_policy *p = policy_of("log $L1\nwitness a $W2\nquorum a\n");
	struct identity *witness = identity_of(2), *log = identity_of(1);
	struct made m;
	struct buf b = BUF_INIT(KIB(4));
	made_init(&m, 'L', 1);
	assert_int_equal(note_sign(&b, buf_text(&m.text), m.text.len, "witness.example/2", witness, NULL), 0);
	assert_int_equal(buf_add_text(&m.note, strstr(buf_text(&b), DASH), NULL), 0);
	assert_int_equal(check(p, &m, NULL, NULL), ERR_DENIED);
	m.note.len = m.text.len;
	assert_int_equal(buf_add(&m.note, "\n", 1, NULL), 0);
	made_cosign(&m, 'W', 2, 1);
	assert_int_equal(note_cosign(&m.note, buf_text(&m.text), m.text.len, "log.example/1", log, 1, NULL), 0);
	assert_int_equal(check(p, &m, NULL, NULL), ERR_DENIED);
	identity_free(witness);
	identity_free(log);
	buf_done(&b);
	made_done(&m);
	tlog_policy_free(p);
}

/* Every bit of the whole note, under a policy that needs both witnesses and under one that would be content with either, for names that carry their keys
 * and for names that do not. Where one witness would be enough, a changed letter in the other's name must not make it a stranger. */
static void every_bit(void **state)
{
	(void)state;
	static const char *const policies[] = {
		"log $O1\nwitness a $S2\nwitness b $S3\ngroup g all a b\nquorum g\n", "log $O1\nwitness a $S2\nwitness b $S3\ngroup g any a b\nquorum g\n",
		"witness a $S2\nwitness b $S3\ngroup g any a b\nquorum g\n", "log $L1\nwitness a $W2\nwitness b $W3\ngroup g all a b\nquorum g\n",
		"log $L1\nwitness a $W2\nwitness b $W3\ngroup g any a b\nquorum g\n", "log $L1\nwitness a $W2\nwitness b $S3\ngroup g any a b\nquorum g\n",
		"log $O1\nwitness a $S2\nwitness b $W3\nquorum none\n", NULL,	/* NULL: no policy */
	};
	for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
		struct tlog_policy *p = policies[i] ? policy_of(policies[i]) : NULL;
		const char *text = policies[i] ? policies[i] : "$S2$S3";
		struct tlog_verdict v;
		struct made m;
		made_init(&m, policies[i] && strstr(text, "$L1") ? 'L' : 'O', 1);
		made_cosign(&m, strstr(text, "$S2") ? 'S' : 'W', 2, 1700000000);
		made_cosign(&m, strstr(text, "$S3") ? 'S' : 'W', 3, 1700000001);
		assert_int_equal(check(p, &m, &v, NULL), ERR_NONE);
		assert_true(v.cosigned == 2 && v.unknown == 0);
		for (size_t at = 0; at < m.note.len; at++)
			for (unsigned bit = 0; bit < 8; bit++) {
				m.note.data[at] ^= (uint8_t)(1u << bit);
				if (check(p, &m, NULL, NULL) == ERR_NONE)
					fail_msg("policy %zu, byte %zu, bit %u: accepted:\n%s", i, at, bit, buf_text(&m.note));
				m.note.data[at] ^= (uint8_t)(1u << bit);
			}
		assert_int_equal(check(p, &m, NULL, NULL), ERR_NONE);
		made_done(&m);
		tlog_policy_free(p);
	}
}

/* Any other byte in the head of a plain witness's line, where the other witness alone would do. */
static void every_byte_of_a_head(void **state)
{
	(void)state;
	struct tlog_policy *p = policy_of("log $L1\nwitness a $W2\nwitness b $W3\ngroup g any a b\nquorum g\n");
	struct made m;
	made_init(&m, 'L', 1);
	made_cosign(&m, 'W', 2, 1700000000);
	made_cosign(&m, 'W', 3, 1700000001);
	char *name = strstr(buf_text(&m.note), "witness.example/3 "), *end = strchr(name, ' ') + 8;
	for (char *at = name - strlen(DASH); at < end; at++) {
		char was = *at;
		for (int byte = 0; byte < 256; byte++) {
			*at = (char)byte;
			if (*at != was && check(p, &m, NULL, NULL) == ERR_NONE)
				fail_msg("byte %td as 0x%02x: accepted", at - name, (unsigned)byte);
		}
		*at = was;
	}
	assert_int_equal(check(p, &m, NULL, NULL), ERR_NONE);
	made_done(&m);
	tlog_policy_free(p);
}

/* What remains, said in checkpoint.h: a stranger's line can be anything, and is worth nothing. */
static void strangers_line(void **state)
{
	(void)state;
	struct tlog_policy *p = policy_of("log $L1\nwitness a $W2\nquorum a\n");
	struct tlog_verdict v;
	struct made m;
	made_init(&m, 'L', 1);
	made_cosign(&m, 'W', 2, 1);
	made_cosign(&m, 'W', 50, 1);
	char *mid = strstr(buf_text(&m.note), "witness.example/50 ") + 30;
	*mid = *mid == 'A' ? 'B' : 'A';
	assert_int_equal(check(p, &m, &v, NULL), ERR_NONE);
	assert_true(v.cosigned == 1 && v.unknown == 1);
	made_done(&m);
	tlog_policy_free(p);
}

static int setup(void **state)
{
	(void)state;
	return crypto_init(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted),
		cmocka_unit_test(refused),
		cmocka_unit_test(another_key_than_the_name),
		cmocka_unit_test(limits),
		cmocka_unit_test(lookups),
		cmocka_unit_test(example_of_c2sp),
		cmocka_unit_test(who_is_missing),
		cmocka_unit_test(thresholds),
		cmocka_unit_test(logs_of_the_policy),
		cmocka_unit_test(two_keys_of_one_log),
		cmocka_unit_test(who_counts),
		cmocka_unit_test(roles),
		cmocka_unit_test(every_bit),
		cmocka_unit_test(every_byte_of_a_head),
		cmocka_unit_test(strangers_line),
	};
	return cmocka_run_group_tests_name("tlog_policy", tests, setup, NULL);
}
