/* Grants as people see them: an order of data, what its owner signed, and whether it still holds. Nothing here decides; the rules do, when a request is matched. */
#ifndef ENCLUA_TOOLS_GRANT_H
#define ENCLUA_TOOLS_GRANT_H

#include "trade.h"

/* X(ENUM, in JSON, for people) */
#define GRANT_STATUSES(X) \
	X(OPEN, "open", "open") \
	X(USED, "used", "used up") \
	X(REVOKED, "revoked", "revoked") \
	X(EXPIRED, "expired", "expired") \
	X(TRANSFERRED, "transferred", "signed by a former owner")
enum grant_status {
#define X(id, json, text) GRANT_##id,
	GRANT_STATUSES(X)
#undef X
};

struct grant {
	struct market_order row;
	uint64_t made;	/* index of its entry */
	enum grant_status status;
	uint64_t left;	/* uses; of one that was revoked, those that were left then */
	struct entry en;	/* its order.data; borrows from bytes */
	struct buf bytes;
};

/* Oldest first; data NULL: of all data. f may stop by returning 1. g is borrowed. */
int grant_each(struct book *b, const char *data, int (*f)(void *ctx, const struct grant *g, struct err *e), void *ctx, struct err *e);
/* One, by a whole id or a unique prefix; f's answer is the answer. ERR_INVALID when it is another kind of order. */
int grant_with(struct book *b, const char *which, int (*f)(void *ctx, const struct grant *g, struct err *e), void *ctx, struct err *e);

/* Is `who` let in by a restriction? Lists are asked as they are now; "" lets in anybody. */
bool grant_admits(struct book *b, const char *restriction, const char *who);
bool grant_purpose_fits(const struct grant *g, const char *purpose);	/* "": none was stated */
void grant_purposes(const struct grant *g, char *out, size_t size);	/* with commas between; "" for any */
int grant_level(const struct grant *g);	/* the least level that it asks for, as a number: form/receipt.h; 0 for none */

/* Members of the JSON object that is open; the line for people. */
void grant_write(struct trade *t, const struct grant *g);
void grant_write_terms(struct trade *t, const struct grant *g);	/* of these policy, min_assurance, purposes, bulk */
int grant_print(struct trade *t, const char *before, const struct grant *g, struct err *e);

#endif
