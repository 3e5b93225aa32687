/* Steps of workers in the test's own process, with real boxes. */
#ifndef ENCLUA_TESTS_WORKER_MAKE_H
#define ENCLUA_TESTS_WORKER_MAKE_H

#include "base/os.h"
#include "node/worker.h"
#include "seal/age.h"
#include "unit/market_make.h"

static inline uint32_t worker_make_layers(void)
{
	const char *list = getenv("ENCLUA_ALLOW_MISSING_LAYER");
	uint32_t bits = 0;
	for (unsigned l = 0; list && l < BOX_LAYER_COUNT; l++)
		if (strstr(list, box_layer_name((enum box_layer)l)))
			bits |= 1u << l;
	return bits;
}

static inline struct box_zygote *worker_make_zygote(void)
{
	const char *build = getenv("BUILD");
	struct box_zygote *z;
	char path[PATH_MAX];
	struct err e;
	(void)snprintf(path, sizeof path, "%s/enclave", build ? build : "build");
	const struct box_options o = { .enclave = path, .allow_missing = worker_make_layers() };
	BOOK_MUST(box_zygote_start(&z, &o, &e), &e);
	return z;
}

static inline void worker_make_say(void *ctx, const char *task, const struct err *why)
{
	(void)ctx;
	(void)fprintf(stderr, "# %s: %s\n", task, why->msg);
}

/* One look with nothing remembered, as a process that was just started. */
static inline bool worker_make_step(struct worker w)
{
	struct err e;
	bool did = false;
	int64_t due;
	BOOK_MUST(worker_begin(&w, &e), &e);
	BOOK_MUST(worker_step(&w, &did, &due, &e), &e);
	worker_end(&w);
	return did;
}

static inline void worker_make_run(struct worker w)
{
	for (int i = 0; worker_make_step(w); i++)
		if (i > 200)
			abort();
}

/* The beneficiary opens what the book says is the result. */
static inline bool worker_make_result_has(const struct market_made *m, const char *task, const char *says)
{
	struct store_task row;
	struct buf sealed = BUF_INIT(KIB(60));	/* as much as a pipe holds */
	struct err e;
	BOOK_MUST(store_task_find(book_store(m->b), task, &row, &e), &e);
	BOOK_MUST(store_blob_read(book_store(m->b), row.blob, &sealed, &e), &e);
	struct age_identity me = { .kind = AGE_X25519 };
	memcpy(me.secret_key, identity_age_secret(m->requester), 32);
	int pipe_in[2], pipe_out[2];
	if (pipe(pipe_in) < 0 || pipe(pipe_out) < 0 || os_write(pipe_in[1], sealed.data, sealed.len) < 0)
		abort();
	close(pipe_in[1]);
	const struct age_stream_options o = { .jobs = 1 };
	BOOK_MUST(age_stream_open(pipe_in[0], pipe_out[1], &me, 1, &o, &e), &e);
	close(pipe_in[0]);
	close(pipe_out[1]);
	char text[65536];
	ssize_t n = os_read(pipe_out[0], text, sizeof text);
	bool has = n > 0 && memmem(text, (size_t)n, says, strlen(says));
	close(pipe_out[0]);
	buf_done(&sealed);
	store_task_done(&row);
	return has;
}

#endif
