/* What the files of entry share: the lines that every entry has, and the values of each kind. */
#ifndef ENCLUA_FORM_ENTRY_INNER_H
#define ENCLUA_FORM_ENTRY_INNER_H

#include "form/entry.h"

#define ENTRY_HEAD "enclua/"	/* the first line is ENTRY_HEAD type ENTRY_VERSION */
#define ENTRY_VERSION "/v1"

extern const struct entry_info entry_head;	/* by, time, nonce, book: before the fields of any type; its type is "" */

/* Where a field lies in an entry. Of a MANY field: how many values it has, and its i-th one. */
void *entry_member(const struct entry_field *f, struct entry *en);
const void *entry_member_const(const struct entry_field *f, const struct entry *en);
size_t entry_many_count(const void *member);
const void *entry_many_at(const struct entry_field *f, const void *member, size_t i);
void *entry_many_next(const struct entry_field *f, void *member, struct err *e);	/* room for one more; NULL: there are ENTRY_MANY_MAX */

/* The text of an entry, without signature. UTF-8 and control characters are the note's business. */
int entry_text_read(struct entry *en, const char *text, size_t len, struct err *e);

/* One value, without its key. Both refuse what has no one spelling; the error says what is wrong, not where. */
bool entry_value_empty(const struct entry_field *f, const void *member);	/* zero, or nothing */
int entry_value_write(const struct entry_field *f, const void *member, struct buf *out, struct err *e);
int entry_value_read(const struct entry_field *f, void *member, const char *text, size_t len, struct err *e);

#endif
