/* Obligations: what is read and what is refused, the one way in which they are written, and the laws of merging on random cases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "trust/obligations.h"

#define CASES 20000u

static int read_text(struct obligations *o, const char *text, struct err *e)
{
	struct json *tree = NULL;
	assert_int_equal(json_parse(&tree, text, strlen(text), e), 0);
	int r = obligations_read(o, tree, e);
	json_free(tree);
	return r;
}

static void assert_written(const struct obligations *o, const char *expected)
{
	struct err e = { .code = ERR_NONE };
	struct buf out = BUF_INIT(KIB(16));
	assert_int_equal(obligations_write(o, &out, &e), 0);
	assert_string_equal(buf_text(&out), expected);
	buf_done(&out);
}

static void read_and_written(void **state)
{
	static const struct { const char *in, *out; } cases[] = {
		{ "{}", "" },
		{ "{\"log\":\"full\"}", "" },	/* no limit: as if it were absent */
		{ "{\"max_uses\":10}", "{\"max_uses\":10}" },
		{ "{\"max_uses\":0}", "{\"max_uses\":0}" },
		{ "{\"egress\":[]}", "{\"egress\":[]}" },
		{ "{\"log\":\"owner\"}", "{\"log\":\"owner\"}" },
		{ "{\"price\":4611686018427387903}", "{\"price\":4611686018427387903}" },
		{ " { \"price\" : 25 , \"log\":\"none\",\"egress\":[\"smtp:b.example.org:587\",\"https:a.example.org\"],\"epsilon_u6\":500000,\"output_bytes\":65536,"
		  "\"min_cohort\":50,\"max_uses\":10}",
		  "{\"max_uses\":10,\"min_cohort\":50,\"output_bytes\":65536,\"epsilon_u6\":500000,\"price\":25,\"log\":\"none\","
		  "\"egress\":[\"https:a.example.org\",\"smtp:b.example.org:587\"]}" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct obligations o;
		struct err e = { .code = ERR_NONE };
		assert_int_equal(read_text(&o, cases[i].in, &e), 0);
		assert_written(&o, cases[i].out);
	}
}

static void refused(void **state)
{
	static const struct { const char *in, *says; } cases[] = {
		{ "[]", "must be an object" }, { "null", "must be an object" }, { "7", "must be an object" },
		{ "{\"max_use\":1}", "did you mean \"max_uses\"?" }, { "{\"\":1}", "there is no obligation" },
		{ "{\"delete_after\":\"P1D\"}", "there is no obligation" }, { "{\"a\\u0007b\":1}", "a\\x07b" },
		{ "{\"max_uses\":\"1\"}", "must be an integer" }, { "{\"max_uses\":true}", "must be an integer" }, { "{\"max_uses\":null}", "must be an integer" },
		{ "{\"max_uses\":1.0}", "must be an integer" }, { "{\"max_uses\":1e2}", "must be an integer" }, { "{\"max_uses\":[1]}", "must be an integer" },
		{ "{\"max_uses\":-1}", "between 0 and" }, { "{\"max_uses\":-0}", "between 0 and" }, { "{\"price\":4611686018427387904}", "between 0 and" },
		{ "{\"price\":18446744073709551617}", "between 0 and" }, { "{\"price\":99999999999999999999999999}", "between 0 and" },
		{ "{\"log\":\"sealed\"}", "must be \"full\"" }, { "{\"log\":0}", "must be \"full\"" }, { "{\"log\":null}", "must be \"full\"" },
		{ "{\"log\":\"none\\u0000\"}", "must be \"full\"" },
		{ "{\"egress\":\"https:a.example.org\"}", "must be a list" }, { "{\"egress\":{}}", "must be a list" }, { "{\"egress\":[1]}", "is like" },
		{ "{\"egress\":[\"a.example.org\"]}", "is like" }, { "{\"egress\":[\"https:a.example.org\\u0000\"]}", "is like" },
		{ "{\"egress\":[\"https:a.example.org\",\"https:a.example.org\"]}", "twice" },
		{ "{\"max_uses\":1,\"log\":\"all\"}", "must be \"full\"" },
	};
	static const struct obligations nothing;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct obligations o;
		struct err e = { .code = ERR_NONE };
		assert_int_equal(read_text(&o, cases[i].in, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		if (!strstr(e.msg, cases[i].says))
			fail_msg("%s: %s", cases[i].in, e.msg);
		assert_memory_equal(&o, &nothing, sizeof o);
	}
	struct buf many = BUF_INIT(KIB(4));
	struct obligations o;
	struct err e = { .code = ERR_NONE };
	for (unsigned n = OBLIGATION_EGRESS_MAX; n <= OBLIGATION_EGRESS_MAX + 1; n++) {
		buf_clear(&many);
		assert_int_equal(buf_add_text(&many, "{\"egress\":[", NULL), 0);
		for (unsigned i = 0; i < n; i++)
			assert_int_equal(buf_addf(&many, NULL, "%s\"https:h%u.example.org\"", i ? "," : "", i), 0);
		assert_int_equal(buf_add_text(&many, "]}", NULL), 0);
		assert_int_equal(read_text(&o, buf_text(&many), &e), n > OBLIGATION_EGRESS_MAX ? -1 : 0);
	}
	buf_done(&many);
}

static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	return *seed ^= *seed << 17;
}

/* Few values, so that equal, smaller, larger and absent ones all meet. */
static struct obligations some(uint64_t *seed)
{
	struct obligations o;
	struct err e = { .code = ERR_NONE };
	struct buf text = BUF_INIT(KIB(4));
	static const char *const logs[] = { "full", "owner", "none" };
	static const char *const places[] = { "https:a.example.org", "https:b.example.org", "https:b.example.org:8443", "smtp:c.example.org:25" };
	const char *comma = "";
	buf_add_text(&text, "{", NULL);
#define X(name, merge, scope, doc) if (next(seed) % 3) { buf_addf(&text, NULL, "%s\"" #name "\":%u", comma, (unsigned)(next(seed) % 5)); comma = ","; }
	OBLIGATION_NUMBERS(X)
#undef X
	if (next(seed) % 2) {
		buf_addf(&text, NULL, "%s\"log\":\"%s\"", comma, logs[next(seed) % 3]);
		comma = ",";
	}
	if (next(seed) % 3) {
		uint64_t which = next(seed);
		const char *between = "";
		buf_addf(&text, NULL, "%s\"egress\":[", comma);
		for (size_t i = sizeof places / sizeof places[0]; i-- > 0; )
			if (which >> i & 1) {
				buf_addf(&text, NULL, "%s\"%s\"", between, places[i]);
				between = ",";
			}
		buf_add_text(&text, "]", NULL);
	}
	buf_add_text(&text, "}", NULL);
	assert_int_equal(read_text(&o, buf_text(&text), &e), 0);
	buf_done(&text);
	return o;
}

static struct obligations merged(const struct obligations *a, const struct obligations *b)
{
	struct obligations o = *a;
	obligations_merge(&o, b);
	return o;
}

static void assert_equal(const struct obligations *a, const struct obligations *b)
{
	struct buf x = BUF_INIT(KIB(16)), y = BUF_INIT(KIB(16));
	assert_int_equal(obligations_write(a, &x, NULL), 0);
	assert_int_equal(obligations_write(b, &y, NULL), 0);
	assert_string_equal(buf_text(&x), buf_text(&y));
	buf_done(&x);
	buf_done(&y);
}

#define narrower_MIN(a, b) ((a) <= (b))
#define narrower_MAX(a, b) ((a) >= (b))

/* Whatever m allows, o allows. Said for each obligation by its own meaning, not by merging. */
static void assert_no_wider(const struct obligations *m, const struct obligations *o)
{
#define X(name, merge, scope, doc) if (o->has_##name) { assert_true(m->has_##name); assert_true(narrower_##merge(m->name, o->name)); }
	OBLIGATION_NUMBERS(X)
#undef X
	assert_true(m->log >= o->log);
	if (!o->has_egress)
		return;
	assert_true(m->has_egress);
	for (size_t i = 0; i < m->n_egress; i++) {
		bool found = false;
		for (size_t k = 0; k < o->n_egress; k++)
			found = found || strcmp(m->egress[i], o->egress[k]) == 0;
		assert_true(found);
	}
}

static void lattice(void **state)
{
	uint64_t seed = 0x6f626c69676174ull;
	static const struct obligations nothing;
	(void)state;
	for (unsigned i = 0; i < CASES; i++) {
		struct obligations a = some(&seed), b = some(&seed), c = some(&seed);
		struct obligations ab = merged(&a, &b), ba = merged(&b, &a), bc = merged(&b, &c);
		struct obligations left = merged(&ab, &c), right = merged(&a, &bc), twice = merged(&a, &a), empty = merged(&a, &nothing), again = merged(&ab, &b);
		assert_equal(&ab, &ba);
		assert_equal(&left, &right);
		assert_equal(&twice, &a);
		assert_equal(&empty, &a);
		assert_equal(&again, &ab);
		assert_no_wider(&ab, &a);
		assert_no_wider(&ab, &b);
	}
}

/* No stricter than needed either: each value of the merged one is a value of a side. */
static void least(void **state)
{
	static const struct { const char *a, *b, *both; } cases[] = {
		{ "{\"max_uses\":3}", "{\"max_uses\":5}", "{\"max_uses\":3}" },
		{ "{\"min_cohort\":3}", "{\"min_cohort\":5}", "{\"min_cohort\":5}" },
		{ "{\"output_bytes\":3}", "{}", "{\"output_bytes\":3}" },
		{ "{\"epsilon_u6\":9,\"price\":1}", "{\"epsilon_u6\":7,\"price\":2}", "{\"epsilon_u6\":7,\"price\":2}" },
		{ "{\"log\":\"owner\"}", "{\"log\":\"none\"}", "{\"log\":\"none\"}" },
		{ "{\"log\":\"owner\"}", "{}", "{\"log\":\"owner\"}" },
		{ "{\"egress\":[\"https:a.example.org\",\"https:b.example.org\"]}", "{\"egress\":[\"https:b.example.org\",\"https:c.example.org\"]}",
		  "{\"egress\":[\"https:b.example.org\"]}" },
		{ "{\"egress\":[\"https:a.example.org\"]}", "{\"egress\":[\"https:c.example.org\"]}", "{\"egress\":[]}" },
		{ "{\"egress\":[\"https:a.example.org\"]}", "{\"max_uses\":1}", "{\"max_uses\":1,\"egress\":[\"https:a.example.org\"]}" },
		{ "{\"egress\":[]}", "{}", "{\"egress\":[]}" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct obligations a, b;
		assert_int_equal(read_text(&a, cases[i].a, NULL), 0);
		assert_int_equal(read_text(&b, cases[i].b, NULL), 0);
		struct obligations both = merged(&a, &b);
		assert_written(&both, cases[i].both);
	}
}

static void round_trip(void **state)
{
	uint64_t seed = 0x726f756e64ull;
	(void)state;
	for (unsigned i = 0; i < CASES; i++) {
		struct obligations o = some(&seed), back;
		struct buf out = BUF_INIT(KIB(16));
		assert_int_equal(obligations_write(&o, &out, NULL), 0);
		assert_int_equal(read_text(&back, out.len ? buf_text(&out) : "{}", NULL), 0);
		assert_equal(&o, &back);
		buf_done(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_and_written),
		cmocka_unit_test(refused),
		cmocka_unit_test(lattice),
		cmocka_unit_test(least),
		cmocka_unit_test(round_trip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
