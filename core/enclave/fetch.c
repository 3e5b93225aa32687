/* Three steps of the lock-down that bring something in: a fresh key pair and entropy; the task's terms and
 * descriptors, from the zygote; and the REQUEST frame, read whole and not looked at. */
#include "enclave/fetch.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/boxctl.h"
#include "base/limits.h"
#include "base/os.h"
#include "seal/crypto.h"

#define REQUEST_AT ((void *)0x610000200000ul)	/* fixed, like every address of a box; near the stack, for the sake of page tables */
#define MAP_AT_FREE_ADDRESS 0x100000

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

bool fetch_descriptors_right(struct msghdr *h, size_t n)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(h);
	if (!c || (h->msg_flags & (MSG_CTRUNC | MSG_TRUNC)) || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(n * sizeof(int)))
		return false;
	for (size_t i = 0; i < n; i++) {
		int fd;
		memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
		if (fd != BOX_CHANNEL_FD + (int)i)
			return false;
	}
	return true;
}

int fetch_task(struct lock *k)
{
	struct boxctl m;
	union { struct cmsghdr align; char room[CMSG_SPACE(BOXCTL_FDS_MAX * sizeof(int))]; } rights;
	struct iovec v = { .iov_base = &m, .iov_len = sizeof m };
	struct msghdr h = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = sizeof rights };
	ssize_t n = recvmsg(BOXCTL_FD, &h, 0);
	if (n == 0) {
		h.msg_controllen = sizeof rights;
		n = recvmsg(BOXCTL_FD, &h, 0);	/* BOXCTL: an end may overtake what came before it */
	}
	if (n != (ssize_t)sizeof m || m.kind != BOXCTL_TASK || !fetch_descriptors_right(&h, m.u.task.n_inputs + 1)) {
		errno = EBADMSG;
		return -1;
	}
	k->n_inputs = m.u.task.n_inputs;
	k->rights = m.u.task.rights;
	k->cpu_ms = m.u.task.cpu_ms;
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
	void *p = mmap(REQUEST_AT, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_AT_FREE_ADDRESS, -1, 0);
	if (p == MAP_FAILED)
		return -1;
	if (os_read(BOX_CHANNEL_FD, p, len) != (ssize_t)len)
		return -1;
	k->start.request = p;
	k->start.request_len = len;
	return 0;
}
