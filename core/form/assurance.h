/* Assurance levels and what each is worth (TRUST): the one list. Entries and receipts carry a level by its name, attestation arrives at one, and whoever shows a
 * level shows its sentence, too.
 */
#ifndef ENCLUA_FORM_ASSURANCE_H
#define ENCLUA_FORM_ASSURANCE_H

#include "form/entry.h"

/* X(name, sentence), from the weakest to the strongest. */
#define ASSURANCE_TABLE(X) \
	X(none, "nothing is promised: the machine that ran it lacked isolation") \
	X(software, "protects against the iApp, not against root or the operator of the machine that ran it") \
	X(tpm2, "protects also against a changed boot chain or program and a stolen disk, not against root while it ran") \
	X(cvm, "protects also against the host, its hypervisor and administrators, not against side channels, physical access or flaws of the vendor")

/* none < software < tpm2 < cvm, from 0; -1: an unknown one. */
int assurance_level(const struct entry_text *level);
/* The sentence that goes with a level: NULL for an unknown one. */
const char *assurance_text(const struct entry_text *level);

#endif
