/* Reference values: which enclave programs, attestation keys and platforms a keeper accepts. Read once from <home>/keeper/references; the certificates that lines name
 * are read with it, so that who verifies later needs no file.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "base/text.h"
#include "box/box.h"
#include "seal/crypto.h"
#include "trust/attest_helper.h"
#include "trust/attest_inner.h"

#define FILE_BYTES KIB(64)
#define LINES_MAX 256u	/* of one kind: a keeper knows its machines by name */
#define WORDS_MAX 6u

struct attest_references {
	uint8_t (*measurements)[32];
	struct attest_ak *aks;
	struct attest_root *roots;
	size_t n_measurements, n_aks, n_roots;
	int starter;	/* helper_starter's, or -1 */
	bool own;	/* the file names no program: what is in measurements is this machine's own */
	const char *path;	/* while it is read */
};

void attest_references_free(struct attest_references *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_roots; i++)
		buf_done(&r->roots[i].root);
	if (r->starter >= 0)
		close(r->starter);
	free(r->measurements);
	free(r->aks);
	free(r->roots);
	free(r);
}

static struct attest_references *references_new(struct err *e)
{
	struct attest_references *r = calloc(1, sizeof *r);
	if (r)
		r->starter = -1;
	if (r) {
		r->measurements = calloc(LINES_MAX, sizeof *r->measurements);
		r->aks = calloc(LINES_MAX, sizeof *r->aks);
		r->roots = calloc(LINES_MAX, sizeof *r->roots);
	}
	if (r && r->measurements && r->aks && r->roots)
		return r;
	attest_references_free(r);
	err_set(e, ERR_LIMIT, "no memory for reference values");
	return NULL;
}

/* A word of a line, not ended by NUL. */
struct word { const char *at; size_t len; };

static bool word_is(const struct word *w, const char *text)
{
	return w->len == strlen(text) && memcmp(w->at, text, w->len) == 0;
}

static int measurement_read(struct attest_references *r, const struct word *w, size_t n, struct err *e)
{
	if (n != 2 || hex_decode(r->measurements[r->n_measurements], 32, w[1].at, w[1].len) < 0)
		return err_set(e, ERR_INVALID, "it reads: measurement <64 hex digits>");
	r->n_measurements++;
	return 0;
}

static int tpm2_read(struct attest_references *r, const struct word *w, size_t n, struct err *e)
{
	struct attest_ak *ak = &r->aks[r->n_aks];
	if (n < 5 || n > 6 || !word_is(&w[1], "ak") || hex_decode(ak->name, sizeof ak->name, w[2].at, w[2].len) < 0 || !word_is(&w[3], "pcrs") ||
		hex_decode(ak->pcrs, sizeof ak->pcrs, w[4].at, w[4].len) < 0 || (n == 6 && !word_is(&w[5], "simulated")))
		return err_set(e, ERR_INVALID, "it reads: tpm2 ak <64 hex digits> pcrs <64 hex digits> [simulated]");
	ak->simulated = n == 6;
	r->n_aks++;
	return 0;
}

/* A name without a slash at its start lies beside the references. */
static int root_path(char *out, size_t size, const char *references, const struct word *w, struct err *e)
{
	const char *slash = strrchr(references, '/');
	int dir = slash && w->at[0] != '/' ? (int)(slash + 1 - references) : 0;
	int n = snprintf(out, size, "%.*s%.*s", dir, references, (int)w->len, w->at);
	return n > 0 && (size_t)n < size ? 0 : err_set(e, ERR_INVALID, "the name of the root's file is too long");
}

static int cvm_read(struct attest_references *r, const struct word *w, size_t n, struct err *e)
{
	struct attest_root *root = &r->roots[r->n_roots];
	char path[4096];
	if (n != 5 || !(word_is(&w[1], "tdx") || word_is(&w[1], "sev-snp")) ||
		hex_decode(root->measurement, sizeof root->measurement, w[2].at, w[2].len) < 0 || !word_is(&w[3], "root"))
		return err_set(e, ERR_INVALID, "it reads: cvm tdx|sev-snp <96 hex digits> root <file>");
	(void)snprintf(root->provider, sizeof root->provider, "%.*s", (int)w[1].len, w[1].at);
	root->root.max = ATTEST_ROOT_BYTES;
	r->n_roots++;	/* from here on freed with the rest */
	return root_path(path, sizeof path, r->path, &w[4], e) < 0 ? -1 : os_plain_read(path, &root->root, e);
}

static int line_read(struct attest_references *r, const char *line, size_t len, struct err *e)
{
	static const struct { const char *name; int (*read)(struct attest_references *r, const struct word *w, size_t n, struct err *e); } kinds[] = {
		{ "measurement", measurement_read }, { "tpm2", tpm2_read }, { "cvm", cvm_read },
	};
	struct word words[WORDS_MAX + 1];
	size_t n = 0;
	for (size_t at = 0; at < len && n <= WORDS_MAX;) {
		size_t end = at;
		while (end < len && line[end] != ' ')
			end++;
		if (end > at)
			words[n++] = (struct word){ line + at, end - at };
		at = end + 1;
	}
	if (n == 0 || words[0].at[0] == '#')
		return 0;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (word_is(&words[0], kinds[i].name))
			return kinds[i].read(r, words, n, e);
	return err_set(e, ERR_INVALID, "a line begins with measurement, tpm2 or cvm");
}

static int lines_read(struct attest_references *r, const char *text, size_t len, struct err *e)
{
	unsigned number = 0;
	for (size_t at = 0; at < len; number++) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end ? (size_t)(end - text) - at : len - at;
		if (r->n_measurements == LINES_MAX || r->n_aks == LINES_MAX || r->n_roots == LINES_MAX)
			return err_set(e, ERR_LIMIT, "more than %u reference values of a kind", LINES_MAX - 1);
		if (line_read(r, text + at, n, e) < 0)
			return err_wrap(e, "%s, line %u", r->path, number + 1);
		at += n + 1;
	}
	return 0;
}

/* What this machine's boxes run. A machine without an enclave accepts none: nothing to be said of it here. */
static int own_measurement(struct attest_references *r, struct err *e)
{
	char path[4096];
	struct buf program = BUF_INIT(LIMIT_ENCLAVE_BYTES);
	int result = -1;
	r->own = true;
	if (box_enclave_path(path, sizeof path, NULL) < 0)
		return 0;
	if (os_file_read(path, &program, e) == 0) {
		sha256(r->measurements[r->n_measurements++], program.data, program.len);
		result = 0;
	}
	buf_done(&program);
	return result;
}

int attest_references_read(struct attest_references **out, const char *path, struct err *e)
{
	struct buf text = BUF_INIT(FILE_BYTES);
	struct err why = { .code = ERR_NONE };
	int result = -1;
	*out = NULL;
	struct attest_references *r = references_new(e);
	if (!r)
		return -1;
	r->path = path;
	if (os_plain_read(path, &text, &why) < 0 && why.code != ERR_NOT_FOUND) {
		if (e)
			*e = why;
		goto out;
	}
	if (lines_read(r, buf_text(&text), text.len, e) < 0 || (r->n_measurements == 0 && own_measurement(r, e) < 0))
		goto out;
	r->path = NULL;
	*out = r;
	r = NULL;	/* taken */
	result = 0;
out:
	buf_done(&text);
	attest_references_free(r);
	return result;
}

int attest_references_prepare(struct attest_references *r, struct err *e)
{
	return r->starter < 0 && (r->n_aks || r->n_roots) ? helper_starter(&r->starter, e) : 0;
}

int attest_references_starter(const struct attest_references *r)
{
	return r->starter;
}

void attest_references_own(struct attest_references *r, const uint8_t measurement[static 32])
{
	if (!r->own)
		return;
	memcpy(r->measurements[0], measurement, 32);
	r->n_measurements = 1;
}

bool attest_measurement_accepted(const struct attest_references *r, const uint8_t measurement[static 32])
{
	for (size_t i = 0; i < r->n_measurements; i++)
		if (memcmp(r->measurements[i], measurement, 32) == 0)
			return true;
	return false;
}

const struct attest_ak *attest_ak_find(const struct attest_references *r, const uint8_t name[static 32])
{
	for (size_t i = 0; i < r->n_aks; i++)
		if (memcmp(r->aks[i].name, name, 32) == 0)
			return &r->aks[i];
	return NULL;
}

const struct attest_root *attest_root_next(const struct attest_references *r, const char *provider, const struct attest_root *after)
{
	for (size_t i = after ? (size_t)(after - r->roots) + 1 : 0; i < r->n_roots; i++)
		if (strcmp(r->roots[i].provider, provider) == 0)
			return &r->roots[i];
	return NULL;
}
