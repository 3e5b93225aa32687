/* core/trust/policy.c and core/enclave/policy.c. Asks policies in real boxes, for tests/policy/run: each line of standard input is a JSON object, each line of standard output what came of it.
 *	{"files":{"policy.lua":"…"},"question":"…"}	asks, and holds the obligations against the question
 *	{"fresh":1}	another zygote from here on
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trust/policy.h"

static void bail(const char *why)
{
	printf("Bail out! %s\n", why);
	exit(1);
}

static struct box_zygote *zygote(void)
{
	static char path[512];
	const char *build = getenv("BUILD");
	struct err e = { .code = ERR_NONE };
	struct box_zygote *z = NULL;
	(void)snprintf(path, sizeof path, "%s/enclave", build ? build : "build");
	const struct box_options o = { .enclave = path, .allow_missing = getenv("ENCLUA_ALLOW_MISSING_LAYER") ? UINT32_MAX : 0 };
	if (box_zygote_start(&z, &o, &e) < 0)
		bail(e.msg);
	return z;
}

static void write_reasons(struct json_writer *w, const struct policy_decision *d)
{
	json_write_array(w);
	for (size_t i = 0; i < d->n_reasons; i++)
		json_write_text(w, d->reasons[i]);
	json_write_array_end(w);
}

/* permit, reasons and obligations as policy_ask has them; then the same after policy_enforce. */
static void decision_print(struct policy_decision *d, const char *question, size_t len)
{
	struct buf line = BUF_INIT(MIB(1)), obliged = BUF_INIT(KIB(8));
	struct json_writer w;
	struct err e = { .code = ERR_NONE };
	json_write_init(&w, &line, &e);
	json_write_object(&w);
	json_write_key(&w, "permit");
	json_write_bool(&w, d->permit);
	json_write_key(&w, "reasons");
	write_reasons(&w, d);
	json_write_key(&w, "rules");
	json_write_array(&w);
	for (size_t i = 0; i < d->n_rules; i++)
		json_write_text(&w, d->rules[i]);
	json_write_array_end(&w);
	json_write_key(&w, "obligations");
	if (obligations_write(&d->obligations, &obliged, &e) < 0)
		bail(e.msg);
	json_write_text(&w, buf_text(&obliged));
	json_write_key(&w, "answer");
	json_write_string(&w, buf_text(&d->answer), d->answer.len);
	bool enforced = policy_enforce(d, question, len, &e) == 0;
	json_write_key(&w, "enforced");
	json_write_bool(&w, enforced);
	json_write_key(&w, "permit_enforced");
	json_write_bool(&w, d->permit);
	json_write_key(&w, "reasons_enforced");
	write_reasons(&w, d);
	json_write_object_end(&w);
	if (json_write_done(&w) < 0)
		bail(e.msg);
	printf("%s\n", buf_text(&line));
	buf_done(&line);
	buf_done(&obliged);
}

static void ask(struct box_zygote *z, const struct json *command)
{
	const struct json *files = json_get(command, "files");
	size_t n = json_count(files), len = 0;
	struct manifest manifest = { .name = "test", .version = "1.0.0", .entry = "policy.lua" };
	struct iapp policy = { .kind = IAPP_POLICY, .manifest = &manifest, .files = calloc(n + 1, sizeof *policy.files), .n_files = n };
	struct policy_decision d;
	struct err e = { .code = ERR_NONE };
	if (!policy.files)
		bail("out of memory");
	for (size_t i = 0; i < n; i++) {
		struct iapp_file *f = &policy.files[i];
		(void)snprintf(f->path, sizeof f->path, "%s", json_key_at(files, i));
		f->bytes = (const uint8_t *)json_text(json_at(files, i), &f->len);
	}
	const char *question = json_text(json_get(command, "question"), &len);
	if (policy_ask(z, &policy, question, len, &d, &e) < 0)
		bail(e.msg);
	decision_print(&d, question, len);
	policy_decision_done(&d);
	free(policy.files);
}

int main(void)
{
	struct box_zygote *z = zygote();
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	while ((n = getline(&line, &room, stdin)) > 0) {
		struct json *command = NULL;
		struct err e = { .code = ERR_NONE };
		if (json_parse(&command, line, (size_t)n, &e) < 0)
			bail(e.msg);
		if (json_get(command, "fresh")) {
			box_zygote_stop(z);
			z = zygote();
			printf("{}\n");
		} else {
			ask(z, command);
		}
		(void)fflush(stdout);
		json_free(command);
	}
	free(line);
	box_zygote_stop(z);
	return 0;
}
