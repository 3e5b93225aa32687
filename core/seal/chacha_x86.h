/* ChaCha20 by the processor's 512-bit registers (AVX-512F), sixteen blocks at a time, for age_aead.c alone. libsodium goes up to AVX2; this
 * is what sealing large data waits for. Additions, exclusive ors and rotations only: its time depends on nothing but the length.
 */
#ifndef ENCLUA_SEAL_CHACHA_X86_H
#define ENCLUA_SEAL_CHACHA_X86_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHACHA_X86_STEP 1024u	/* sixteen blocks of 64 bytes */

bool chacha_x86_usable(void);	/* asks what was found out at program start: safe after lock-down */
/* steps × CHACHA_X86_STEP bytes from block number `counter` on (RFC 8439 §2.4); out may be in. Only where usable. */
void chacha_x86_xor(uint8_t *out, const uint8_t *in, size_t steps, uint32_t counter, const uint8_t nonce[static 12],
	const uint8_t key[static 32]);

#endif
