/* Padmé: lengths with only log log n bits of information left (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files
 * and Communication with PURBs", 2019, section 4). What a length could tell about sealed data is in its low bits; they go.
 */
#include "base/ustar.h"

static unsigned log2_floor(uint64_t v)
{
	return 63 - (unsigned)__builtin_clzll(v);
}

uint64_t padme(uint64_t len)
{
	if (len < 2)
		return len;
	unsigned exponent = log2_floor(len), kept = log2_floor(exponent) + 1;
	uint64_t mask = (1ull << (exponent - kept)) - 1;
	return len > UINT64_MAX - mask ? UINT64_MAX : (len + mask) & ~mask;
}
