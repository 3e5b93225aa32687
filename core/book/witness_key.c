/* The key with which this home countersigns other books: a file of its own, made at first use, because it signs nothing else. */
#include "book/witness.h"
#include "seal/machine_key.h"

#define WITNESS_NAME "witness"

int witness_open(const char *home, struct identity **out, struct err *e)
{
	*out = NULL;
	return machine_key_make(home, WITNESS_NAME, e) < 0 ? -1 : machine_key_open(home, WITNESS_NAME, out, e);
}
