/* SHA-256 by the processor's own instructions (Intel SHA Extensions), for crypto.c alone. libsodium has portable code only, and hashing is what
 * protecting and verifying large data wait for. */
#ifndef ENCLUA_SEAL_SHA256_X86_H
#define ENCLUA_SEAL_SHA256_X86_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool sha256_x86_usable(void);	/* asks the processor: not after lock-down, where that may be forbidden */
void sha256_x86_blocks(uint32_t state[static 8], const uint8_t *blocks, size_t n);	/* n × 64 bytes; only where usable */

#endif
