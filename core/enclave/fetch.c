/* Two steps of the lock-down that bring something in: a fresh key pair and entropy, and the REQUEST frame, read whole and not looked at. */
#include "enclave/fetch.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/os.h"
#include "seal/crypto.h"

#define REQUEST_AT ((void *)0x600000000000ul)	/* fixed, like every address of a box */
#define SYS_MAP_FIXED_NOREPLACE 0x100000

int fetch_keys(struct lock *k)
{
	struct { uint8_t secret[32], entropy[32]; } fresh;
	if (syscall(SYS_getrandom, &fresh, sizeof fresh, 0) != (long)sizeof fresh)
		return -1;
	memcpy(k->start.box_secret, fresh.secret, sizeof fresh.secret);
	memcpy(k->start.entropy, fresh.entropy, sizeof fresh.entropy);
	os_wipe(&fresh, sizeof fresh);
	x25519_public(k->start.box_public, k->start.box_secret);
	return 0;
}

int fetch_request(struct lock *k)
{
	uint8_t head[BOX_FRAME_HEADER];
	enum box_frame kind;
	uint32_t len;
	if (os_read(BOX_CHANNEL_FD, head, sizeof head) != (ssize_t)sizeof head)
		return -1;
	if (boxwire_header_decode(&kind, &len, head, NULL) < 0 || kind != BOX_REQUEST || len == 0 || len > LIMIT_BOX_REQUEST_BYTES) {
		errno = EBADMSG;
		return -1;
	}
	void *p = mmap(REQUEST_AT, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | SYS_MAP_FIXED_NOREPLACE, -1, 0);
	if (p == MAP_FAILED)
		return -1;
	if (os_read(BOX_CHANNEL_FD, p, len) != (ssize_t)len)
		return -1;
	k->start.request = p;
	k->start.request_len = len;
	return 0;
}
