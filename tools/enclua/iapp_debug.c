/* enclua iapp debug: what became of a task, for whom it was run: the stage at which it ended or waits, why, what it used, what it printed, and the command to try next.
 * Stages and causes are called as iExec calls them where they are the same thing. It only reads.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "base/text.h"
#include "form/entry.h"
#include "host/host.h"
#include "iapp_project.h"
#include "result.h"
#include "verbs.h"

struct debugged {
	struct cli *c;
	struct book *book;
	struct store_task t;
	struct market_task market;
	struct market_deal deal;
	struct iapp *app;	/* NULL: its archive is not here */
	struct bundle *bundle;	/* NULL: there is none, or it is not ours to open */
	char withheld[128];	/* why it is not */
	int64_t now;
};

/* ---- why: the endings that the book has words for ---- */

/* What to try is a format: the task, then the first of its data, or of the limit that it passed. */
enum next_about { NEXT_TASK, NEXT_DATA, NEXT_APP };
struct ending {
	const char *begins;	/* of the reason in the book */
	const char *stage, *cause, *words, *next;
	enum next_about about;
};

static const struct ending endings[] = {
	{ "memory limit", "compute", "APP_COMPUTE_FAILED", "it passed limits.memory of its iapp.yaml", "enclua iapp test with the same input; then raise limits.memory, or read in pieces", NEXT_TASK },
	{ "cpu limit", "compute", "APP_COMPUTE_FAILED", "it passed limits.cpu of its iapp.yaml", "enclua iapp test with the same input; then raise limits.cpu, or look for a loop", NEXT_TASK },
	{ "wall limit", "compute", "APP_COMPUTE_FAILED", "it passed limits.wall of its iapp.yaml", "enclua iapp test with the same input; then raise limits.wall, or ask a faster pool", NEXT_TASK },
	{ "output limit", "compute", "POST_COMPUTE_RESULT_TOO_LARGE", "result and log passed limits.output of its iapp.yaml", "enclua iapp test with the same input; then raise limits.output, or write less",
	  NEXT_TASK },
	{ "the iApp raised an error", "compute", "APP_COMPUTE_FAILED", "the iApp raised an error", "mend it, and try the same input: enclua iapp test", NEXT_TASK },
	{ "the box was ended by signal", "compute", "APP_COMPUTE_FAILED", "the iApp did what no iApp may do, and its box was ended", "enclua doctor; what the iApp did is for its author to say",
	  NEXT_TASK },
	{ "the box ended without a result", "compute", "APP_COMPUTE_FAILED", "the iApp did what no iApp may do, and its box was ended", "enclua doctor; what the iApp did is for its author to say",
	  NEXT_TASK },
	{ "the sealed data could not be opened", "pre-compute", "PRE_COMPUTE_DATASET_DECRYPTION_FAILED", "the sealed data is corrupt, or sealed for another keeper", "enclua data show %s", NEXT_DATA },
	{ "the request does not fit the iApp", "start", "INITIALIZE_FAILED", "arguments, files or secrets are not those that the iApp declares", "enclua app show %s; enclua run-task checks before it asks others",
	  NEXT_APP },
	{ "nobody finished it in time", "contribute", "FINAL_DEADLINE_REACHED", "no worker finished it before its last deadline; the payer has the money back", "enclua pool list; enclua run-task again in another pool",
	  NEXT_TASK },
	/* The keeper's refusals; each code is the first word behind "no key: ". */
	{ "no key: policy-denied", "key release", "DATASET_KEY_REFUSED", "the owner's policy does not let this run have the key", "enclua policy explain %s", NEXT_TASK },
	{ "no key: release-revoked", "key release", "DATASET_KEY_REFUSED", "the grant was taken back before the key was released", "enclua grants %s; ask its owner for a new one", NEXT_DATA },
	{ "no key: release-expired", "key release", "DATASET_KEY_REFUSED", "the grant had ended when the key was asked for", "enclua grants %s; ask its owner for a new one", NEXT_DATA },
	{ "no key: release-transferred", "key release", "DATASET_KEY_REFUSED", "the data belongs to somebody else than who granted it", "enclua data show %s; ask its owner for a grant", NEXT_DATA },
	{ "no key: release-purpose", "key release", "DATASET_KEY_REFUSED", "the grant is for another purpose than the run stated", "enclua grants %s; enclua run-task … --purpose P", NEXT_DATA },
	{ "no key: release-assurance", "key release", "DATASET_KEY_REFUSED", "the machine offers less assurance than the grant asks for", "enclua grants %s; enclua pool list shows what pools offer", NEXT_DATA },
	{ "no key: release-used", "key release", "DATASET_KEY_REFUSED", "nothing is left of the grant", "enclua grants %s; ask its owner for more", NEXT_DATA },
	{ "no key: budget-bytes", "key release", "DATASET_KEY_REFUSED", "nothing is left of the bytes that the grant lets out", "enclua grants %s; ask its owner for more", NEXT_DATA },
	{ "no key: release-restricted", "key release", "DATASET_KEY_REFUSED", "the grant is for another iApp, pool or requester", "enclua grants %s", NEXT_DATA },
	{ "no key: secret-unset", "key release", "APP_SECRET_MISSING", "the iApp needs a secret of its owner, who had set none when the deal was made", "its owner: enclua app secret set %s", NEXT_APP },
	{ "no key: cohort-small", "key release", "DATASET_KEY_REFUSED", "of the bulk too few data were left for their owners", "run it with more data: enclua grants %s", NEXT_DATA },
	{ "no key: ", "key release", "DATASET_KEY_REFUSED", "the keeper would not release the keys", "enclua policy explain %s; enclua grants DATA", NEXT_TASK },
	{ "", "compute", "FAILED", "the book says no more than that", "enclua task show %s", NEXT_TASK },
};

static const struct ending *ending_of(const struct store_task *t)
{
	static const struct ending completed = { "", "complete", "COMPLETED", "it ended well", "enclua task result %s -o DIR", NEXT_TASK };
	const struct ending *x = endings;
	if (!strcmp(t->status, "COMPLETED"))
		return &completed;
	while (strncmp(t->reason, x->begins, strlen(x->begins)) != 0)
		x++;
	return x;
}

/* ---- or what it waits for ---- */

static const struct ending *waiting_of(const struct debugged *d, char words[static 256])
{
	static const struct ending
		late = { "", "finalize", "FINAL_DEADLINE_REACHED", NULL, "enclua task claim %s gives the payer the money back", NEXT_TASK },
		timeout = { "", "contribute", "CONTRIBUTION_TIMEOUT", NULL, "enclua task show %s; after the last deadline: enclua task claim", NEXT_TASK },
		interrupted = { "", "compute", "RUNNING_FAILED", NULL, "enclua task claim %s when its time is over", NEXT_TASK },
		running = { "", "compute", "RUNNING", NULL, "enclua task watch %s", NEXT_TASK },
		worker = { "", "start", "INITIALIZED", NULL, "enclua worker run, by who keeps the pool; enclua task watch %s", NEXT_TASK },
		contribute = { "", "contribute", "RUNNING", NULL, "enclua task watch %s", NEXT_TASK },
		reveal = { "", "reveal", "CONSENSUS_REACHED", NULL, "enclua task watch %s", NEXT_TASK };
	const struct market_task *m = &d->market;
	const char *status = task_status(d->c, d->book, &d->t);
	char last[24];
	entry_time_text(last, m->final_deadline);
	if (d->now > m->final_deadline) {
		(void)snprintf(words, 256, "its last deadline was %s, and nobody finished it", last);
		return &late;
	}
	if (!strcmp(status, "INTERRUPTED")) {
		(void)snprintf(words, 256, "the command that ran it was cut short; it can be claimed after %s", last);
		return &interrupted;
	}
	if (m->status == MARKET_REVEALING) {
		(void)snprintf(words, 256, "it waits for the %" PRIu64 " that agree to reveal their results; %" PRIu64 " have", m->winners, m->reveals);
		return &reveal;
	}
	if (d->now > m->contribution_deadline) {
		(void)snprintf(words, 256, "the time for contributing is over, with %" PRIu64 " of them and no agreement; it can be claimed after %s", m->contributors, last);
		return &timeout;
	}
	if (m->contributors) {
		(void)snprintf(words, 256, "%" PRIu64 " contributed, and that is not enough for the trust of %" PRIu64 " that is asked: it waits for other workers", m->contributors, d->deal.trust);
		return &contribute;
	}
	if (!strcmp(status, "RUNNING")) {
		(void)snprintf(words, 256, "a worker is at it");
		return &running;
	}
	(void)snprintf(words, 256, "it waits for a worker of the pool %s to take it, until %s", d->deal.pool, last);
	return &worker;
}

/* ---- telling ---- */

static int row(struct debugged *d, const char *key, const char *text, struct err *e)
{
	json_write_key(&d->c->out, key);
	json_write_text(&d->c->out, text && text[0] ? text : NULL);
	return text && text[0] ? cli_print(d->c, e, "%-10s %s\n", key, cli_safe(text, strlen(text), 0)) : 0;
}

static void next_make(const struct debugged *d, const struct ending *x, char out[static 512])
{
	char data[ID_TEXT];
	const char *slot = strstr(x->next, "%s");
	const char *text = buf_text(&d->t.data);
	(void)snprintf(data, sizeof data, "%.*s", text[0] ? (int)strcspn(text, " ") : (int)sizeof data, text[0] ? text : "DATA");
	const char *about = x->about == NEXT_DATA ? data : x->about == NEXT_APP ? d->t.app : d->t.id;
	if (slot)
		(void)snprintf(out, 512, "%.*s%s%s", (int)(slot - x->next), x->next, about, slot + 2);
	else
		(void)snprintf(out, 512, "%s", x->next);
}

/* Used and allowed. What a run used of time no book keeps; of memory and output the sealed result says it. */
static int limits_tell(struct debugged *d, struct err *e)
{
	struct json *tree = NULL;
	const struct manifest *m = d->app ? d->app->manifest : NULL;
	const struct { const char *name, *unit; uint64_t allowed; } rows[] = {
		{ "memory", "bytes", m ? m->memory : 0 }, { "output", "bytes", m ? m->output : 0 }, { "cpu", "ms", m ? m->cpu_ms : 0 }, { "wall", "ms", m ? m->wall_ms : 0 },
	};
	if (d->bundle && json_parse(&tree, (const char *)d->bundle->json, d->bundle->json_len, e) < 0)
		return -1;
	int r = 0;
	json_write_key(&d->c->out, "limits");
	json_write_object(&d->c->out);
	for (size_t i = 0; r == 0 && m && i < sizeof rows / sizeof *rows; i++) {
		const char *used = json_text(json_get(json_get(json_get(tree, "limits"), rows[i].name), "used"), NULL);
		bool passed = !strncmp(d->t.reason, rows[i].name, strlen(rows[i].name)) && !strcmp(d->t.status, "LIMIT");
		json_write_key(&d->c->out, rows[i].name);
		json_write_object(&d->c->out);
		json_write_key(&d->c->out, "used");
		json_write_raw(&d->c->out, used ? used : "null", used ? strlen(used) : 4);
		json_write_key(&d->c->out, "limit");
		json_write_uint(&d->c->out, rows[i].allowed);
		json_write_key(&d->c->out, "passed");
		json_write_bool(&d->c->out, passed);
		json_write_object_end(&d->c->out);
		r = cli_print(d->c, e, "%-10s %s of %" PRIu64 " %s%s\n", rows[i].name, passed ? "more than all" : used ? used : "-", rows[i].allowed, rows[i].unit, passed ? ": passed" : "");
	}
	json_write_object_end(&d->c->out);
	json_free(tree);
	return r;
}

static int lines_print(struct cli *c, const char *prefix, const char *text, size_t len, struct err *e)
{
	while (len > 0 && !c->json) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;
		if (buf_add_text(&c->text, prefix, e) < 0 || text_escape(&c->text, text, n, e) < 0 || buf_add_text(&c->text, "\n", e) < 0)
			return -1;
		n += end ? 1 : 0;
		text += n;
		len -= n;
	}
	return 0;
}

static int log_tell(struct debugged *d, struct err *e)
{
	const struct bundle *b = d->bundle;
	json_write_key(&d->c->out, "log");
	if (b)
		json_write_string(&d->c->out, b->log ? (const char *)b->log : "", b->log_len);
	else
		json_write_null(&d->c->out);
	if (row(d, "error", b ? b->error : NULL, e) < 0)
		return -1;
	json_write_key(&d->c->out, "traceback");
	json_write_text(&d->c->out, b && b->traceback[0] ? b->traceback : NULL);
	if (b && lines_print(d->c, "           ", b->traceback, strlen(b->traceback), e) < 0)
		return -1;
	if (!b)
		return row(d, "no_log", d->withheld, e);
	if (!b->log_len)
		return cli_print(d->c, e, "log        nothing was printed, or the owners of the data allow no log\n");
	return cli_print(d->c, e, "log        %zu bytes\n", b->log_len) < 0 ? -1 : lines_print(d->c, "  | ", (const char *)b->log, b->log_len, e);
}

static int tell(struct debugged *d, struct err *e)
{
	char waiting[256] = "", next[512];
	bool ended = strcmp(d->t.status, "RUNNING") != 0;
	const struct ending *x = ended ? ending_of(&d->t) : waiting_of(d, waiting);
	next_make(d, x, next);
	const struct { const char *key, *text; } rows[] = {
		{ "task", d->t.id }, { "app", d->t.app_name }, { "status", ended ? d->t.status : task_status(d->c, d->book, &d->t) }, { "stage", x->stage }, { "cause", x->cause },
		{ "why", ended ? x->words : waiting }, { "reason", d->t.reason },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (row(d, rows[i].key, rows[i].text, e) < 0)
			return -1;
	return limits_tell(d, e) < 0 || log_tell(d, e) < 0 ? -1 : row(d, "next", next, e);
}

/* ---- gathering ---- */

/* `last`: the newest run of an iApp with the project's name, whoever started it. */
struct newest { const char *name; char id[ID_TEXT]; int64_t seq; };

static int newest_one(void *ctx, const struct store_task *t, struct err *e)
{
	struct newest *x = ctx;
	(void)e;
	if (strcmp(t->app_name, x->name) == 0 && t->seq > x->seq) {
		x->seq = t->seq;
		memcpy(x->id, t->id, sizeof x->id);
	}
	return 0;
}

static int last_find(struct debugged *d, const struct args *a, char out[static ID_TEXT], struct err *e)
{
	struct project p = { .manifest = NULL };
	struct newest x = { .seq = -1 };
	int r = project_open(&p, a, e);
	if (r == 0) {
		x.name = p.manifest->name;
		r = store_task_each(book_store(d->book), newest_one, &x, e);
	}
	if (r == 0 && !x.id[0]) {
		r = err_set(e, ERR_NOT_FOUND, "there is no run of %s in this home", x.name);
		err_hint(e, "enclua iapp run; or name the task: enclua task list");
	}
	memcpy(out, x.id, ID_TEXT);
	project_done(&p);
	return r;
}

/* Whoever asks may have no right to the words of a run; the rest of the story is the book's. */
static int bundle_take(struct debugged *d, struct err *e)
{
	struct identity *me = NULL;
	struct err why = { .code = ERR_NONE };
	if (strcmp(d->t.status, "RUNNING") == 0 || !d->t.result_size) {
		(void)snprintf(d->withheld, sizeof d->withheld, strcmp(d->t.status, "LIMIT") == 0 ? "a run that passed a limit leaves no result and no log" : "there is none");
		return 0;
	}
	if (cli_identity_open(d->c, &me, e) < 0)
		return -1;
	int r = result_open(book_store(d->book), &d->t, me, &d->bundle, &why);
	identity_free(me);
	if (r < 0 && why.code != ERR_DENIED) {
		*e = why;
		return -1;
	}
	if (r < 0)
		(void)snprintf(d->withheld, sizeof d->withheld, "it is sealed to the run's beneficiary: act as that one with --as NAME");
	return 0;
}

static int app_take(struct debugged *d, struct err *e)
{
	struct store_app row_of;
	struct buf bytes = BUF_INIT(LIMIT_IAPP_BYTES);
	struct err why = { .code = ERR_NONE };
	int r = store_app_find(book_store(d->book), d->t.app, &row_of, &why);
	if (r == 0)
		r = store_blob_read(book_store(d->book), row_of.blob, &bytes, &why);
	if (r == 0) {
		const struct iapp_expect expect = { .sha256 = row_of.blob, .h1 = row_of.h1 };
		r = iapp_open(&d->app, bytes.data, bytes.len, &expect, &why);
	}
	buf_done(&bytes);
	if (r == 0 || why.code == ERR_NOT_FOUND)
		return 0;
	*e = why;
	return -1;
}

static int run_debug(struct cli *c, struct args *a, struct err *e)
{
	struct debugged d = { .c = c, .t = { .id = "" } };
	const char *which = a->words[0];
	char last[ID_TEXT];
	int r = -1;
	if (host_open(&d.book, c->home, false, e) < 0)
		return -1;
	if (!strcmp(which, "last")) {
		if (last_find(&d, a, last, e) < 0)
			goto out;
		which = last;
	}
	if (store_task_find(book_store(d.book), which, &d.t, e) < 0)
		goto out;
	int is = host_get(d.book, MARKET_ROW_TASK, d.t.id, "", &d.market, e);
	if (is > 0)
		is = host_get(d.book, MARKET_ROW_DEAL, d.market.deal, "", &d.deal, e);
	if (is == 0)
		err_set(e, ERR_INTERNAL, "the market knows nothing of the task %s", d.t.id);
	if (is <= 0 || book_time(d.book, &d.now, e) < 0)
		goto out;
	if (os_time() > d.now)
		d.now = os_time();	/* a book in which nothing happens stands still; deadlines do not */
	if (app_take(&d, e) == 0 && bundle_take(&d, e) == 0)
		r = tell(&d, e);
out:
	bundle_free(d.bundle);
	iapp_free(d.app);
	store_task_done(&d.t);
	book_close(d.book);
	return r;
}

static const struct option_row debug_options[] = { PROJECT_OPTION, { NULL, 0, NULL, false, NULL } };

const struct command iapp_debug_commands[] = {
	{ "iapp debug", "TASK|last", "Say how far a task came, why it ended so or what it waits for, and what to try",
	  "Examples: enclua iapp debug task1qx7…\n"
	  "          enclua iapp debug last                     the newest run of this project's iApp\n\n"
	  "TASK is an id or a unique prefix of it. Shows the stage and the cause, in iExec's words where they mean the same; memory and output used, against the\n"
	  "limits of iapp.yaml; the error with the author's lines, and the log, to the beneficiary and where the data's owners allow it; and the next command.\n"
	  "A run that was refused before there was a task is in no book: run-task says why at once.\n\n"
	  "JSON: task, app, status, stage, cause, why, reason, limits (used, limit, passed), log, error, traceback, no_log, next.", debug_options, 1, 1, run_debug },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
