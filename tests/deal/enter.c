/* enter HOME NAME TYPE [FIELD=VALUE]…: signs one entry as an identity of the home (or its worker, manager, operator, keeper) and appends it; prints the id of what it makes. For
 * what no command enters by itself: a match of one's own choice, a worker that says what it likes. Values are spelled as in an entry; blob=N stands for the hash of
 * N random bytes that are put there, and ids that follow from other fields need not be given.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "market/market.h"
#include "host/host.h"
#include "seal/crypto.h"
#include "seal/identity.h"
#include "seal/keystore.h"
#include "trust/keeper.h"

static void die(const struct err *e)
{
	(void)fprintf(stderr, "%s: %s\n  try: %s\n", err_name(e->code), e->msg, e->hint);
	exit(err_exit(e->code));
}

static struct identity *identity_get(struct book *b, const char *home, const char *name, struct err *e)
{
	struct identity *id = NULL;
	struct keeper *keeper = NULL;
	char keys[4200];
	(void)snprintf(keys, sizeof keys, "%s/keys", home);
	if (strcmp(name, "keeper") == 0) {
		if (keeper_open(&keeper, home, e) < 0 || identity_from_seed(&id, identity_seed(keeper_identity(keeper)), e) < 0)
			die(e);
		keeper_close(keeper);
		return id;
	}
	int r = strcmp(name, "worker") == 0 ? book_worker_open(b, &id, e) : strcmp(name, "manager") == 0 ? host_manager_open(b, &id, e) :
		strcmp(name, "operator") == 0 ? book_operator_open(b, &id, e) : keystore_open(keys, name, NULL, &id, e);
	if (r < 0)
		die(e);
	return id;
}

static int value_set(struct book *b, const struct entry_field *f, void *at, const char *text, struct err *e)
{
	static const char hash[] = "sha256:";
	uint8_t random[256];
	switch (f->kind) {
	case ENTRY_KIND_IDENTITY: return identity_parse(at, text, e);
	case ENTRY_KIND_AGE: return bech32_decode(at, 32, "age", text, e);
	case ENTRY_KIND_ID: (void)snprintf(at, ID_TEXT, "%s", text); return 0;
	case ENTRY_KIND_NUMBER: *(uint64_t *)at = strtoull(text, NULL, 10); return 0;
	case ENTRY_KIND_TEXT: case ENTRY_KIND_BYTES: *(struct entry_text *)at = entry_text(text); return 0;
	case ENTRY_KIND_HASH:
		if (strncmp(text, "blob", 4) == 0) {
			crypto_random(random, sizeof random);
			return store_blob_add(book_store(b), random, (size_t)atol(text + 5), at, e);
		}
		return hex_decode(at, 32, text + sizeof hash - 1, strlen(text) - (sizeof hash - 1)) < 0 ? err_set(e, ERR_USAGE, "no hash: %s", text) : 0;
	default: return err_set(e, ERR_USAGE, "%s cannot be given here", f->key);
	}
}

static int field_set(struct book *b, struct entry *en, char *pair, struct err *e)
{
	const struct entry_info *info = entry_info(en->type);
	char *value = strchr(pair, '=');
	if (!value)
		return err_set(e, ERR_USAGE, "%s has no =", pair);
	*value++ = '\0';
	for (size_t i = 0; i < info->n; i++) {
		const struct entry_field *f = &info->fields[i];
		if (strcmp(f->key, pair) != 0)
			continue;
		char *at = (char *)en + f->offset;
		if (f->need == ENTRY_MANY && f->kind == ENTRY_KIND_ID) {
			struct entry_ids *ids = (void *)at;
			at = ids->at[ids->n++];
		} else if (f->need == ENTRY_MANY) {
			struct entry_texts *texts = (void *)at;
			at = (char *)&texts->at[texts->n++];
		}
		return value_set(b, f, at, value, e);
	}
	return err_set(e, ERR_USAGE, "%s has no field %s", info->type, pair);
}

/* Ids that follow, and what a worker commits to when `hash` is left out: the digest of 32 bytes 5. */
static const char *follow(struct entry *en, const struct identity *by)
{
	static char id[MARKET_NAME];
	static const uint8_t none[32];
	uint8_t digest[32];
	char worker[IDENTITY_TEXT];
	identity_text(worker, identity_public(by));
	memset(digest, 5, sizeof digest);
	if (en->type == ENTRY_DEAL_MATCH_TYPE && !en->deal_match.deal[0]) {
		market_deal_id(id, en->deal_match.request, en->deal_match.first);
		(void)snprintf(en->deal_match.deal, ID_TEXT, "%.47s", id);
	}
	if (en->type == ENTRY_TASK_INITIALIZE_TYPE && !en->task_initialize.task[0]) {
		market_task_id(id, en->task_initialize.deal, en->task_initialize.index);
		(void)snprintf(en->task_initialize.task, ID_TEXT, "%.47s", id);
	}
	if (en->type == ENTRY_TASK_ASSIGN_TYPE && !en->task_assign.until)
		en->task_assign.until = (uint64_t)en->time + 60;
	if (en->type == ENTRY_TASK_CONTRIBUTE_TYPE && memcmp(en->task_contribute.hash, none, 32) == 0) {
		market_result_hash(en->task_contribute.hash, en->task_contribute.task, digest);
		market_result_seal(en->task_contribute.seal, worker, en->task_contribute.task, digest);
	}
	return id;
}

int main(int argc, char **argv)
{
	struct err e = { .code = ERR_NONE };
	struct book *b = NULL;
	static struct entry en;
	struct buf note = BUF_INIT(ENTRY_BYTES_MAX);
	enum entry_type type;
	enum id_kind kind;
	if (argc < 4)
		return 2;
	if (crypto_init(&e) < 0 || host_open(&b, argv[1], false, &e) < 0 || entry_type_parse(&type, argv[3], &e) < 0 || book_draft(b, &en, type, &e) < 0)
		die(&e);
	struct identity *by = identity_get(b, argv[1], argv[2], &e);
	for (int i = 4; i < argc; i++)
		if (field_set(b, &en, argv[i], &e) < 0)
			die(&e);
	const char *followed = follow(&en, by);
	if (entry_sign(&en, by, &note, &e) < 0 || book_append_one(b, &note, NULL, &e) < 0)
		die(&e);
	char id[ID_TEXT] = "";
	const char *end = memmem(note.data, note.len, "\n\n", 2);
	if (entry_id_kind(type, &kind))
		entry_id(id, kind, note.data, (size_t)(end + 1 - (const char *)note.data));
	(void)printf("%s\n", id[0] ? id : followed);
	identity_free(by);
	buf_done(&note);
	book_close(b);
	return 0;
}
