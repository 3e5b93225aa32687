/* Entries for tests, made from the list: one of any type with every field set, or with as few as may be. Always the same bytes. */
#ifndef ENCLUA_TESTS_ENTRY_MAKE_H
#define ENCLUA_TESTS_ENTRY_MAKE_H

#include <assert.h>
#include <string.h>

#include "form/entry.h"

#define ENTRY_MAKE_TIME 1795256430	/* 2026-11-21T10:20:30Z */
#define ENTRY_MAKE_BOOK "enclua.local/test"

/* A value of the kind, the salt-th one. Text is a few words of UTF-8; what it means to the rules is not its business. */
static inline void entry_make_value(const struct entry_field *f, void *value, unsigned salt)
{
	static const char *const texts[] = { "a", "né è", "c 3" };
	uint8_t seed[2] = { (uint8_t)salt, (uint8_t)f->offset };
	switch (f->kind) {
	case ENTRY_KIND_IDENTITY: case ENTRY_KIND_AGE: case ENTRY_KIND_HASH: case ENTRY_KIND_NONCE:
		memset(value, (int)(salt * 16 + strlen(f->key)), f->kind == ENTRY_KIND_NONCE ? ENTRY_NONCE : 32);
		break;
	case ENTRY_KIND_ID: id_make(value, (enum id_kind)f->arg, seed, sizeof seed); break;
	case ENTRY_KIND_NUMBER: *(uint64_t *)value = 1000 + salt; break;
	case ENTRY_KIND_TIME: *(int64_t *)value = ENTRY_MAKE_TIME + salt; break;
	case ENTRY_KIND_TEXT: *(struct entry_text *)value = entry_text(texts[salt % 3]); break;
	case ENTRY_KIND_BYTES: *(struct entry_text *)value = entry_text("AAEC/w=="); break;
	}
}

static inline void entry_make(struct entry *en, enum entry_type type, bool full)
{
	const struct entry_info *info = entry_info(type);
	memset(en, 0, sizeof *en);
	en->type = type;
	en->time = ENTRY_MAKE_TIME;
	en->book = entry_text(ENTRY_MAKE_BOOK);
	memset(en->nonce, 0x5a, sizeof en->nonce);
	for (size_t i = 0; i < info->n; i++) {
		const struct entry_field *f = &info->fields[i];
		void *member = (char *)en + f->offset;
		struct entry_ids *ids = member;
		struct entry_texts *texts = member;
		if (!full && f->need != ENTRY_REQUIRED)
			continue;
		if (f->need != ENTRY_MANY)
			entry_make_value(f, member, (unsigned)i);
		for (unsigned k = 0; f->need == ENTRY_MANY && k < 3; k++) {
			if (f->kind == ENTRY_KIND_ID)
				entry_make_value(f, ids->at[ids->n++], k);
			else
				entry_make_value(f, &texts->at[texts->n++], k);
		}
	}
}

static inline struct identity *entry_make_identity(uint8_t n)
{
	struct identity *id = NULL;
	uint8_t seed[32];
	memset(seed, n, sizeof seed);
	int r = identity_from_seed(&id, seed, NULL);
	assert(r == 0 && id);
	return id;
}

#endif
