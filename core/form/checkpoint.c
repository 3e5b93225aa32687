/* Checkpoints of a log: the three lines, the names that carry keys, and the judgement of a signed note's signatures. Whom to trust is decided elsewhere
 * (tlog_policy.c). Never lets a signature pass as a stranger's that can be seen to be a damaged one of somebody known: see signature_judge.
 */
#include "form/checkpoint.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "seal/crypto.h"

#define ORIGIN_TOP "enclua.local/"
#define WITNESS_TOP "enclua.local/witness/"
#define IDENTITY_HEAD "enclua1"
#define IDENTITY_CHARS (IDENTITY_TEXT - 1)
#define DAMAGE_MAX 4u	/* characters of an identity that may be off for its shape still to be seen */
#define SIZE_DIGITS 19u	/* of 2^63 - 1 */
#define ROOT_CHARS BASE64_LEN(MERKLE_HASH)

static_assert(NOTE_NAME_BYTES + SIZE_DIGITS + ROOT_CHARS + 3 <= CHECKPOINT_TEXT_MAX, "room for the longest checkpoint");
static_assert(sizeof WITNESS_TOP - 1 + IDENTITY_CHARS <= NOTE_NAME_BYTES, "our names are names of notes");
static_assert(MERKLE_LEVELS == 63, "a size is below 2^63");

/* A note's key name, which the name of the log's key must equal. */
static int origin_check(const char *origin, struct err *e)
{
	static const uint8_t any[32];
	struct note_key key;
	if (note_key_make(&key, origin, NOTE_ED25519, any, NULL) < 0)
		return err_set(e, ERR_INVALID, "the origin of a checkpoint is 1 to %u bytes without spaces or \"+\"", NOTE_NAME_BYTES);
	return 0;
}

int checkpoint_write(const struct checkpoint *c, struct buf *out, struct err *e)
{
	char root[ROOT_CHARS + 1];
	if (origin_check(c->origin, e) < 0)
		return -1;
	if (c->size > INT64_MAX)
		return err_set(e, ERR_INVALID, "a log holds fewer than 2^%u entries", MERKLE_LEVELS);
	base64_encode(root, c->root.b, MERKLE_HASH);
	return buf_addf(out, e, "%s\n%llu\n%s\n", c->origin, (unsigned long long)c->size, root);
}

bool checkpoint_number_parse(uint64_t *out, const char *text, size_t len)
{
	uint64_t v = 0;
	if (len == 0 || len > SIZE_DIGITS || (len > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(text[i] - '0');
	}
	*out = v;
	return v <= INT64_MAX;
}

/* Takes the next line, without its LF, from *at. */
static bool line_take(const char **at, const char *end, const char **line, size_t *len)
{
	const char *lf = memchr(*at, '\n', (size_t)(end - *at));
	if (!lf)
		return false;
	*line = *at;
	*len = (size_t)(lf - *at);
	*at = lf + 1;
	return true;
}

int checkpoint_parse(struct checkpoint *out, const char *text, size_t len, struct err *e)
{
	const char *at = text, *end = text + len, *origin, *size, *root;
	size_t origin_len, size_len, root_len;
	if (len > CHECKPOINT_TEXT_MAX || !line_take(&at, end, &origin, &origin_len) || !line_take(&at, end, &size, &size_len) ||
		!line_take(&at, end, &root, &root_len) || origin_len > NOTE_NAME_BYTES || memchr(origin, '\0', origin_len))
		return err_set(e, ERR_INVALID, "not a checkpoint: it is three lines, origin, size and root");
	if (at != end)
		return err_set(e, ERR_INVALID, "the checkpoint has extension lines, which nobody could audit");
	memcpy(out->origin, origin, origin_len);
	out->origin[origin_len] = '\0';
	if (origin_check(out->origin, e) < 0)
		return -1;
	if (!checkpoint_number_parse(&out->size, size, size_len))
		return err_set(e, ERR_INVALID, "the checkpoint's second line is no size: it is a decimal number below 2^%u", MERKLE_LEVELS);
	if (root_len != ROOT_CHARS || base64_decode(out->root.b, MERKLE_HASH, root, root_len) != MERKLE_HASH)
		return err_set(e, ERR_INVALID, "the checkpoint's third line is no root: it is the base64 of %u bytes", MERKLE_HASH);
	return 0;
}

static void name_make(char out[static NOTE_NAME_BYTES + 1], const char *top, const uint8_t public_key[static 32])
{
	char identity[IDENTITY_TEXT];
	identity_text(identity, public_key);
	(void)snprintf(out, NOTE_NAME_BYTES + 1, "%s%s", top, identity);
}

void checkpoint_origin_make(char out[static NOTE_NAME_BYTES + 1], const uint8_t public_key[static 32])
{
	name_make(out, ORIGIN_TOP, public_key);
}

void checkpoint_witness_make(char out[static NOTE_NAME_BYTES + 1], const uint8_t public_key[static 32])
{
	name_make(out, WITNESS_TOP, public_key);
}

static const char *last_part(const char *name)
{
	const char *slash = strrchr(name, '/');
	return slash ? slash + 1 : name;
}

bool checkpoint_name_key(struct note_key *out, const char *name, uint8_t type)
{
	uint8_t key[32];
	return identity_parse(key, last_part(name), NULL) == 0 && note_key_make(out, name, type, key, NULL) == 0;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool head_within(const char *text)
{
	const size_t n = sizeof IDENTITY_HEAD - 1;
	for (; strlen(text) >= n; text++) {
		size_t i = 0;
		while (i < n && lower(text[i]) == IDENTITY_HEAD[i])
			i++;
		if (i == n)
			return true;
	}
	return false;
}

/* A name that carries no key but looks as if it had: it says "enclua1" in its last part, or its end has an identity's shape but for a few characters. */
static bool name_is_damaged(const char *name)
{
	const size_t n = strlen(name), head = sizeof IDENTITY_HEAD - 1;
	unsigned off = 0;
	if (head_within(last_part(name)))
		return true;
	if (n < IDENTITY_CHARS)
		return false;
	const char *end = name + n - IDENTITY_CHARS;
	for (size_t i = 0; i < IDENTITY_CHARS; i++)
		off += i < head ? end[i] != IDENTITY_HEAD[i] : !strchr("qpzry9x8gf2tvdw0s3jn54khce6mua7l", end[i]);
	return off <= DAMAGE_MAX;
}

/* Whose name the line bears, by the name alone: 1 and the key that fits its key id, 0 when the name carries none, -1 when it carries one that does not. */
static int carried_find(struct note_key *out, const struct note_sig *s)
{
	static const uint8_t types[] = { NOTE_ED25519, NOTE_COSIGNATURE };
	for (size_t i = 0; i < sizeof types; i++) {
		if (!checkpoint_name_key(out, s->name, types[i]))
			return 0;
		if (note_sig_is_of(s, out))
			return 1;
	}
	return -1;
}

static int not_fitting(const struct note_sig *s, struct err *e)
{
	err_set(e, ERR_INVALID, "the signature of %s does not fit the checkpoint", s->name);
	return CHECKPOINT_BROKEN;
}

/* Whether a stranger's line is a known signer's in which one letter was changed. Either the signature still holds, and only name or key id are another's; or
 * the letter was the one in which base64 joins the end of the key id to the beginning of the signature. A stranger of the same name has these three bytes
 * by chance once in 2^24. */
static bool is_changed_line(const struct note *n, const struct note_sig *s, const struct note_key *k)
{
	return note_sig_holds(n, s, k) || (memcmp(s->id, k->id, sizeof s->id - 1) == 0 && strcmp(s->name, k->name) == 0);
}

static int stranger_check(const struct note *n, const struct note_sig *s, const struct note_key *keys, size_t n_keys, struct err *e)
{
	for (size_t k = 0; k < n_keys; k++)
		if (is_changed_line(n, s, &keys[k])) {
			err_set(e, ERR_INVALID, "the signature line of %s was changed: its name or its key id is not its own", keys[k].name);
			return CHECKPOINT_BROKEN;
		}
	return CHECKPOINT_STRANGER;
}

static int signature_judge(const struct note *n, const struct note_sig *s, const struct note_key *keys, size_t n_keys, struct err *e)
{
	struct note_key own;
	for (size_t k = 0; k < n_keys; k++)
		if (note_sig_is_of(s, &keys[k]))
			return note_sig_holds(n, s, &keys[k]) ? (int)k : not_fitting(s, e);
	int carried = carried_find(&own, s);
	if (carried < 0 || (carried == 0 && name_is_damaged(s->name))) {
		err_set(e, ERR_INVALID, "the signature line of %s is damaged: its name and its key id do not belong together", s->name);
		return CHECKPOINT_BROKEN;
	}
	if (carried)
		return note_sig_holds(n, s, &own) ? CHECKPOINT_CARRIED : not_fitting(s, e);
	return stranger_check(n, s, keys, n_keys, e);
}

int checkpoint_judge(const struct note *n, const struct note_key *keys, size_t n_keys, int by[static NOTE_SIGNATURES], struct err *e)
{
	for (size_t i = 0; i < n->n_sigs; i++) {
		const struct note_sig *s = &n->sigs[i];
		by[i] = signature_judge(n, s, keys, n_keys, e);
		if (by[i] == CHECKPOINT_BROKEN)
			return -1;
		for (size_t j = 0; j < i && by[i] != CHECKPOINT_STRANGER; j++)
			if (memcmp(s->id, n->sigs[j].id, sizeof s->id) == 0 && strcmp(s->name, n->sigs[j].name) == 0)
				return err_set(e, ERR_INVALID, "the checkpoint has two signatures of %s", s->name);
	}
	return 0;
}

int checkpoint_read(struct checkpoint *out, struct note *parsed, const char *bytes, size_t len, struct err *e)
{
	if (len > CHECKPOINT_NOTE_MAX)
		return err_set(e, ERR_LIMIT, "a signed checkpoint of %zu bytes is larger than %llu", len, CHECKPOINT_NOTE_MAX);
	if (note_parse(parsed, bytes, len, e) < 0)
		return -1;
	return checkpoint_parse(out, parsed->text, parsed->text_len, e);
}

int checkpoint_log_key(struct note_key *out, const struct checkpoint *c, struct err *e)
{
	if (checkpoint_name_key(out, c->origin, NOTE_ED25519))
		return 0;
	if (name_is_damaged(c->origin))
		return err_set(e, ERR_INVALID, "the origin %s is damaged: the identity at its end is mistyped", c->origin);
	err_set(e, ERR_DENIED, "the key of the log %s is not known, and its origin carries none", c->origin);
	return err_hint(e, "list its key in a policy, in a line that begins with \"log\"");
}

int checkpoint_open(struct checkpoint *out, struct note *parsed, const char *bytes, size_t len, const struct note_key *log, struct err *e)
{
	struct note_key key;
	int by[NOTE_SIGNATURES];
	if (checkpoint_read(out, parsed, bytes, len, e) < 0)
		return -1;
	if (log)
		key = *log;
	else if (checkpoint_log_key(&key, out, e) < 0)
		return -1;
	if (key.type != NOTE_ED25519 || strcmp(key.name, out->origin) != 0)
		return err_set(e, ERR_DENIED, "the checkpoint is of the log %s, the key of %s", out->origin, key.name);
	if (checkpoint_judge(parsed, &key, 1, by, e) < 0)
		return -1;
	for (size_t i = 0; i < parsed->n_sigs; i++)
		if (by[i] == 0)
			return 0;
	return err_set(e, ERR_DENIED, "the log %s has not signed the checkpoint", out->origin);
}
