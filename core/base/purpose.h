/* Purposes of use: codes of the Data Use Ontology ("DUO:0000006"), or words of one's own. A broader purpose includes narrower ones: of DUO's classes by the
 * ontology's tree (DUO:0000042, general research use, includes DUO:0000006, health or medical or biomedical research, which includes DUO:0000007, disease
 * specific research …); of words by their parts ("research" includes "research/cancer"). Shared by the market and the enclave.
 */
#ifndef ENCLUA_BASE_PURPOSE_H
#define ENCLUA_BASE_PURPOSE_H

#include <stdbool.h>

#include "base/err.h"

/* A DUO code that exists, or 1 to 64 characters of a–z, 0–9, '-', '_', '.' with '/' between parts. The hint has the nearest DUO code or spelling. */
int purpose_check(const char *purpose, struct err *e);
bool purpose_includes(const char *broad, const char *narrow);	/* also when they are the same; false for what purpose_check refuses */
const char *purpose_words(const char *code);	/* "health or medical or biomedical research"; NULL when it is no DUO code */

#endif
