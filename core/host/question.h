/* The question to a policy: facts of the book at one size of it, as one line of canonical JSON (members in this order, integers and strings only). It follows from the rows
 * alone, so that anybody who has the book can make it again: `policy replay` does.
 *
 *	{"scope":"match","time":<book time, seconds>,"as_of":<entries>,"purpose":"…","user":"enclua1…","beneficiary":"enclua1… or age1…","assurance":"software",
 *	 "app":{"id","h1","name","version","author","owner","data":"none|one|many|bulk","deterministic":0|1,"outputs_raw":0|1,"purposes":[…],"egress":[…],"memory","output","cpu_ms",
 *	        "wall_ms","epsilon_u6"},
 *	 "data":{"id","name","owner","size"},	size: bytes as they are sealed
 *	 "pool":{"id","owner"},"worker":"enclua1… or empty",
 *	 "deal":{"id","app_price","data_price","pool_price","trust","category","volume"},
 *	 "task":{"id","index","bulk_size"},	bulk_size: different data among the grants of a bulk; 0: no bulk
 *	 "grant":{"id","price","uses","used","until","purposes":[…],"bulk":0|1},	until 0: never
 *	 "counters":{"uses","output_bytes","epsilon_u6"}}	reserved and spent under this grant
 *
 * Without a task: deal.id and task.id are ""; app_price and pool_price are the most that the request pays, data_price is the grant's, volume what both have left; the pool is the
 * one that the request names, or "". Without an assurance: what the request demands, at least "software", which any machine gives. Owners are those of now.
 */
#ifndef ENCLUA_HOST_QUESTION_H
#define ENCLUA_HOST_QUESTION_H

#include "host/host.h"

struct host_question {	/* what is asked about; names as in the entry policy.decision */
	const char *scope, *grant, *request, *task, *assurance;	/* task and assurance may be NULL or "" */	/* task "": none yet */
	const uint8_t *worker;	/* NULL: none yet */
	const struct manifest *app;	/* of the iApp that is asked for, whose archive the caller has verified against the register (h1) */
};
/* b: a book or a replica; as_of is its size. Appends. ERR_NOT_FOUND: names what is not in the book. */
int host_question(struct book *b, const struct host_question *q, struct buf *out, struct err *e);

#endif
