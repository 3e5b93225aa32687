/* A list of pieces: nothing is ever copied twice, and one large write is one piece. */
#include "enclave/pile.h"

#include <stdlib.h>
#include <string.h>

#define PIECE_LEAST 4000u

struct pile_piece {
	struct pile_piece *next;
	size_t used, room;
	uint8_t bytes[];
};

static struct pile_piece *piece_add(struct pile *p, size_t n)
{
	size_t room = n < PIECE_LEAST ? PIECE_LEAST : n;
	struct pile_piece *q = malloc(sizeof *q + room);
	if (!q)
		return NULL;
	q->next = NULL;
	q->used = 0;
	q->room = room;
	if (p->last)
		p->last->next = q;
	else
		p->first = q;
	return p->last = q;
}

int pile_add(struct pile *p, const void *bytes, size_t n)
{
	const uint8_t *in = bytes;
	while (n) {
		struct pile_piece *q = p->last;
		if ((!q || q->used == q->room) && !(q = piece_add(p, n)))
			return -1;
		size_t take = q->room - q->used < n ? q->room - q->used : n;
		memcpy(q->bytes + q->used, in, take);
		q->used += take;
		p->size += take;
		in += take;
		n -= take;
	}
	return 0;
}

int pile_walk(const struct pile *p, pile_each *each, void *ctx, struct err *e)
{
	for (const struct pile_piece *q = p->first; q; q = q->next)
		if (each(ctx, q->bytes, q->used, e) < 0)
			return -1;
	return 0;
}
