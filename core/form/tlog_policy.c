/* Policies of C2SP tlog-policy, and the acceptance of a checkpoint by one. A policy is small and wholly in one struct; names of witnesses and groups share one
 * list, in the order of the file, so that what a group refers to always stands before it. Fetches nothing: URLs are read over.
 */
#include "form/tlog_policy.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define ITEMS (TLOG_POLICY_WITNESSES + TLOG_POLICY_GROUPS)
#define KEYS (TLOG_POLICY_LOGS + TLOG_POLICY_WITNESSES)
#define VKEY_CHARS 256u	/* name, hash and a key of 32 bytes, with room to spare */
#define MISSING_CHARS 800u	/* of the names of missing witnesses in an error */
#define NOTHING (-1)
#define QUORUM_NONE (-2)
#define NONE "none"

/* A witness or a group. A name stands in at most one group, so that it counts in one way only. */
struct item {
	char name[TLOG_POLICY_NAME + 1];
	int parent;	/* the group that it is listed in: its place among the items */
	int witness;	/* its place among the witnesses; NOTHING: a group */
	unsigned need;	/* of a group: how many of its members */
};

struct tlog_policy {
	struct note_key logs[TLOG_POLICY_LOGS], witnesses[TLOG_POLICY_WITNESSES];
	struct item items[ITEMS];
	size_t n_logs, n_witnesses, n_groups, n_items;
	int quorum;	/* an item, NOTHING while the line has not come, or QUORUM_NONE */
};

struct word { const char *at; size_t len; };
struct line { const char *at, *end; };

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool word_next(struct line *l, struct word *w)
{
	while (l->at < l->end && blank(*l->at))
		l->at++;
	w->at = l->at;
	while (l->at < l->end && !blank(*l->at))
		l->at++;
	w->len = (size_t)(l->at - w->at);
	return w->len > 0;
}

static bool word_is(const struct word *w, const char *text)
{
	return w->len == strlen(text) && memcmp(w->at, text, w->len) == 0;
}

static int line_ends(struct line *l, struct err *e)
{
	struct word w;
	if (word_next(l, &w))
		return err_set(e, ERR_INVALID, "\"%.*s\" is too much here", (int)(w.len < 80 ? w.len : 80), w.at);
	return 0;
}

static int item_find(const struct tlog_policy *p, const struct word *w)
{
	for (size_t i = 0; i < p->n_items; i++)
		if (word_is(w, p->items[i].name))
			return (int)i;
	return NOTHING;
}

/* The first byte of a vkey's key: what kind it is. -1 when it is no vkey at all. */
static int vkey_type(const struct word *w)
{
	uint8_t raw[3];
	const char *hash = memchr(w->at, '+', w->len);
	const char *key = hash ? memchr(hash + 1, '+', w->len - (size_t)(hash + 1 - w->at)) : NULL;
	if (!key || w->len - (size_t)(key + 1 - w->at) < 4 || base64_decode(raw, sizeof raw, key + 1, 4) != 3)
		return -1;
	return raw[0];
}

static int key_read(struct note_key *out, struct line *l, const char *whose, uint8_t type, struct err *e)
{
	char vkey[VKEY_CHARS];
	struct note_key own;
	struct word w;
	if (!word_next(l, &w))
		return err_set(e, ERR_INVALID, "the key of the %s is missing", whose);
	int is = vkey_type(&w);
	if (is >= 0 && is != type)
		return err_set(e, ERR_INVALID, "the key of a %s is of type 0x%02x here, this one is of type 0x%02x", whose, type, is);
	if (w.len >= sizeof vkey)
		return err_set(e, ERR_INVALID, "not a note's key: it is longer than %zu characters", sizeof vkey - 1);
	memcpy(vkey, w.at, w.len);
	vkey[w.len] = '\0';
	if (note_key_parse(out, vkey, e) < 0)
		return -1;
	if (checkpoint_name_key(&own, out->name, type) && memcmp(own.public_key, out->public_key, sizeof own.public_key) != 0)
		return err_set(e, ERR_INVALID, "the name %s carries a key, and it is another one than the key beside it", out->name);
	return 0;
}

static bool key_listed(const struct note_key *keys, size_t n, const struct note_key *k)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp(keys[i].public_key, k->public_key, sizeof k->public_key) == 0)
			return true;
	return false;
}

/* An optional URL, of any form, and the line's end. */
static int url_read(struct line *l, struct err *e)
{
	struct word url;
	(void)word_next(l, &url);
	return line_ends(l, e);
}

static int log_line(struct tlog_policy *p, struct line *l, struct err *e)
{
	if (p->n_logs == TLOG_POLICY_LOGS)
		return err_set(e, ERR_LIMIT, "a policy has at most %u logs", TLOG_POLICY_LOGS);
	struct note_key *k = &p->logs[p->n_logs];
	if (key_read(k, l, "log", NOTE_ED25519, e) < 0)
		return -1;
	if (key_listed(p->logs, p->n_logs, k))
		return err_set(e, ERR_INVALID, "the key of the log %s is listed twice", k->name);
	p->n_logs++;
	return url_read(l, e);
}

/* A new name, of a witness or a group. */
static struct item *item_add(struct tlog_policy *p, struct line *l, struct err *e)
{
	struct word w;
	if (!word_next(l, &w)) {
		err_set(e, ERR_INVALID, "a name is missing");
		return NULL;
	}
	if (w.len > TLOG_POLICY_NAME) {
		err_set(e, ERR_LIMIT, "a name has at most %u bytes", TLOG_POLICY_NAME);
		return NULL;
	}
	if (word_is(&w, NONE) || item_find(p, &w) != NOTHING) {
		err_set(e, ERR_INVALID, "the name \"%.*s\" is taken", (int)w.len, w.at);
		return NULL;
	}
	assert(p->n_items < ITEMS);
	struct item *it = &p->items[p->n_items];
	*it = (struct item){ .parent = NOTHING, .witness = NOTHING };
	memcpy(it->name, w.at, w.len);
	return it;
}

static int witness_line(struct tlog_policy *p, struct line *l, struct err *e)
{
	if (p->n_witnesses == TLOG_POLICY_WITNESSES)
		return err_set(e, ERR_LIMIT, "a policy has at most %u witnesses", TLOG_POLICY_WITNESSES);
	struct note_key *k = &p->witnesses[p->n_witnesses];
	struct item *it = item_add(p, l, e);
	if (!it || key_read(k, l, "witness", NOTE_COSIGNATURE, e) < 0)
		return -1;
	if (key_listed(p->witnesses, p->n_witnesses, k))
		return err_set(e, ERR_INVALID, "the key of the witness \"%s\" is listed twice", it->name);
	it->witness = (int)p->n_witnesses++;
	p->n_items++;
	return url_read(l, e);
}

static int member_add(struct tlog_policy *p, int group, const struct word *w, struct err *e)
{
	const int is = item_find(p, w), shown = (int)(w->len < TLOG_POLICY_NAME ? w->len : TLOG_POLICY_NAME);
	if (is == NOTHING)
		return err_set(e, ERR_INVALID, "\"%.*s\" is no witness or group of a line above", shown, w->at);
	if (p->items[is].parent != NOTHING)
		return err_set(e, ERR_INVALID, "\"%.*s\" is a member already, and may be one only once", shown, w->at);
	p->items[is].parent = group;
	return 0;
}

/* How many of n members: "all", "any" or a decimal number from 1 to n. */
static int need_read(unsigned *need, const struct word *w, unsigned n, struct err *e)
{
	uint64_t k = 0;
	if (word_is(w, "all"))
		k = n;
	else if (word_is(w, "any"))
		k = 1;
	else if (!checkpoint_number_parse(&k, w->at, w->len))
		return err_set(e, ERR_INVALID, "behind the name of a group stands \"all\", \"any\" or a number");
	if (k < 1 || k > n)
		return err_set(e, ERR_INVALID, "a group of %u cannot need %llu of them", n, (unsigned long long)k);
	*need = (unsigned)k;
	return 0;
}

static int group_line(struct tlog_policy *p, struct line *l, struct err *e)
{
	struct word need, w;
	unsigned n = 0;
	if (p->n_groups == TLOG_POLICY_GROUPS)
		return err_set(e, ERR_LIMIT, "a policy has at most %u groups", TLOG_POLICY_GROUPS);
	struct item *it = item_add(p, l, e);
	if (!it)
		return -1;
	(void)word_next(l, &need);
	for (; word_next(l, &w); n++)
		if (member_add(p, (int)p->n_items, &w, e) < 0)
			return -1;
	if (n == 0)
		return err_set(e, ERR_INVALID, "the group \"%s\" has no members", it->name);
	if (need_read(&it->need, &need, n, e) < 0)
		return -1;
	p->n_items++;
	p->n_groups++;
	return 0;
}

static int quorum_line(struct tlog_policy *p, struct line *l, struct err *e)
{
	struct word w;
	if (p->quorum != NOTHING)
		return err_set(e, ERR_INVALID, "a second quorum");
	if (!word_next(l, &w))
		return err_set(e, ERR_INVALID, "the name of the quorum is missing");
	p->quorum = word_is(&w, NONE) ? QUORUM_NONE : item_find(p, &w);
	if (p->quorum == NOTHING)
		return err_set(e, ERR_INVALID, "\"%.*s\" is no witness or group of a line above",
			(int)(w.len < TLOG_POLICY_NAME ? w.len : TLOG_POLICY_NAME), w.at);
	return line_ends(l, e);
}

static const struct { const char *word; int (*read)(struct tlog_policy *p, struct line *l, struct err *e); } lines[] = {
	{ "log", log_line }, { "witness", witness_line }, { "group", group_line }, { "quorum", quorum_line },
};

static int line_read(struct tlog_policy *p, struct line l, struct err *e)
{
	struct word w;
	if (!word_next(&l, &w) || w.at[0] == '#')
		return 0;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		if (word_is(&w, lines[i].word))
			return lines[i].read(p, &l, e);
	return err_set(e, ERR_INVALID, "a line begins with log, witness, group, quorum or #");
}

/* Octets that the format allows: tab, newline, and all but control characters. */
static bool octets_ok(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c == 0x7f || (c < 0x20 && c != '\t' && c != '\n'))
			return false;
	}
	return true;
}

static int lines_read(struct tlog_policy *p, const char *text, size_t len, struct err *e)
{
	const char *at = text, *end = text + len;
	for (unsigned n = 1; at < end; n++) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		if (!lf)
			return err_set(e, ERR_INVALID, "the policy's last line, %u, is not ended: it may have been cut off", n);
		if (line_read(p, (struct line){ at, lf }, e) < 0)
			return err_wrap(e, "line %u of the policy", n);
		at = lf + 1;
	}
	if (p->quorum == NOTHING)
		return err_set(e, ERR_INVALID, "the policy has no quorum: a line \"quorum NAME\", or \"quorum none\", is missing");
	return 0;
}

int tlog_policy_parse(struct tlog_policy **out, const char *text, size_t len, struct err *e)
{
	if (len > TLOG_POLICY_BYTES)
		return err_set(e, ERR_LIMIT, "a policy of %zu bytes is larger than %llu", len, TLOG_POLICY_BYTES);
	if (!octets_ok(text, len))
		return err_set(e, ERR_INVALID, "not a policy: it has control characters");
	struct tlog_policy *p = calloc(1, sizeof *p);
	if (!p)
		return err_set(e, ERR_LIMIT, "no memory for a policy");
	p->quorum = NOTHING;
	if (lines_read(p, text, len, e) < 0) {
		tlog_policy_free(p);
		return -1;
	}
	*out = p;
	return 0;
}

void tlog_policy_free(struct tlog_policy *p)
{
	free(p);
}

const struct note_key *tlog_policy_log(const struct tlog_policy *p, const char *origin)
{
	for (size_t i = 0; i < p->n_logs; i++)
		if (strcmp(p->logs[i].name, origin) == 0)
			return &p->logs[i];
	return NULL;
}

size_t tlog_policy_logs(const struct tlog_policy *p)
{
	return p->n_logs;
}

size_t tlog_policy_witnesses(const struct tlog_policy *p)
{
	return p->n_witnesses;
}

const struct note_key *tlog_policy_witness(const struct tlog_policy *p, size_t i, const char **name)
{
	assert(i < p->n_witnesses);
	for (size_t k = 0; name && k < p->n_items; k++)
		if (p->items[k].witness == (int)i)
			*name = p->items[k].name;
	return &p->witnesses[i];
}

/* Members stand before their groups, so one pass in order is enough. */
static bool quorum_met(const struct tlog_policy *p, const bool signed_by[static TLOG_POLICY_WITNESSES])
{
	unsigned count[ITEMS] = { 0 };
	if (p->quorum == QUORUM_NONE)
		return true;
	for (int i = 0; i <= p->quorum; i++) {
		const struct item *it = &p->items[i];
		bool holds = it->witness != NOTHING ? signed_by[it->witness] : count[i] >= it->need;
		if (i == p->quorum)
			return holds;
		assert(it->parent == NOTHING || it->parent > i);
		if (holds && it->parent != NOTHING)
			count[it->parent]++;
	}
	return false;
}

static bool is_within(const struct tlog_policy *p, int item, int group)
{
	while (item != NOTHING && item != group)
		item = p->items[item].parent;
	return item == group;
}

static int quorum_missing(const struct tlog_policy *p, const bool signed_by[static TLOG_POLICY_WITNESSES], const struct checkpoint *c, struct err *e)
{
	char names[MISSING_CHARS] = "";
	size_t len = 0;
	unsigned have = 0, all = 0;
	bool more = false;
	for (int i = 0; i <= p->quorum; i++) {
		const struct item *it = &p->items[i];
		if (it->witness == NOTHING || !is_within(p, i, p->quorum))
			continue;
		all++;
		have += signed_by[it->witness];
		if (signed_by[it->witness])
			continue;
		if (len + strlen(it->name) + 3 < sizeof names)
			len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", len ? ", " : "", it->name);
		else
			more = true;
	}
	err_set(e, ERR_DENIED, "the checkpoint of %llu entries lacks the quorum \"%s\": %u of its %u witnesses countersigned; missing: %s%s",
		(unsigned long long)c->size, p->items[p->quorum].name, have, all, names, more ? " and others" : "");
	return err_hint(e, "have the missing witnesses countersign it, or take a checkpoint that they have seen");
}

/* Keys that count for a checkpoint: first those of logs, then the policy's witnesses. */
struct known { struct note_key keys[KEYS]; size_t n_logs, n; };

static int known_fill(struct known *k, const struct tlog_policy *p, const struct checkpoint *c, struct err *e)
{
	k->n_logs = p ? p->n_logs : 0;
	if (k->n_logs > 0 && !tlog_policy_log(p, c->origin))
		return err_set(e, ERR_DENIED, "the log %s is not one of the policy's", c->origin);
	if (k->n_logs > 0)
		memcpy(k->keys, p->logs, p->n_logs * sizeof k->keys[0]);
	else if (checkpoint_log_key(&k->keys[k->n_logs++], c, e) < 0)
		return -1;
	k->n = k->n_logs;
	for (size_t i = 0; p && i < p->n_witnesses; i++)
		k->keys[k->n++] = p->witnesses[i];
	return 0;
}

int tlog_policy_check(const struct tlog_policy *p, const char *note, size_t len, struct checkpoint *out, struct tlog_verdict *v, struct err *e)
{
	struct note parsed;
	struct known known;
	int by[NOTE_SIGNATURES];
	bool signed_by[TLOG_POLICY_WITNESSES] = { false }, by_log = false;
	*v = (struct tlog_verdict){ 0 };
	if (checkpoint_read(out, &parsed, note, len, e) < 0 || known_fill(&known, p, out, e) < 0 ||
		checkpoint_judge(&parsed, known.keys, known.n, by, e) < 0)
		return -1;
	for (size_t i = 0; i < parsed.n_sigs; i++) {
		const struct note_sig *s = &parsed.sigs[i];
		const bool is_known = by[i] >= 0, is_log = is_known && (size_t)by[i] < known.n_logs;
		const bool counts = is_known ? !is_log : !p && by[i] == CHECKPOINT_CARRIED && note_sig_time(s) > 0;
		if (is_log && strcmp(s->name, out->origin) == 0)
			by_log = true;
		else if (!counts)
			v->unknown++;
		else {
			v->cosigned++;
			if (is_known)
				signed_by[(size_t)by[i] - known.n_logs] = true;
			if (note_sig_time(s) > v->newest)
				v->newest = note_sig_time(s);
		}
	}
	if (!by_log)
		return err_set(e, ERR_DENIED, "the log %s has not signed the checkpoint", out->origin);
	v->quorum = !p || quorum_met(p, signed_by);
	return v->quorum ? 0 : quorum_missing(p, signed_by, out, e);
}
