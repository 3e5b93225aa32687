/* Shared by run-task and task: a sealed result as its beneficiary opens it, the folder it is written to, and what became of a task. */
#ifndef ENCLUA_TOOLS_RESULT_H
#define ENCLUA_TOOLS_RESULT_H

#include "book/book.h"
#include "cli.h"
#include "form/bundle.h"

/* Checks the stored hash, then decrypts in memory. ERR_DENIED when the identity is not the beneficiary. */
int result_open(struct store *s, const struct store_task *t, const struct identity *id, struct bundle **out, struct err *e);

/* Can results go to dir? Made later; ERR_CONFLICT when something that is no folder stands there. */
int result_dir_check(const char *dir, struct err *e);
/* Files, log.txt, result.json (b may be NULL: not ours to open), the sealed bytes as result.age, and the receipt. */
#define RESULT_RECEIPT "task.receipt"
void result_path(char *out, size_t size, const char *dir, const char *name);	/* dir/name, whether dir was typed with a slash or not */
int result_dir_write(struct store *s, const struct store_task *t, const struct bundle *b, const struct buf *receipt, const char *dir, struct err *e);

/* The receipt of a task that has ended, under the home's own policy of witnesses when there is one (run_book.c). */
int receipt_keep(struct cli *c, const struct store_task *t, const struct buf *text, char *path, size_t size, struct err *e);	/* as <home>/receipts/<task>.receipt */
int receipt_of(struct cli *c, struct book *b, const struct store_task *t, struct buf *out, struct err *e);

/* "files":[{"path","size","sha256"}…] into the JSON result, and a line each for people. */
int result_list(struct cli *c, const struct bundle *b, struct err *e);

/* A task that is being run holds a lock; one that is RUNNING without it was cut short. */
int task_lock(const struct cli *c, const char *id, struct err *e);	/* a descriptor; close it, then task_unlock */
void task_unlock(const struct cli *c, const char *id, int fd);
/* RUNNING, WAITING (for a worker), INTERRUPTED (run by a command that is gone), or how it ended. */
const char *task_status(const struct cli *c, struct book *b, const struct store_task *t);

#endif
