/* Keys that a machine uses without a person: of the keeper, the operator of the book, the worker, the witness. One identity each, in
 * <home>/<name>.key, mode 0600, in the clear; what they protect is worth no more than that file.
 */
#ifndef ENCLUA_SEAL_MACHINE_KEY_H
#define ENCLUA_SEAL_MACHINE_KEY_H

#include "base/err.h"
#include "seal/identity.h"

int machine_key_make(const char *home, const char *name, struct err *e);	/* once; an existing one is left as it is */
/* ERR_NOT_FOUND; ERR_DENIED when others can read or change the file. */
int machine_key_open(const char *home, const char *name, struct identity **out, struct err *e);

#endif
