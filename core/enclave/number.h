/* Decimal numbers between text and Lua, exactly: what is read is the nearest double, what is written reads back to the same double. */
#ifndef ENCLUA_ENCLAVE_NUMBER_H
#define ENCLUA_ENCLAVE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

#define NUMBER_TEXT 32u

/* [-]digits[.digits][e[+-]digits], all of the text. Not followed by a NUL. False when it is anything else, or not finite. */
bool number_read(double *out, const char *text, size_t len);
/* Same for an integer of 64 bits, without point and exponent. False when it does not fit. */
bool number_read_integer(long long *out, const char *text, size_t len);
/* Fewest digits that read back; ".0" behind when it would look like an integer. v is finite. Returns the length. */
size_t number_write(char out[static NUMBER_TEXT], double v);

#endif
