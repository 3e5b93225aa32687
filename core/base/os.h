/* Calls of the operating system, made whole: no short reads, no lost EINTR, no half-written file. */
#ifndef ENCLUA_BASE_OS_H
#define ENCLUA_BASE_OS_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

void os_no_dumps(void);	/* this process leaves no core file, and other processes of its user cannot read its memory */
int os_stack_need(size_t bytes, struct err *e);	/* raises the soft limit where it is lower; ERR_LIMIT when the hard one forbids it */
void os_wipe(void *p, size_t n);	/* zeroes that the compiler may not leave out */

/* Reads until n bytes or end of file; returns how many, or -1 with errno. */
ssize_t os_read(int fd, void *p, size_t n);
ssize_t os_pread(int fd, void *p, size_t n, uint64_t offset);
int os_write(int fd, const void *p, size_t n);	/* all of it, or -1 with errno */

#define OS_FDS_MAX 253u	/* as the kernel's SCM_MAX_FD */
/* One sendmsg, with descriptors: how many bytes went, or -1 with errno. */
ssize_t os_send_fds(int socket, const void *bytes, size_t n, const int *fds, size_t n_fds);
/* One recvmsg; *fd: the one that came along, close-on-exec, or -1. */
ssize_t os_receive_fd(int socket, void *bytes, size_t n, int *fd);

int os_lock(int fd);	/* waits until it holds the lock of the file (flock); 0, or -1 with errno */

/* Whole files. max is a ceiling: a larger file is ERR_LIMIT and nothing is read past it. */
int os_file_read(const char *path, struct buf *out, struct err *e);	/* ceiling: out->max. What a user names: waits where that is a pipe */
int os_plain_read(const char *path, struct buf *out, struct err *e);	/* what was found in a folder: ERR_INVALID for all but plain files, and so never a wait */

/* The file appears whole or not at all: written beside, fsync, rename, fsync of the directory. */
int os_file_replace(const char *path, mode_t mode, const void *bytes, size_t n, struct err *e);

/* The same for a file that can be made again from others: after a power failure the one before may be back. whole: whichever is there is not cut short. */
int os_file_publish(const char *path, mode_t mode, const void *bytes, size_t n, bool whole, struct err *e);

/* Is this the name of a file that one of these would have renamed? And: removes what killed writers of `path` left beside it, if it is that old. */
bool os_tmp_is(const char *name);
void os_tmp_sweep(const char *path, int64_t age_s);
int os_dir_make(const char *path, mode_t mode, struct err *e);	/* with its parents; existing is fine */
/* ERR_DENIED when anybody but its owner may change what is in it, or when its owner is neither this user nor root. */
int os_dir_guard(const char *path, struct err *e);
int os_dir_next(DIR *d, struct dirent **out);	/* 1, 0 at the end, -1 with errno: a folder that breaks off is no shorter folder */
int os_look(const char *path);	/* 1: something is there, 0: nothing, -1 with errno: that cannot be seen */
bool os_exists(const char *path);	/* the same for who opens it next: false only when it is certain that nothing is there */

uint64_t os_now_us(void);	/* monotonic */
int64_t os_time(void);	/* seconds since 1970, UTC */

#endif
