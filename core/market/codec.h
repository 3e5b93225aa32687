/* The market's rows as bytes, for a store that keeps them: one spelling, no padding, what is empty takes a byte. And what such a store lists them by.
 */
#ifndef ENCLUA_MARKET_CODEC_H
#define ENCLUA_MARKET_CODEC_H

#include "base/buf.h"
#include "market/records.h"

int market_row_encode(enum market_kind kind, const void *row, struct buf *out, struct err *e);
int market_row_decode(enum market_kind kind, const void *bytes, size_t len, void *row, struct err *e);	/* row is zero where nothing says otherwise */
size_t market_row_size(enum market_kind kind);
void market_row_names(enum market_kind kind, const void *row, const char **a, const char **b);	/* its key; b is "" for one name */
/* By what a list of such rows is cut: orders by their asset, deals by their pool, tasks by their deal, contributions, entrants and groups by their task; "" for
 * the others. state: of a task its status, of an order 1 while some of its volume is left; else 0. */
void market_row_place(enum market_kind kind, const void *row, const char **group, int64_t *state);

#endif
