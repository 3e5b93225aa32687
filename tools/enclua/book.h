/* What the verbs on books share: opening this home's own, its policy, files that come from others, and how a checkpoint is shown. */
#ifndef ENCLUA_TOOLS_BOOK_H
#define ENCLUA_TOOLS_BOOK_H

#include "book/book.h"
#include "cli.h"
#include "form/tlog_policy.h"

int book_home_open(struct cli *c, struct book **out, struct err *e);
/* A file of somebody else's, or "-" for standard input. One that is larger than max is malformed. */
int book_file_read(const char *path, size_t max, struct buf *out, struct err *e);
int book_number(uint64_t *out, const char *text, const char *what, struct err *e);
int book_entry_take(struct book *b, const char *which, uint64_t *index, struct buf *bytes, struct err *e);	/* by number or id, verbatim */

/* The policy in `path`; path NULL: this home's own, and NULL in *out when it has none. */
int book_policy_path(const struct cli *c, char *out, size_t size, struct err *e);
int book_policy_open(struct tlog_policy **out, const struct cli *c, const char *path, struct err *e);
int book_policy_read(struct tlog_policy **out, const char *path, struct err *e);

void book_json_text(struct cli *c, const char *key, const char *text);
void book_json_number(struct cli *c, const char *key, uint64_t v);
/* Members of the open JSON object: origin, size, root. */
void book_checkpoint_json(struct cli *c, const struct checkpoint *cp);
/* Whom this home can call by a name: its keys by their petnames, and this machine's own, unless a key of the home is called so. */
#define BOOK_MACHINE_KEYS 4u
struct book_names { char keys[4200]; struct { const char *name; uint8_t key[32]; } machine[BOOK_MACHINE_KEYS]; };
void book_names_load(struct book_names *n, const struct cli *c);
/* Its name here, or enclua1…; a name that only the book claims is never shown in its place. */
void book_who(const struct book_names *n, const uint8_t public_key[static 32], char out[static IDENTITY_TEXT]);

#endif
