/* iapp.yaml, and policy.yaml, against any bytes: what is accepted keeps the promises of manifest.h, and a refusal names a place. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/ustar.h"
#include "form/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void text_good(const char *s, size_t size)
{
	size_t n = strnlen(s, size);
	assert(n < size && text_plain(s, n) == n);
}

static void policy_try(const char *bytes, size_t len)
{
	struct manifest *m = NULL;
	struct err e = { .code = ERR_NONE };
	if (manifest_policy_parse(&m, "f", bytes, len, &e) < 0) {
		assert(!m && (e.code == ERR_INVALID || e.code == ERR_LIMIT) && text_plain(e.msg, strlen(e.msg)) == strlen(e.msg));
		return;
	}
	assert(m->name[0] && m->version[0] && ustar_path_check(m->entry, strlen(m->entry), &e) == 0);
	text_good(m->name, sizeof m->name);
	manifest_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct manifest *m = NULL;
	struct err e = { .code = ERR_NONE };
	policy_try((const char *)bytes, len);
	if (manifest_parse(&m, "f", (const char *)bytes, len, &e) < 0) {
		assert(!m && (e.code == ERR_INVALID || e.code == ERR_LIMIT));
		assert(!strncmp(e.msg, "f:", 2) || len > LIMIT_YAML_BYTES);
		assert(text_plain(e.msg, strlen(e.msg)) == strlen(e.msg));	/* nothing of the file may upset a terminal */
		return 0;
	}
	assert(m->api == 1 && m->name[0] && m->version[0]);
	text_good(m->name, sizeof m->name);
	text_good(m->version, sizeof m->version);
	text_good(m->summary, sizeof m->summary);
	assert(ustar_path_check(m->entry, strlen(m->entry), &e) == 0);
	assert(m->data <= MANIFEST_DATA_BULK && m->n_args <= LIMIT_BOX_ARGS && m->n_secrets <= LIMIT_BOX_SECRETS);
	for (size_t i = 0; i < m->n_args; i++) {
		const struct manifest_arg *a = &m->args[i];
		assert(a->name[0] && !(a->required && a->has_default));
		assert(!a->has_default || manifest_arg_check(a, a->fallback, &e) == 0);
		text_good(a->summary, sizeof a->summary);
	}
	for (size_t i = 0; i < m->n_schema; i++)
		text_good(m->schema[i].path, sizeof m->schema[i].path);
	for (size_t i = 0; i < m->n_egress; i++)
		text_good(m->egress[i], sizeof m->egress[i]);
	assert(m->memory >= MIB(1) && m->memory <= LIMIT_BOX_MEMORY && m->output && m->output <= LIMIT_BOX_OUTPUT);
	assert(m->cpu_ms && m->cpu_ms <= LIMIT_BOX_TIME_MS && m->wall_ms && m->wall_ms <= LIMIT_BOX_TIME_MS);
	manifest_free(m);
	return 0;
}
