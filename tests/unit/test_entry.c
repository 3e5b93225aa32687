/* Entries: form/entry.h, with its files entry_codec.c, entry_value.c, entry_time.c and entry_json.c. Most cases are made from the list of types, so that a
 * new type is tested when it is listed. `test_entry golden DIR` writes the golden entries anew, `test_entry tables` the tables of ENTRIES.md.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/os.h"
#include "base/text.h"
#include "entry_make.h"
#include "seal/crypto.h"

#define DASH "\xe2\x80\x94 "
#define GOLDEN "tests/vectors/entry"
#define PAGE "core/form/ENTRIES.md"
#define SIGNER 7	/* of the golden entries */

static struct identity *signer, *other;

static int group_setup(void **state)
{
	(void)state;
	signer = entry_make_identity(SIGNER);
	other = entry_make_identity(8);
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	identity_free(signer);
	identity_free(other);
	return 0;
}

static struct buf made(enum entry_type type, bool full)
{
	struct entry en;
	struct buf note = BUF_INIT(ENTRY_BYTES_MAX);
	entry_make(&en, type, full);
	assert_int_equal(entry_sign(&en, signer, &note, NULL), 0);
	return note;
}

/* Any text, signed as if it were an entry: also what entry_sign would never write. */
static struct buf signed_as(const char *text, size_t len, const char *name, const struct identity *id)
{
	struct buf note = BUF_INIT(LIMIT_NOTE_BYTES);
	struct err e = { 0 };
	if (note_sign(&note, text, len, name, id, &e) < 0)
		fail_msg("%s", e.msg);
	return note;
}

static const char *name_of(const struct identity *id)
{
	static char text[IDENTITY_TEXT];
	identity_text(text, identity_public(id));
	return text;
}

/* Neither way takes it, and the error has this in it. */
static void refused(const void *bytes, size_t len, const char *why)
{
	struct entry en;
	struct err e = { 0 }, e2 = { 0 };
	if (entry_open(&en, bytes, len, NULL, &e) == 0 || entry_decode(&en, bytes, len, NULL, &e2) == 0)
		fail_msg("accepted:\n%.*s", (int)len, (const char *)bytes);
	if (!strstr(e.msg, why) || strcmp(e.msg, e2.msg) != 0)
		fail_msg("\"%s\" is not \"%s\":\n%.*s", e.msg, why, (int)len, (const char *)bytes);
	assert_int_equal(e.code, ERR_INVALID);
}

static void text_refused(const char *text, size_t len, const char *why)
{
	struct buf note = signed_as(text, len, name_of(signer), signer);
	refused(note.data, note.len, why);
	buf_done(&note);
}

/* The text of a note, for changing it; ends in NUL. */
static char *text_of(const struct buf *note, size_t *len)
{
	struct entry en;
	assert_int_equal(entry_open(&en, note->data, note->len, len, NULL), 0);
	char *text = malloc(*len + 1);
	memcpy(text, note->data, *len);
	text[*len] = '\0';
	return text;
}

/* What was decoded is written as it was read: text and value name each other. */
static void writes_back(const struct entry *en, const void *text, size_t len)
{
	struct buf again = BUF_INIT(ENTRY_BYTES_MAX);
	struct err e = { 0 };
	if (entry_encode(en, &again, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(again.len, len);
	assert_memory_equal(again.data, text, len);
	buf_done(&again);
}

#define EACH_TYPE(t, full) \
	for (unsigned t = 0; t < ENTRY_TYPE_COUNT; t++) \
		for (unsigned full = 0; full < 2; full++)

static void round_trips(void **state)
{
	(void)state;
	EACH_TYPE(t, full) {
		struct entry in, out, decoded;
		struct buf note = BUF_INIT(ENTRY_BYTES_MAX);
		size_t len, len2;
		entry_make(&in, (enum entry_type)t, full);
		assert_int_equal(entry_sign(&in, signer, &note, NULL), 0);
		assert_int_equal(entry_open(&out, note.data, note.len, &len, NULL), 0);
		assert_int_equal(entry_decode(&decoded, note.data, note.len, &len2, NULL), 0);
		assert_memory_equal(&out, &decoded, sizeof out);
		assert_int_equal(len, len2);
		assert_int_equal(out.type, t);
		assert_memory_equal(out.by, identity_public(signer), 32);
		assert_int_equal(out.time, ENTRY_MAKE_TIME);
		assert_memory_equal(out.nonce, in.nonce, ENTRY_NONCE);
		assert_true(entry_text_is(&out.book, ENTRY_MAKE_BOOK));
		writes_back(&out, note.data, len);
		writes_back(&in, note.data, len);
		buf_done(&note);
	}
}

/* One type by hand, so that the tables are not their own judge. */
static void values_arrive(void **state)
{
	(void)state;
	struct entry in = { .type = ENTRY_TASK_COMPLETE_TYPE, .time = 0, .book = entry_text("b") }, out;
	struct buf note = BUF_INIT(ENTRY_BYTES_MAX);
	id_make(in.task_complete.task, ID_TASK, "x", 1);
	in.task_complete.outcome = entry_text("FAILED");
	memset(in.task_complete.measurement, 3, 32);
	memset(in.task_complete.digest, 4, 32);
	in.task_complete.size = ENTRY_NUMBER_MAX;
	in.task_complete.missing_layer = (struct entry_texts){ 2, { entry_text("landlock"), entry_text("seccomp") } };
	in.task_complete.assurance = entry_text("none");
	assert_int_equal(entry_sign(&in, signer, &note, NULL), 0);
	assert_int_equal(entry_open(&out, note.data, note.len, NULL, NULL), 0);
	assert_string_equal(out.task_complete.task, in.task_complete.task);
	assert_true(entry_text_is(&out.task_complete.outcome, "FAILED"));
	assert_false(entry_text_is(&out.task_complete.outcome, "FAIL"));
	assert_int_equal(out.task_complete.reason.len, 0);
	assert_true(out.task_complete.size == ENTRY_NUMBER_MAX);
	assert_memory_equal(out.task_complete.result, (uint8_t[32]){ 0 }, 32);
	assert_int_equal(out.task_complete.missing_layer.n, 2);
	assert_true(entry_text_is(&out.task_complete.missing_layer.at[1], "seccomp"));
	assert_true(entry_text_is(&out.task_complete.assurance, "none"));
	buf_done(&note);
}

static void nonce_is_drawn(void **state)
{
	(void)state;
	static const uint8_t zero[ENTRY_NONCE];
	struct entry a, b;
	struct buf note = BUF_INIT(ENTRY_BYTES_MAX);
	entry_make(&a, ENTRY_ACCOUNT_CLOSE_TYPE, true);
	memset(a.nonce, 0, sizeof a.nonce);
	b = a;
	assert_int_equal(entry_sign(&a, signer, &note, NULL), 0);
	assert_int_equal(entry_sign(&b, signer, &note, NULL), 0);
	assert_memory_not_equal(a.nonce, zero, ENTRY_NONCE);
	assert_memory_not_equal(a.nonce, b.nonce, ENTRY_NONCE);
	buf_done(&note);
}

/* text with what stands from `at` on, cut bytes of it, replaced by put; signed and refused. */
static void spliced_refused(const char *text, size_t len, size_t at, size_t cut, const char *put, const char *why)
{
	size_t add = strlen(put), total = len - cut + add;
	char *changed = malloc(total + 1);
	memcpy(changed, text, at);
	memcpy(changed + at, put, add);
	memcpy(changed + at + add, text + at + cut, len - at - cut);
	text_refused(changed, total, why);
	free(changed);
}

/* Of every line of every type: taken away, twice, swapped with the next one, and ill written. */
static void lines_have_their_place(void **state)
{
	(void)state;
	EACH_TYPE(t, full) {
		struct buf note = made((enum entry_type)t, full);
		size_t len;
		char *text = text_of(&note, &len);
		const struct entry_info *info = entry_info((enum entry_type)t);
		size_t row = 0;
		for (size_t at = strcspn(text, "\n") + 1; text[at]; at += strcspn(text + at, "\n") + 1) {
			size_t n = strcspn(text + at, "\n") + 1, key = strcspn(text + at, ":"), next = strcspn(text + at + n, "\n");
			const struct entry_field *f = NULL;
			for (row = 0; row < info->n; row++)
				if (strlen(info->fields[row].key) == key && memcmp(info->fields[row].key, text + at, key) == 0)
					f = &info->fields[row];
			char twice[512], swapped[1024];
			(void)snprintf(twice, sizeof twice, "%.*s%.*s", (int)n, text + at, (int)n, text + at);
			(void)snprintf(swapped, sizeof swapped, "%.*s\n%.*s", (int)next, text + at + n, (int)n, text + at);
			bool many = f && f->need == ENTRY_MANY, same = next > key && memcmp(text + at, text + at + n, key + 1) == 0;
			if (!f || f->need == ENTRY_REQUIRED)
				spliced_refused(text, len, at, n, "", "is missing or out of its place");
			if (!many)
				spliced_refused(text, len, at, n, twice, "out of its place");
			if (!same && text[at + n])
				spliced_refused(text, len, at, n + next + 1, swapped, "out of its place");
			spliced_refused(text, len, at, 0, "colour: red\n", "unknown key \"colour\"");
			spliced_refused(text, len, at, 0, "colour\n", "no \"key: value\"");
			spliced_refused(text, len, at, 0, "\n", "no \"key: value\"");
			spliced_refused(text, len, at, 0, " ", "unknown key");
			spliced_refused(text, len, at + key, 0, "s", "");
			spliced_refused(text, len, at + key + 1, 1, "", "");	/* "key:value" */
			spliced_refused(text, len, at + key + 2, 0, " ", "");
			spliced_refused(text, len, at + n - 1, 0, " ", "");
			spliced_refused(text, len, at + key + 2, n - key - 3, "", "");	/* "key: " */
		}
		spliced_refused(text, len, len, 0, "colour: red\n", "unknown key");
		spliced_refused(text, len, len, 0, "\n", "no \"key: value\"");
		spliced_refused(text, len, len, 0, "by: x\n", "by is repeated or out of its place");
		spliced_refused(text, len, 0, 0, "\n", "not an entry");
		free(text);
		buf_done(&note);
	}
}

/* Whatever one byte of a text becomes: it is refused, or it is the one spelling of another value. The signature is not looked at, so that nothing hides
 * behind it. */
static void one_spelling(void **state)
{
	(void)state;
	static const uint8_t put[] = "\0\n\r\t\x7f 019afAFegz:=+/-\x80\xc2\xa0\xe2";
	unsigned long others = 0;
	EACH_TYPE(t, full) {
		struct buf note = made((enum entry_type)t, full);
		struct entry en;
		size_t len, got;
		assert_int_equal(entry_open(&en, note.data, note.len, &len, NULL), 0);
		for (size_t at = 0; at < len; at++) {
			uint8_t was = note.data[at];
			for (size_t i = 0; i < sizeof put - 1 + 8; i++) {
				const unsigned flip = i < sizeof put - 1 ? 0 : 1u << (i - (sizeof put - 1));
				note.data[at] = flip ? (uint8_t)(was ^ flip) : put[i];
				if (note.data[at] == was || entry_decode(&en, note.data, note.len, &got, NULL) < 0)
					continue;
				others++;
				writes_back(&en, note.data, got);
			}
			note.data[at] = was;
		}
		buf_done(&note);
	}
	assert_true(others > 1000);	/* another digit of a hash is another hash */
}

/* Flips of a signed entry are never accepted: also not in the signature line. */
static void every_bit_flip(void **state)
{
	(void)state;
	for (unsigned t = 0; t < ENTRY_TYPE_COUNT; t++) {
		struct buf note = made((enum entry_type)t, true);
		struct entry en;
		for (size_t bit = 0; bit < 8 * note.len; bit++) {
			note.data[bit / 8] = (uint8_t)(note.data[bit / 8] ^ 1 << bit % 8);
			if (entry_open(&en, note.data, note.len, NULL, NULL) == 0)
				fail_msg("%s: bit %zu", entry_info((enum entry_type)t)->type, bit);
			note.data[bit / 8] = (uint8_t)(note.data[bit / 8] ^ 1 << bit % 8);
		}
		for (size_t len = 0; len < note.len; len++)
			assert_int_equal(entry_open(&en, note.data, len, NULL, NULL), -1);
		assert_int_equal(entry_open(&en, note.data, note.len, NULL, NULL), 0);
		buf_done(&note);
	}
}

static void first_line(void **state)
{
	(void)state;
	struct buf note = made(ENTRY_ACCOUNT_CLOSE_TYPE, true);
	size_t len;
	char *text = text_of(&note, &len);
	const struct { const char *line, *why; } rows[] = {
		{ "enclua/account.close/v2", "another version" }, { "enclua/account.close", "" }, { "enclua//v1", "not an entry" },
		{ "enclua/account.open/v1", "no type of entry" }, { "Enclua/account.close/v1", "not an entry" }, { "enclua/account.close/v1 ", "" },
		{ "enclua/account.close/v01", "" }, { "enclua/account.deposit/v1", "to is missing" }, { "enclua/ACCOUNT.CLOSE/v1", "no type" },
		{ "enclua/account.close/v1/v1", "no type" }, { " enclua/account.close/v1", "not an entry" }, { "", "not an entry" },
		{ "enclua/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/v1", "another version, or no entry" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		spliced_refused(text, len, 0, strcspn(text, "\n"), rows[i].line, rows[i].why);
	free(text);
	buf_done(&note);
}

/* Values that a key refuses, in the entry of a type that has it. The value in the text is replaced. */
static const struct { enum entry_type type; const char *key, *value, *why; } bad_values[] = {
	{ ENTRY_ACCOUNT_TRANSFER_TYPE, "by", "ENCLUA1QGQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQK8MZNG", "lower case" },
	{ ENTRY_ACCOUNT_TRANSFER_TYPE, "to", "ENCLUA1QGQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQK8MZNG", "lower case" },
	{ ENTRY_ACCOUNT_TRANSFER_TYPE, "to", "enclua1qgqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqk8mznq", "checksum" },
	{ ENTRY_ACCOUNT_TRANSFER_TYPE, "to", "age1qyqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqj7vrya", "not 65 characters" },
	{ ENTRY_ACCOUNT_TRANSFER_TYPE, "to", "encluaage1qyqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqj7vrya", "prefix" },
	{ ENTRY_ORDER_REQUEST_TYPE, "recipient", "AGE1QYQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQJ7VRYA", "lower case" },
	{ ENTRY_ORDER_REQUEST_TYPE, "recipient", "enclua1qgqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqk8mzng", "not 62 characters" },
	{ ENTRY_ORDER_REQUEST_TYPE, "recipient", "age1qyqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqj7vryq", "checksum" },
	{ ENTRY_ORDER_REQUEST_TYPE, "beneficiary", "enclua1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq6tj8wl", "beneficiary is zero" },
	{ ENTRY_ORDER_REQUEST_TYPE, "app", "data1rzkruu6r7qtgjrz3p6fljdfxz95ancl4lgvav0", "another kind" },
	{ ENTRY_ORDER_REQUEST_TYPE, "app", "APP1E2TCZYK2RW7U47KZXXEE5G7UFKNCDMLCCNL0SU", "not an id" },
	{ ENTRY_ORDER_REQUEST_TYPE, "app", "app1e2tczyk2rw7u47kzxxee5g7ufkncdmlccnl0sq", "mistyped" },
	{ ENTRY_ORDER_REQUEST_TYPE, "app", "app1e2tczyk2rw7u47kzxxee5g7ufkncdmlccnl0", "mistyped or incomplete" },
	{ ENTRY_ORDER_REQUEST_TYPE, "app", "app1e2tczyk2rw7u47kzxxee5g7ufkncdmlccnl0suapp1e2tczyk2rw7u47", "too many" },
	{ ENTRY_ORDER_REQUEST_TYPE, "params", "sha256:00", "64 hex" },
	{ ENTRY_ORDER_REQUEST_TYPE, "params", "SHA256:0000000000000000000000000000000000000000000000000000000000000001", "64 hex" },
	{ ENTRY_ORDER_REQUEST_TYPE, "params", "sha256:000000000000000000000000000000000000000000000000000000000000000A", "64 hex" },
	{ ENTRY_ORDER_REQUEST_TYPE, "params", "sha256:00000000000000000000000000000000000000000000000000000000000000010", "64 hex" },
	{ ENTRY_ORDER_REQUEST_TYPE, "params", "sha512:0000000000000000000000000000000000000000000000000000000000000001", "64 hex" },
	{ ENTRY_TASK_COMPLETE_TYPE, "result", "sha256:0000000000000000000000000000000000000000000000000000000000000000", "result is zero" },
	{ ENTRY_TASK_COMPLETE_TYPE, "size", "0", "size is zero" },
	{ ENTRY_TASK_COMPLETE_TYPE, "outcome", "a status of many letters", "1 to 16" },
	{ ENTRY_TASK_COMPLETE_TYPE, "missing_layer", "a layer with a name that is too long", "1 to 32" },
	{ ENTRY_ACCOUNT_DEPOSIT_TYPE, "amount", "01", "zero in front" },
	{ ENTRY_ACCOUNT_DEPOSIT_TYPE, "amount", "00", "zero in front" },
	{ ENTRY_ACCOUNT_DEPOSIT_TYPE, "amount", "+1", "digits only" },
	{ ENTRY_ACCOUNT_DEPOSIT_TYPE, "amount", "-1", "digits only" },
	{ ENTRY_ACCOUNT_DEPOSIT_TYPE, "amount", "1.0", "digits only" },
	{ ENTRY_ACCOUNT_DEPOSIT_TYPE, "amount", "0x1", "zero in front" },
	{ ENTRY_ACCOUNT_DEPOSIT_TYPE, "amount", "1e3", "digits only" },
	{ ENTRY_ACCOUNT_DEPOSIT_TYPE, "amount", "1_000", "digits only" },
	{ ENTRY_ACCOUNT_DEPOSIT_TYPE, "amount", "4611686018427387904", "more than 4611686018427387903" },
	{ ENTRY_ACCOUNT_DEPOSIT_TYPE, "amount", "9999999999999999999", "more than" },
	{ ENTRY_ACCOUNT_DEPOSIT_TYPE, "amount", "18446744073709551617", "1 to 19 digits" },
	{ ENTRY_ACCOUNT_DEPOSIT_TYPE, "time", "2026-11-21t10:20:30z", "not a time" },
	{ ENTRY_ACCOUNT_DEPOSIT_TYPE, "time", "1795256430", "not a time" },
	{ ENTRY_ACCOUNT_DEPOSIT_TYPE, "time", "2026-02-30T10:20:30Z", "not in the calendar" },
	{ ENTRY_ACCOUNT_DEPOSIT_TYPE, "nonce", "5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A", "32 hex" },
	{ ENTRY_ACCOUNT_DEPOSIT_TYPE, "nonce", "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5", "32 hex" },
	{ ENTRY_ACCOUNT_DEPOSIT_TYPE, "nonce", "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a", "32 hex" },
	{ ENTRY_ACCOUNT_DEPOSIT_TYPE, "book", "a book with a name of more than one hundred and twenty-eight bytes, which no origin of a log may have, however long its "
		"operator wishes it to be", "1 to 128" },
	{ ENTRY_ACCOUNT_TRANSFER_TYPE, "memo", "a\x7f" "b", "control characters" },
	{ ENTRY_ACCOUNT_TRANSFER_TYPE, "memo", "a\xc2\x85" "b", "control characters" },
	{ ENTRY_ACCOUNT_TRANSFER_TYPE, "memo", " a", "begins or ends with a space" },
	{ ENTRY_ACCOUNT_TRANSFER_TYPE, "memo", "a ", "begins or ends with a space" },
	{ ENTRY_ACCOUNT_TRANSFER_TYPE, "memo", " ", "begins or ends with a space" },
	{ ENTRY_ACCOUNT_TRANSFER_TYPE, "memo", "", "1 to 200" },
	{ ENTRY_DATA_REGISTER_TYPE, "header", "AAEC/w=", "base64" },
	{ ENTRY_DATA_REGISTER_TYPE, "header", "AAEC/w", "base64" },
	{ ENTRY_DATA_REGISTER_TYPE, "header", "AAEC/x==", "base64" },	/* unused bits */
	{ ENTRY_DATA_REGISTER_TYPE, "header", "AAEC_w==", "base64" },
	{ ENTRY_DATA_REGISTER_TYPE, "header", "AA==AAEC", "base64" },
	{ ENTRY_DATA_REGISTER_TYPE, "header", "AAEC /w==", "base64" },
	{ ENTRY_DATA_REGISTER_TYPE, "header", "====", "base64" },
	{ ENTRY_DATA_REGISTER_TYPE, "header", "", "1 to 4096" },
	{ ENTRY_APP_REGISTER_TYPE, "h1", "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=A", "1 to 47" },
};

/* Where the value of the key begins; its length. */
static size_t value_at(const char *text, const char *key, size_t *len)
{
	char line[128];
	(void)snprintf(line, sizeof line, "\n%s: ", key);
	const char *at = strstr(text, line);
	assert_non_null(at);
	*len = strcspn(at + strlen(line), "\n");
	return (size_t)(at - text) + strlen(line);
}

static void values_are_strict(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad_values / sizeof bad_values[0]; i++) {
		struct buf note = made(bad_values[i].type, true);
		size_t len, n;
		char *text = text_of(&note, &len);
		size_t at = value_at(text, bad_values[i].key, &n);
		spliced_refused(text, len, at, n, bad_values[i].value, bad_values[i].why);
		free(text);
		buf_done(&note);
	}
}

/* A control character or broken UTF-8 anywhere: the note itself is refused, signed or not. */
static void no_control_characters(void **state)
{
	(void)state;
	struct buf note = made(ENTRY_ACCOUNT_TRANSFER_TYPE, true);
	char *memo = strstr((char *)note.data, "memo: c 3");
	assert_non_null(memo);
	for (unsigned c = 0; c < 0x20; c++) {
		if (c == '\n')
			continue;
		memo[7] = (char)c;
		refused(note.data, note.len, "not plain UTF-8 text");
	}
	memo[7] = (char)0xff;
	refused(note.data, note.len, "not plain UTF-8 text");
	memo[7] = ' ';
	/* CRLF */
	size_t len;
	char *text = text_of(&note, &len);
	for (size_t at = 0; at < len; at++)
		if (text[at] == '\n') {
			struct buf crlf = BUF_INIT(ENTRY_BYTES_MAX);
			assert_int_equal(buf_add(&crlf, note.data, at, NULL), 0);
			assert_int_equal(buf_add(&crlf, "\r", 1, NULL), 0);
			assert_int_equal(buf_add(&crlf, note.data + at, note.len - at, NULL), 0);
			refused(crlf.data, crlf.len, "not plain UTF-8 text");
			buf_done(&crlf);
		}
	free(text);
	buf_done(&note);
}

/* The largest of everything goes, one more does not. */
static void limits_hold(void **state)
{
	(void)state;
	static char schema[49153 + 1], header[BASE64_LEN(4097) + 1];
	static uint8_t raw[4097];
	struct entry en, out;
	struct err e = { 0 };
	struct buf note = BUF_INIT(ENTRY_BYTES_MAX), text = BUF_INIT(ENTRY_BYTES_MAX), bytes = BUF_INIT(8192);
	entry_make(&en, ENTRY_DATA_REGISTER_TYPE, true);
	memset(schema, 's', 49152);
	memset(raw, 0xa5, sizeof raw);
	base64_encode(header, raw, 4096);
	en.data_register.schema = entry_text(schema);
	en.data_register.header = entry_text(header);
	assert_int_equal(entry_sign(&en, signer, &note, NULL), 0);
	assert_int_equal(entry_open(&out, note.data, note.len, NULL, NULL), 0);
	assert_int_equal(entry_bytes(&out.data_register.header, &bytes, NULL), 0);
	assert_int_equal(bytes.len, 4096);
	assert_memory_equal(bytes.data, raw, 4096);
	base64_encode(header, raw, 4097);
	en.data_register.header = entry_text(header);
	assert_int_equal(entry_encode(&en, &text, &e), -1);
	assert_string_equal(e.msg, "data.register: header: base64 of 4097 bytes; 1 to 4096 are allowed");
	base64_encode(header, raw, 4096);
	en.data_register.header = entry_text(header);
	schema[49152] = 's';
	en.data_register.schema = entry_text(schema);
	assert_int_equal(entry_sign(&en, signer, &note, &e), -1);
	assert_non_null(strstr(e.msg, "data.register: schema: a text of 49153 bytes"));

	entry_make(&en, ENTRY_ORDER_REQUEST_TYPE, true);
	for (en.order_request.own_data.n = 0; en.order_request.own_data.n < ENTRY_MANY_MAX; en.order_request.own_data.n++)
		id_make(en.order_request.own_data.at[en.order_request.own_data.n], ID_DATA, &en.order_request.own_data.n, sizeof en.order_request.own_data.n);
	buf_clear(&note);
	assert_int_equal(entry_sign(&en, signer, &note, NULL), 0);
	size_t len, n;
	char *all = text_of(&note, &len);
	assert_int_equal(entry_open(&out, note.data, note.len, NULL, NULL), 0);
	assert_int_equal(out.order_request.own_data.n, ENTRY_MANY_MAX);
	assert_string_equal(out.order_request.own_data.at[99], en.order_request.own_data.at[99]);
	size_t at = value_at(all, "own_data", &n) - strlen("own_data: ");
	char one_more[128];
	(void)snprintf(one_more, sizeof one_more, "%.*s", (int)(n + strlen("own_data: ") + 1), all + at);
	spliced_refused(all, len, at, 0, one_more, "own_data: more than 100 of them");
	en.order_request.own_data.n = ENTRY_MANY_MAX + 1;
	assert_int_equal(entry_encode(&en, &text, &e), -1);
	assert_non_null(strstr(e.msg, "101 of them"));

	static uint8_t large[ENTRY_BYTES_MAX + 1];
	memset(large, '\n', sizeof large);
	assert_int_equal(entry_open(&out, large, sizeof large, NULL, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	free(all);
	buf_done(&note);
	buf_done(&text);
	buf_done(&bytes);
}

/* What cannot be written is refused by name, and nothing of it is appended. */
static void encoder_refuses(void **state)
{
	(void)state;
	struct entry en;
	struct err e = { 0 };
	struct buf note = BUF_INIT(ENTRY_BYTES_MAX);
#define CASE(enum_, change, why) \
	do { \
		entry_make(&en, ENTRY_##enum_##_TYPE, true); \
		change; \
		assert_int_equal(entry_sign(&en, signer, &note, &e), -1); \
		assert_int_equal(e.code, ERR_INVALID); \
		if (!strstr(e.msg, why)) \
			fail_msg("\"%s\" is not \"%s\"", e.msg, why); \
		assert_int_equal(note.len, 0); \
	} while (0)
	CASE(ACCOUNT_TRANSFER, en.account_transfer.memo = entry_text("a\namount: 5"), "account.transfer: memo: a text");	/* no line of one's own */
	CASE(ACCOUNT_TRANSFER, en.account_transfer.memo = entry_text("\xff"), "memo: a text that is not UTF-8");
	CASE(ACCOUNT_TRANSFER, en.account_transfer.memo = entry_text("a "), "memo: a text that begins or ends");
	CASE(ACCOUNT_TRANSFER, en.account_transfer.amount = ENTRY_NUMBER_MAX + 1, "amount: 4611686018427387904 is more");
	CASE(ACCOUNT_TRANSFER, en.time = -1, "time: before 1970");
	CASE(ACCOUNT_TRANSFER, en.time = ENTRY_TIME_MAX + 1, "time: before 1970 or after 9999");
	CASE(ACCOUNT_TRANSFER, en.book = entry_text(""), "book: a text of 0 bytes");
	CASE(ORDER_REQUEST, en.order_request.app[0] = '\0', "order.request: app: not an id");
	CASE(ORDER_REQUEST, id_make(en.order_request.app, ID_DATA, "x", 1), "app: data1");
	CASE(ORDER_REQUEST, memset(en.order_request.own_data.at[1], 'a', ID_TEXT), "own_data: not an id");
	CASE(TASK_COMPLETE, en.task_complete.missing_layer.at[1] = entry_text(""), "missing_layer: a text of 0 bytes");
	CASE(DATA_REGISTER, en.data_register.header = entry_text("AAEC/w"), "header: not base64");
	CASE(DATA_REGISTER, en.data_register.header = entry_text("AAEC\n/w="), "header: not base64");
	CASE(DATA_REGISTER, en.data_register.header = entry_text(""), "header: base64 of 0 bytes");
#undef CASE
	buf_done(&note);
}

static void signatures_are_strict(void **state)
{
	(void)state;
	struct buf note = made(ENTRY_ACCOUNT_TRANSFER_TYPE, true), line = BUF_INIT(1024), changed;
	struct entry en;
	struct err e = { 0 };
	size_t len;
	char *text = text_of(&note, &len), own[IDENTITY_TEXT];
	identity_text(own, identity_public(signer));
	refused(note.data, len, "not an entry");	/* no signature at all */
	/* The same line again, and another's under it. */
	changed = signed_as(text, len, own, signer);
	assert_int_equal(buf_add(&changed, note.data + len + 1, note.len - len - 1, NULL), 0);
	refused(changed.data, changed.len, "one signature, this has 2");
	buf_done(&changed);
	changed = signed_as(text, len, own, signer);
	struct buf his = signed_as(text, len, name_of(other), other);
	assert_int_equal(buf_add(&changed, his.data + len + 1, his.len - len - 1, NULL), 0);
	refused(changed.data, changed.len, "one signature, this has 2");
	buf_done(&changed);
	/* Another's instead; the right key under another name; another's key under the right name. */
	refused(his.data, his.len, "its signature is another's");
	buf_done(&his);
	changed = signed_as(text, len, "alice", signer);
	refused(changed.data, changed.len, "its signature is another's");
	buf_done(&changed);
	changed = signed_as(text, len, own, other);
	refused(changed.data, changed.len, "another kind of key");
	buf_done(&changed);
	/* A witness's kind of signature by the right key. */
	changed = signed_as(text, len, own, signer);
	changed.len = len + 1;
	assert_int_equal(note_cosign(&changed, text, len, own, signer, ENTRY_MAKE_TIME, NULL), 0);
	refused(changed.data, changed.len, "another kind of key");
	buf_done(&changed);
	/* Name and key id are right, the signature is of another text: only opening can tell. */
	changed = made(ENTRY_ACCOUNT_CLOSE_TYPE, true);
	size_t len2;
	assert_int_equal(entry_open(&en, changed.data, changed.len, &len2, NULL), 0);
	assert_int_equal(buf_add(&line, text, len, NULL), 0);
	assert_int_equal(buf_add(&line, changed.data + len2, changed.len - len2, NULL), 0);
	assert_int_equal(entry_decode(&en, line.data, line.len, NULL, NULL), 0);
	assert_int_equal(entry_open(&en, line.data, line.len, NULL, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_non_null(strstr(e.msg, "does not fit the note"));
	buf_done(&changed);
	buf_done(&line);
	buf_done(&note);
	free(text);
}

/* The C library's calendar is the judge. */
static void times(void **state)
{
	(void)state;
	char text[24], theirs[64];
	int64_t back;
	for (int64_t at = 0; at <= ENTRY_TIME_MAX; at += 86399 * 3 + 7) {	/* another second of the day each time */
		time_t t = (time_t)at;
		struct tm tm;
		entry_time_text(text, at);
		assert_non_null(gmtime_r(&t, &tm));
		assert_true(strftime(theirs, sizeof theirs, "%Y-%m-%dT%H:%M:%SZ", &tm) == ENTRY_TIME_TEXT);
		assert_string_equal(text, theirs);
		assert_int_equal(entry_time_parse(&back, text, strlen(text), NULL), 0);
		assert_true(back == at);
	}
	static const struct { const char *text; int64_t at; } good[] = {
		{ "1970-01-01T00:00:00Z", 0 }, { "1972-02-29T23:59:59Z", 68255999 }, { "2000-02-29T00:00:00Z", 951782400 },
		{ "2026-11-21T10:20:30Z", ENTRY_MAKE_TIME }, { "9999-12-31T23:59:59Z", ENTRY_TIME_MAX },
	};
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(entry_time_parse(&back, good[i].text, strlen(good[i].text), NULL), 0);
		assert_true(back == good[i].at);
	}
	static const char *const bad[] = { "", "1969-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "2026-00-21T10:20:30Z", "2026-13-21T10:20:30Z",
		"2026-11-00T10:20:30Z", "2026-11-31T10:20:30Z", "2026-02-29T10:20:30Z", "2100-02-29T10:20:30Z", "2026-11-21T24:00:00Z", "2026-11-21T10:60:30Z",
		"2026-11-21T10:20:60Z", "2016-12-31T23:59:60Z", "9999-12-31T23:59:60Z", "9999-12-31T99:99:99Z", "2026-11-21 10:20:30Z", "2026-11-21T10:20:30",
		"2026-11-21T10:20:30z", "2026-11-21T10:20:30+00:00", "2026-11-21T10:20:30.0Z", "2026-11-21T10:20Z", "20261121T102030Z", "2026-11-21T10:20:30ZZ",
		"02026-11-21T10:20:30Z", "2026-11-21T1 :20:30Z", "2026-11-21T-1:20:30Z", "2026-99-99T10:20:30Z" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (entry_time_parse(&back, bad[i], strlen(bad[i]), NULL) == 0)
			fail_msg("%s is a time", bad[i]);
}

static void names_and_ids(void **state)
{
	(void)state;
	enum entry_type t;
	enum id_kind kind;
	struct err e = { 0 };
	unsigned makers = 0;
	for (unsigned i = 0; i < ENTRY_TYPE_COUNT; i++) {
		assert_int_equal(entry_type_parse(&t, entry_info((enum entry_type)i)->type, NULL), 0);
		assert_int_equal(t, i);
		makers += entry_id_kind((enum entry_type)i, &kind);
	}
	assert_int_equal(makers, 10);
	assert_true(entry_id_kind(ENTRY_DATA_REGISTER_TYPE, &kind) && kind == ID_DATA);
	assert_true(entry_id_kind(ENTRY_APP_REGISTER_TYPE, &kind) && kind == ID_APP);
	assert_true(entry_id_kind(ENTRY_POOL_CREATE_TYPE, &kind) && kind == ID_POOL);
	assert_false(entry_id_kind(ENTRY_TASK_INITIALIZE_TYPE, &kind));	/* its id follows from others */
	assert_true(entry_id_kind(ENTRY_ORDER_REQUEST_TYPE, &kind) && kind == ID_ORDER);
	assert_int_equal(entry_type_parse(&t, "data.registre", &e), -1);
	assert_non_null(strstr(e.hint, "data.register"));
	assert_int_equal(entry_type_parse(&t, "", NULL), -1);

	uint8_t hash[ID_BYTES], digest[32];
	char id[ID_TEXT], same[ID_TEXT];
	sha256(digest, "text\n", 5);
	entry_hash(hash, (const uint8_t *)"text\n", 5);
	assert_memory_equal(hash, digest, ID_BYTES);
	entry_id(id, ID_TASK, (const uint8_t *)"text\n", 5);
	bech32_encode(same, "task", digest, ID_BYTES);
	assert_string_equal(id, same);
}

static void json_of(const struct entry *en, struct buf *out)
{
	struct json_writer w;
	json_write_init(&w, out, NULL);
	json_write_object(&w);
	assert_int_equal(entry_json(en, &w), 0);
	json_write_object_end(&w);
	assert_int_equal(json_write_done(&w), 0);
}

static void json_has_every_field(void **state)
{
	(void)state;
	EACH_TYPE(t, full) {
		struct buf note = made((enum entry_type)t, full), text = BUF_INIT(KIB(64));
		const struct entry_info *info = entry_info((enum entry_type)t);
		struct entry en;
		struct json *j = NULL;
		size_t members = 5;
		assert_int_equal(entry_open(&en, note.data, note.len, NULL, NULL), 0);
		json_of(&en, &text);
		assert_int_equal(json_parse(&j, buf_text(&text), text.len, NULL), 0);
		for (size_t i = 0; i < info->n; i++) {
			const struct json *v = json_get(j, info->fields[i].key);
			enum entry_need need = info->fields[i].need;
			bool there = full || need != ENTRY_OPTIONAL;
			assert_int_equal(v != NULL, there);
			members += there;
			if (need == ENTRY_MANY)
				assert_int_equal(json_count(v), full ? 3 : 0);
		}
		assert_int_equal(json_count(j), members);
		assert_string_equal(json_text(json_get(j, "type"), NULL), info->type);
		assert_string_equal(json_text(json_get(j, "time"), NULL), "2026-11-21T10:20:30Z");
		json_free(j);
		buf_done(&note);
		buf_done(&text);
	}
}

/* The file of a golden entry: its note, or its JSON with the id that it makes. */
static void golden_make(enum entry_type t, bool as_json, struct buf *out)
{
	struct buf note = made(t, true);
	struct entry en;
	enum id_kind kind;
	size_t len;
	char id[ID_TEXT] = "";
	assert_int_equal(entry_open(&en, note.data, note.len, &len, NULL), 0);
	if (!as_json)
		assert_int_equal(buf_add(out, note.data, note.len, NULL), 0);
	else {
		json_of(&en, out);
		if (entry_id_kind(t, &kind))
			entry_id(id, kind, note.data, len);
		assert_int_equal(buf_addf(out, NULL, "\n\"%s\"\n", id), 0);
	}
	buf_done(&note);
}

static void golden_path(char *out, size_t n, const char *dir, enum entry_type t, bool as_json)
{
	(void)snprintf(out, n, "%s/%s.%s", dir, entry_info(t)->type, as_json ? "json" : "note");
}

static void golden(void **state)
{
	(void)state;
	EACH_TYPE(t, as_json) {
		char path[512];
		struct buf now = BUF_INIT(KIB(64));
		struct buf was = BUF_INIT(KIB(64));
		golden_path(path, sizeof path, GOLDEN, (enum entry_type)t, as_json);
		golden_make((enum entry_type)t, as_json, &now);
		if (os_file_read(path, &was, NULL) < 0)
			fail_msg("%s is missing: test_entry golden " GOLDEN, path);
		if (was.len != now.len || memcmp(was.data, now.data, now.len) != 0)
			fail_msg("%s is no longer what is written:\n%s", path, buf_text(&now));
		buf_done(&was);
		buf_done(&now);
	}
}

static int golden_write(const char *dir)
{
	group_setup(NULL);
	EACH_TYPE(t, as_json) {
		char path[512];
		struct buf now = BUF_INIT(KIB(64));
		golden_path(path, sizeof path, dir, (enum entry_type)t, as_json);
		golden_make((enum entry_type)t, as_json, &now);
		FILE *f = fopen(path, "w");
		if (!f || fwrite(now.data, 1, now.len, f) != now.len || fclose(f) != 0)
			return 1;
		buf_done(&now);
	}
	return group_teardown(NULL);
}

/* The rows of ENTRIES.md. */
static void row_text(const struct entry_field *f, char *out, size_t n)
{
	static const char *const kinds[] = { "identity", "age recipient", "SHA-256", "id", "number", "time", "nonce", "text", "base64" };
	static const char *const needs[] = { "required", "optional", "repeats" };
	static const char *const ids[] = {
#define X(id, prefix) prefix "1…",
		ID_TABLE(X)
#undef X
	};
	char more[64] = "";
	if (f->kind == ENTRY_KIND_ID)
		(void)snprintf(more, sizeof more, " %s", ids[f->arg]);
	else if (f->arg)
		(void)snprintf(more, sizeof more, ", up to %zu bytes", f->arg);
	(void)snprintf(out, n, "| `%s` | %s%s | %s | %s |", f->key, kinds[f->kind], more, needs[f->need], f->doc);
}

static void section_text(const struct entry_info *info, char *out, size_t n)
{
	(void)snprintf(out, n, "**`%s`**: %s", info->type, info->doc);
}

static int tables_print(void)
{
	char line[512];
	for (unsigned t = 0; t < ENTRY_TYPE_COUNT; t++) {
		const struct entry_info *info = entry_info((enum entry_type)t);
		section_text(info, line, sizeof line);
		printf("%s\n\n", line);
		if (info->n)
			printf("| key | value | | |\n|---|---|---|---|\n");
		for (size_t i = 0; i < info->n; i++) {
			row_text(&info->fields[i], line, sizeof line);
			printf("%s\n", line);
		}
		printf("%s", info->n && t + 1 < ENTRY_TYPE_COUNT ? "\n" : "");
	}
	return 0;
}

/* Each rendered line is the next line of the page that is such a line: so none is missing, none is left over, and the order is the list's. */
static const char *page_line(const char *page, char *out, size_t n)
{
	for (const char *at = page; *at; at += strcspn(at, "\n") + 1)
		if (strncmp(at, "| `", 3) == 0 || strncmp(at, "**`", 3) == 0) {
			size_t len = strcspn(at, "\n");
			assert_true(len < n);
			memcpy(out, at, len);
			out[len] = '\0';
			return at + len + 1;
		}
	out[0] = '\0';
	return page + strlen(page);
}

static void page_says_the_same(void **state)
{
	(void)state;
	struct buf page = BUF_INIT(KIB(64));
	char has[512], wants[512];
	assert_int_equal(os_file_read(PAGE, &page, NULL), 0);
	const char *at = buf_text(&page);
	for (unsigned t = 0; t < ENTRY_TYPE_COUNT; t++) {
		const struct entry_info *info = entry_info((enum entry_type)t);
		for (size_t i = 0; i <= info->n; i++) {
			if (i == 0)
				section_text(info, wants, sizeof wants);
			else
				row_text(&info->fields[i - 1], wants, sizeof wants);
			at = page_line(at, has, sizeof has);
			assert_string_equal(has, wants);
		}
	}
	(void)page_line(at, has, sizeof has);
	assert_string_equal(has, "");
	buf_done(&page);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trips), cmocka_unit_test(values_arrive), cmocka_unit_test(nonce_is_drawn), cmocka_unit_test(lines_have_their_place),
		cmocka_unit_test(one_spelling), cmocka_unit_test(every_bit_flip), cmocka_unit_test(first_line), cmocka_unit_test(values_are_strict),
		cmocka_unit_test(no_control_characters), cmocka_unit_test(limits_hold), cmocka_unit_test(encoder_refuses),
		cmocka_unit_test(signatures_are_strict), cmocka_unit_test(times), cmocka_unit_test(names_and_ids), cmocka_unit_test(json_has_every_field),
		cmocka_unit_test(golden), cmocka_unit_test(page_says_the_same),
	};
	if (crypto_init(NULL) < 0)
		return 1;
	if (argc == 3 && strcmp(argv[1], "golden") == 0)
		return golden_write(argv[2]);
	if (argc == 2 && strcmp(argv[1], "tables") == 0)
		return tables_print();
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
