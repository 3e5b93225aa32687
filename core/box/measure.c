/* Measuring the enclave program: copied into a memfd, sealed, and only then hashed, so the bytes measured are
 * the bytes that execveat runs. The file itself may change at any moment; nobody reads it again. */
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "box/parts.h"
#include "seal/crypto.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x10u	/* Linux 6.3; a host may refuse executable memfds that do not say so */
#endif

static int memfd_open(void)
{
	int fd = memfd_create("enclave", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	return fd >= 0 || errno != EINVAL ? fd : memfd_create("enclave", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

static int copy(int to, int from, size_t size)
{
	while (size) {
		ssize_t n = sendfile(to, from, NULL, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;	/* shorter than a moment ago */
		if (n <= 0)
			return -1;
		size -= (size_t)n;
	}
	return 0;
}

static int sealed_copy(const char *path, int file, int *memfd, size_t *size, struct err *e)
{
	struct stat st;
	if (fstat(file, &st) < 0)
		return err_sys(e, errno, "cannot read %s", path);
	if (!S_ISREG(st.st_mode) || st.st_size <= 0)
		return err_set(e, ERR_INVALID, "%s is not a program", path);
	if ((uint64_t)st.st_size > LIMIT_ENCLAVE_BYTES)
		return err_set(e, ERR_LIMIT, "%s is larger than an enclave program may be", path);
	*size = (size_t)st.st_size;
	*memfd = memfd_open();
	if (*memfd < 0 || copy(*memfd, file, *size) < 0)
		return err_sys(e, errno, "cannot copy %s into memory", path);
	if (fcntl(*memfd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return err_sys(e, errno, "cannot seal the copy of %s", path);
	return 0;
}

int measure_program(const char *path, int *memfd, uint8_t digest[static 32], struct err *e)
{
	size_t size = 0;
	int r = -1;
	*memfd = -1;
	int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return err_sys(e, errno, "cannot read the enclave program %s", path);
	if (sealed_copy(path, file, memfd, &size, e) < 0)
		goto out;
	void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, *memfd, 0);
	if (bytes == MAP_FAILED) {
		err_sys(e, errno, "cannot read the copy of %s", path);
		goto out;
	}
	sha256(digest, bytes, size);
	munmap(bytes, size);
	r = 0;
out:
	close(file);
	if (r < 0 && *memfd >= 0) {
		close(*memfd);
		*memfd = -1;
	}
	return r;
}
