/* A book that is killed, loses its power, or meets a disk that fails, at every single call that changes its home: what was confirmed is there, what was published is
 * contained, chains are whole, money is conserved, and the work goes on. Prints TAP. LONG=1 takes every call and more seeds; else a
 * sample that differs from test to test. SEED=N draws other losses.
 *
 * Killed: a child, really; what it wrote stays, as in the page cache. Power: the record of one whole run, cut after each of its calls; what was
 * not synced is lost, wholly or in part, sector by sector and name by name (disk.h). Keys (machine_key.c), blobs (store_blob.c) and the published
 * checkpoint are part of it.
 */
#include <assert.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/os.h"
#include "book/book_inner.h"
#include "seal/crypto.h"

#include "../unit/scratch.h"
#include "disk.h"
#include "faults.h"

#define STEPS 48u
#define CHAIN 40u
#define NOTES 256u
#define WORKERS 3u
#define CALLS 4096u	/* of one run */
#define BLOB "nobody but its owner reads this, and it is here before the entry that names it"

enum said { SAID_OPENED, SAID_DONE, SAID_CHECKPOINT, SAID_FAILED };
enum kind { STEP_APPEND, STEP_REFUSED, STEP_CHECKPOINT };

/* What a worker does. blob: the entry names one, which is written before it. money: what the chain brings into the book, or takes out of it. */
struct step { enum kind kind; unsigned who; size_t n; struct buf notes[CHAIN]; bool blob; int64_t money; };

struct plan {
	const char *name, *pragma;	/* pragma: on each worker's database */
	struct disk *base;	/* the home before; NULL: an empty folder */
	unsigned workers;
	int64_t money;	/* in the base */
	size_t n;
	struct step steps[STEPS];
};

/* What the world heard before the crash. */
struct seen {
	bool opened, done[STEPS];
	char origin[NOTE_NAME_BYTES + 1];
	uint64_t at[STEPS][CHAIN];
	size_t n_notes;
	struct buf notes[NOTES];	/* checkpoints that were given, and those that were published */
};

struct people { struct identity *bank, *worker, *a, *b, *c; };

static char scratch[PATH_MAX], why[2048];
static unsigned number, failures, points;
static bool all_points;
static unsigned slower = 1;	/* with sanitizers */
static uint32_t seed = 20261121;

static bool wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
static bool wrong(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)vsnprintf(why, sizeof why, format, args);
	va_end(args);
	return false;
}

static void must(bool good, const char *what, const struct err *e)
{
	if (good)
		return;
	printf("Bail out! %s: %s\n", what, e ? e->msg : "failed");
	exit(1);
}

static void report(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void report(bool good, const char *format, ...)
{
	va_list args;
	printf("%sok %u - ", good ? "" : "not ", ++number);
	va_start(args, format);
	(void)vprintf(format, args);
	va_end(args);
	printf("\n");
	if (!good)
		printf("# %s\n", why);
	(void)fflush(stdout);
	failures += !good;
}

/* ---- the plan ---- */

static struct step *step_add(struct plan *p, enum kind kind, unsigned who)
{
	assert(p->n < STEPS);
	struct step *s = &p->steps[p->n++];
	*s = (struct step){ .kind = kind, .who = who };
	return s;
}

static void note_add(struct step *s, struct entry *en, const struct identity *by)
{
	struct err e = { .code = ERR_NONE };
	assert(s->n < CHAIN);
	s->notes[s->n] = (struct buf)BUF_INIT(ENTRY_BYTES_MAX);
	must(entry_sign(en, by, &s->notes[s->n++], &e) == 0, "sign", &e);
}

static struct entry *draft(struct book *b, enum entry_type type)
{
	static struct entry en;
	struct err e = { .code = ERR_NONE };
	must(book_draft(b, &en, type, &e) == 0, "draft", &e);
	return &en;
}

static void add_identity(struct step *s, struct book *b, const char *name, const struct identity *by)
{
	struct entry *en = draft(b, ENTRY_IDENTITY_REGISTER_TYPE);
	en->identity_register.name = entry_text(name);
	memcpy(en->identity_register.age, identity_age_public(by), 32);
	note_add(s, en, by);
}

static void add_deposit(struct step *s, struct book *b, const struct people *p, const struct identity *to, uint64_t amount)
{
	struct entry *en = draft(b, ENTRY_ACCOUNT_DEPOSIT_TYPE);
	memcpy(en->account_deposit.to, identity_public(to), 32);
	en->account_deposit.amount = amount;
	s->money += (int64_t)amount;
	note_add(s, en, p->bank);
}

static void add_withdraw(struct step *s, struct book *b, const struct identity *from, uint64_t amount)
{
	struct entry *en = draft(b, ENTRY_ACCOUNT_WITHDRAW_TYPE);
	en->account_withdraw.amount = amount;
	s->money -= (int64_t)amount;
	note_add(s, en, from);
}

static void add_transfer(struct step *s, struct book *b, const struct identity *from, const struct identity *to, uint64_t amount)
{
	struct entry *en = draft(b, ENTRY_ACCOUNT_TRANSFER_TYPE);
	memcpy(en->account_transfer.to, identity_public(to), 32);
	en->account_transfer.amount = amount;
	note_add(s, en, from);
}

static void add_data(struct step *s, struct book *b, const struct identity *owner)
{
	struct entry *en = draft(b, ENTRY_DATA_REGISTER_TYPE);
	s->blob = true;
	sha256(en->data_register.blob, BLOB, sizeof BLOB);
	en->data_register.size = sizeof BLOB;
	en->data_register.name = entry_text("letters");
	en->data_register.header = entry_text("aGVhZGVy");
	note_add(s, en, owner);
}

/* Chains that hold and one that must not, data, checkpoints; then small change, so that the write-ahead log is folded in now and then. */
static void plan_alone(struct plan *p, struct book *b, const struct people *who)
{
	struct step *s = step_add(p, STEP_APPEND, 0);
	add_identity(s, b, "a", who->a);
	add_identity(s, b, "b", who->b);
	add_identity(s, b, "c", who->c);
	add_deposit(step_add(p, STEP_APPEND, 0), b, who, who->a, 1000);
	step_add(p, STEP_CHECKPOINT, 0);
	s = step_add(p, STEP_APPEND, 0);
	add_transfer(s, b, who->a, who->b, 100);
	add_transfer(s, b, who->b, who->c, 50);
	add_data(step_add(p, STEP_APPEND, 0), b, who->a);
	s = step_add(p, STEP_REFUSED, 0);
	add_transfer(s, b, who->a, who->b, 10);
	add_transfer(s, b, who->a, who->b, 1000000);
	step_add(p, STEP_CHECKPOINT, 0);
	s = step_add(p, STEP_APPEND, 0);
	add_transfer(s, b, who->c, who->a, 5);
	add_withdraw(s, b, who->b, 20);
	add_deposit(s, b, who, who->b, 7);
	for (unsigned i = 0; i < 4; i++) {
		add_deposit(step_add(p, STEP_APPEND, 0), b, who, who->c, 10 + i);
		add_transfer(step_add(p, STEP_APPEND, 0), b, who->c, who->b, 1);
	}
	step_add(p, STEP_CHECKPOINT, 0);
}

/* Three at once, with money of their own; who dies is now the one that commits for all, now another. */
static void plan_together(struct plan *p, struct book *b, const struct people *who)
{
	const struct identity *const own[WORKERS] = { who->a, who->b, who->c };
	for (unsigned w = 0; w < WORKERS; w++) {
		struct step *s = step_add(p, STEP_APPEND, w);
		add_identity(s, b, "worker", own[w]);
		for (unsigned i = 0; i < 6; i++) {
			s = step_add(p, STEP_APPEND, w);
			add_deposit(s, b, who, own[w], 100);
			add_transfer(s, b, own[w], who->worker, 1);
			add_withdraw(s, b, own[w], 30);
			if (i % 2 == 1)
				step_add(p, STEP_CHECKPOINT, w);
		}
	}
}

/* ---- the child ---- */

static int step_run(struct book *b, const struct step *s, uint64_t at[static CHAIN], struct buf *note, struct err *e)
{
	struct book_item items[CHAIN];
	uint8_t sha[32];
	if (s->kind == STEP_CHECKPOINT)
		return book_checkpoint(b, note, e);
	if (s->blob && store_blob_add(book_store(b), BLOB, sizeof BLOB, sha, e) < 0)
		return -1;
	for (size_t i = 0; i < s->n; i++)
		items[i] = (struct book_item){ s->notes[i].data, s->notes[i].len };
	return book_append(b, items, s->n, at, e);
}

static void fail_say(uint64_t step, const struct err *e)
{
	faults_say(SAID_FAILED | step << 8, e, sizeof *e);
}

/* Tries until the fault is over; a refusal is one forever. */
static int child(const struct plan *p, const char *home, unsigned who)
{
	struct book *b = NULL;
	struct err e = { .code = ERR_NONE };
	for (unsigned tries = 0; book_open(&b, home, true, &e) < 0; tries++) {
		fail_say(STEPS, &e);
		if (tries > 2 * FAULT_FULL_FOR)
			return 1;
	}
	faults_say(SAID_OPENED, book_origin(b), strlen(book_origin(b)) + 1);
	if (p->pragma && store_exec(b->store, p->pragma, &e) < 0)
		return 2;
	for (size_t i = 0; i < p->n; i++) {
		const struct step *s = &p->steps[i];
		uint64_t at[CHAIN];
		if (s->who != who)
			continue;
		for (unsigned tries = 0;; tries++) {
			struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX);
			int r = step_run(b, s, at, &note, &e);
			if (r == 0 && s->kind == STEP_CHECKPOINT)
				faults_say(SAID_CHECKPOINT, note.data, note.len);
			else if (r == 0)
				faults_say(SAID_DONE | i << 8, at, s->n * sizeof *at);
			buf_done(&note);
			if (r == 0 || (s->kind == STEP_REFUSED && e.code == ERR_FUNDS))
				break;
			fail_say(i, &e);
			if (tries > 2 * FAULT_FULL_FOR)
				return 3;
		}
	}
	book_close(b);
	return 0;
}

/* Runs the plan in children; true: each ended by itself and well, or was killed by the fault. */
static bool children(const struct plan *p, const char *home)
{
	pid_t pids[WORKERS];
	bool good = true;
	for (unsigned w = 0; w < p->workers; w++) {
		pids[w] = fork();
		if (pids[w] == 0)
			_exit(child(p, home, w));
	}
	for (unsigned w = 0; w < p->workers; w++) {
		int status = -1;
		if (pids[w] < 0 || waitpid(pids[w], &status, 0) != pids[w])
			good = wrong("no child");
		else if (WIFSIGNALED(status) ? WTERMSIG(status) != SIGKILL : WEXITSTATUS(status) != 0)
			good = wrong("worker %u ended with %s %d", w, WIFSIGNALED(status) ? "signal" : "status",
				WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	}
	return good;
}

/* ---- what was heard ---- */

static void heard_note(struct seen *s, const void *bytes, size_t len)
{
	assert(s->n_notes < NOTES);
	for (size_t i = 0; i < s->n_notes; i++)
		if (s->notes[i].len == len && memcmp(s->notes[i].data, bytes, len) == 0)
			return;
	s->notes[s->n_notes] = (struct buf)BUF_INIT(CHECKPOINT_NOTE_MAX);
	must(buf_add(&s->notes[s->n_notes++], bytes, len, NULL) == 0, "memory", NULL);
}

static void hear(struct seen *s, struct disk *d, const struct fault_record *r)
{
	disk_add(d, r);
	size_t step = (size_t)(r->at >> 8);
	if (r->op == OP_RENAME && strcmp((const char *)r->data + r->at, "book/checkpoint") == 0) {
		uint8_t *bytes;	/* anybody may have fetched it from this moment on */
		size_t len;
		if (disk_read(d, "book/checkpoint", &bytes, &len)) {
			heard_note(s, bytes, len);
			free(bytes);
		}
	}
	if (r->op != OP_SAID)
		return;
	switch ((enum said)(r->at & 0xff)) {
	case SAID_OPENED:
		s->opened = true;
		(void)snprintf(s->origin, sizeof s->origin, "%s", (const char *)r->data);
		break;
	case SAID_DONE:
		s->done[step] = true;
		memcpy(s->at[step], r->data, r->len);
		break;
	case SAID_CHECKPOINT:
		heard_note(s, r->data, r->len);
		break;
	case SAID_FAILED:
		break;
	}
}

static void seen_done(struct seen *s)
{
	for (size_t i = 0; i < s->n_notes; i++)
		buf_done(&s->notes[i]);
}

/* ---- after the crash ---- */

static bool chain_check(struct book *b, const struct plan *p, size_t step, const struct seen *seen, int64_t *money)
{
	const struct step *s = &p->steps[step];
	struct err e = { .code = ERR_NONE };
	size_t in = 0;
	for (size_t i = 0; i < s->n; i++) {
		uint8_t id[ID_BYTES];
		uint64_t at;
		const char *end = strstr(buf_text(&s->notes[i]), "\n\n");
		entry_hash(id, s->notes[i].data, (size_t)(end + 1 - buf_text(&s->notes[i])));
		int known = book_entry_known(b, id, &at, &e);
		if (known < 0)
			return wrong("step %zu: %s", step, e.msg);
		if (seen->done[step] && (!known || at != seen->at[step][i]))
			return wrong("step %zu: entry %zu of it was confirmed as %llu and is %s", step, i, (unsigned long long)seen->at[step][i],
				known ? "elsewhere" : "lost");
		if (seen->done[step]) {
			struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
			int read = book_entry(b, at, &bytes, &e);
			bool same = read == 0 && bytes.len == s->notes[i].len && memcmp(bytes.data, s->notes[i].data, bytes.len) == 0;
			buf_done(&bytes);
			if (read < 0)
				return wrong("step %zu: entry %llu cannot be read: %s", step, (unsigned long long)at, e.msg);
			if (!same)
				return wrong("step %zu: entry %llu has other bytes than were confirmed", step, (unsigned long long)at);
		}
		in += (size_t)known;
	}
	if (in != 0 && in != s->n)
		return wrong("step %zu: %zu of its %zu entries are in", step, in, s->n);
	if (in != 0 && s->kind == STEP_REFUSED)
		return wrong("step %zu: it was refused and is in", step);
	if (in != 0)
		*money += s->money;
	if (in != 0 && s->blob) {
		struct buf blob = BUF_INIT(KIB(1));
		uint8_t sha[32];
		sha256(sha, BLOB, sizeof BLOB);
		int r = store_blob_read(book_store(b), sha, &blob, &e);
		buf_done(&blob);
		if (r < 0)
			return wrong("step %zu: its data is in, and the blob is not: %s", step, e.msg);
	}
	return true;
}

static int balance_add(void *ctx, const struct ledger_account *a, struct err *e)
{
	(void)e;
	*(int64_t *)ctx += a->limited ? (int64_t)(a->credits_posted - a->debits_posted) : 0;
	return 0;
}

static bool state_check(struct book *b, const struct plan *p, const struct seen *seen, bool whole)
{
	struct err e = { .code = ERR_NONE };
	struct book_checked checked;
	int64_t money = p->money, is = 0;
	uint64_t size;
	if (book_size(b, &size, &e) < 0)
		return wrong("size: %s", e.msg);
	for (size_t i = 0; i < p->n; i++)
		if (!chain_check(b, p, i, seen, &money))
			return false;
	if (book_accounts(b, balance_add, &is, &e) < 0 || is != money)
		return wrong("%lld nRLC should be in the book, and %lld are", (long long)money, (long long)is);
	for (size_t i = 0; i < seen->n_notes; i++) {
		struct checkpoint c;
		struct note note;
		struct merkle_hash root;
		if (checkpoint_open(&c, &note, buf_text(&seen->notes[i]), seen->notes[i].len, NULL, &e) < 0)
			return wrong("a published checkpoint: %s", e.msg);
		if (c.size > size || merkle_root(book_reader(b), c.size, &root, &e) < 0 || !merkle_equal(&root, &c.root))
			return wrong("a published checkpoint of %llu entries is not contained in the %llu that there are", (unsigned long long)c.size,
				(unsigned long long)size);
	}
	if (whole && book_verify(b, &checked, NULL, NULL, &e) < 0)
		return wrong("verify: %s", e.msg);
	return true;
}

/* Everything once more, in order: what is in answers as before, what is not goes in. */
static bool go_on(struct book *b, const struct plan *p, struct seen *seen)
{
	struct err e = { .code = ERR_NONE };
	for (size_t i = 0; i < p->n; i++) {
		const struct step *s = &p->steps[i];
		struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX);
		uint64_t at[CHAIN];
		int r = step_run(b, s, at, &note, &e);
		if (r == 0 && s->kind == STEP_CHECKPOINT)
			heard_note(seen, note.data, note.len);
		buf_done(&note);
		if (s->kind == STEP_REFUSED ? r == 0 || e.code != ERR_FUNDS : r < 0)
			return wrong("step %zu, again: %s", i, r < 0 ? e.msg : "not refused");
		if (s->kind != STEP_APPEND)
			continue;
		if (seen->done[i] && memcmp(at, seen->at[i], s->n * sizeof *at) != 0)
			return wrong("step %zu, again: other numbers than the first time", i);
		seen->done[i] = true;
		memcpy(seen->at[i], at, s->n * sizeof *at);
	}
	return true;
}

static bool check(const struct plan *p, const char *home, const struct seen *heard)
{
	struct book *b = NULL;
	struct err e = { .code = ERR_NONE };
	struct seen seen = *heard;	/* its notes stay the caller's */
	points++;
	bool whole = all_points || points % 4 == 0;
	if (book_open(&b, home, !heard->opened && !p->base, &e) < 0)
		return wrong("it does not open again: %s", e.msg);
	bool good = heard->opened && strcmp(heard->origin, book_origin(b)) != 0 ? wrong("another book is there") : true;
	good = good && state_check(b, p, &seen, true) && go_on(b, p, &seen) && state_check(b, p, &seen, whole);
	book_close(b);
	for (size_t i = heard->n_notes; i < seen.n_notes; i++)
		buf_done(&seen.notes[i]);
	return good;
}

/* ---- the tests ---- */

static void home_make(const struct plan *p, const char *name, char home[static PATH_MAX])
{
	must(snprintf(home, PATH_MAX, "%s/%s", scratch, name) < PATH_MAX && mkdir(home, 0700) == 0, "a home", NULL);
	if (p->base)
		disk_write(p->base, home, DISK_ALL, 0);
}

/* The home as a power failure would leave it now. */
static bool power_cut(const struct plan *p, const struct disk *d, const struct seen *seen, enum disk_loss loss, uint32_t draw)
{
	char home[PATH_MAX];
	home_make(&(struct plan){ .base = NULL }, "disk", home);
	disk_write(d, home, loss, draw);
	bool good = check(p, home, seen);
	scratch_remove(home);
	return good;
}

static bool told_well(const struct err *e)
{
	if (e->msg[0] && (e->code == ERR_INTERNAL || e->code == ERR_LIMIT || e->code == ERR_DENIED || e->code == ERR_UNAVAILABLE))
		return true;
	return wrong("a failing disk is reported as %s: %s", err_name(e->code), e->msg);
}

/* One run with this fault; after it the home as it stands. A disk that failed loses its power as well, after each of the next things that it confirmed. */
static bool run_once(const struct plan *p, enum fault_kind kind, uint64_t n, bool *struck, size_t *refusals)
{
	static struct seen seen;
	char home[PATH_MAX];
	uint64_t calls = 0, cuts = 0;
	seen = (struct seen){ .opened = false };
	home_make(p, "run", home);
	struct disk *d = disk_load(home);
	faults_begin(home, kind, n);
	/* Where several fold the log in, SQLite may have a part of it written and not yet synced by one when the sync of another fails; that part it does not write again
	 * (BOOK.md, "What may go wrong"). */
	if (p->workers > 1)
		faults_spare("store.db");
	bool good = children(p, home);
	faults_end();
	*struck = faults_struck();
	for (const struct fault_record *r = faults_next(NULL); good && r; r = faults_next(r)) {
		hear(&seen, d, r);
		calls += r->op != OP_SAID;
		if (r->op == OP_SAID && (r->at & 0xff) == SAID_FAILED) {
			++*refusals;
			good = told_well((const void *)r->data);
		} else if (r->op == OP_SAID && kind == FAULT_EIO && calls >= n && cuts++ < 2) {
			good = power_cut(p, d, &seen, DISK_NONE, 0);
		}
	}
	good = good && check(p, home, &seen) && (kind == FAULT_KILL || kind == FAULT_TORN || power_cut(p, d, &seen, DISK_NONE, 0));
	seen_done(&seen);
	disk_free(d);
	scratch_remove(home);
	return good;
}

/* Which of a run's calls are syncs: those fail worst. */
static uint64_t calls_list(const struct plan *p, bool syncs[static CALLS])
{
	char home[PATH_MAX];
	uint64_t n = 0;
	home_make(p, "run", home);
	faults_begin(home, FAULT_NONE, 0);
	must(children(p, home), "a run without a fault", NULL);
	faults_end();
	scratch_remove(home);
	for (const struct fault_record *r = faults_next(NULL); r; r = faults_next(r))
		if (r->op != OP_SAID && n < CALLS)
			syncs[n++] = r->op == OP_SYNC;
	return n;
}

static void test_fault(const struct plan *p, enum fault_kind kind, const char *what, uint64_t stride)
{
	static bool syncs[CALLS];
	uint64_t calls = calls_list(p, syncs), runs = 0;
	size_t refusals = 0;
	bool good = true, struck = true;
	for (uint64_t n = 1; good && n <= calls; n++) {
		bool taken = all_points || (n + seed) % (stride * slower) == 0 || (kind == FAULT_EIO && syncs[n - 1] && n % slower == 0 && !p->money);
		if (!taken)
			continue;
		good = run_once(p, kind, n, &struck, &refusals);
		runs += struck;
		if (!good) {
			char was[sizeof why];
			memcpy(was, why, sizeof was);
			(void)wrong("at call %llu: %.1900s", (unsigned long long)n, was);
		}
	}
	report(good && runs > 0, "%s: %s at %llu of its calls (%zu errors told)", p->name, what, (unsigned long long)runs, refusals);
}

static bool power_check(const struct plan *p, const struct disk *d, const struct seen *seen, uint64_t call, enum fault_op op)
{
	const uint32_t seeds = all_points ? 6 : 1;
	for (uint32_t k = 0; k < 1 + seeds; k++) {
		bool good = power_cut(p, d, seen, k == 0 ? DISK_NONE : DISK_SOME, seed + (uint32_t)call * 8 + k);
		if (good)
			continue;
		char was[sizeof why];
		memcpy(was, why, sizeof was);
		return wrong("after call %llu (%s), %s: %.1800s", (unsigned long long)call, fault_op_names[op], k == 0 ? "nothing unsynced left" : "some of it left", was);
	}
	return true;
}

/* One run, cut after each of its calls. expected: false for a plan that must be found out. */
static void test_power(const struct plan *p, uint64_t stride, bool expected)
{
	static struct seen seen;
	char home[PATH_MAX];
	uint64_t call = 0, cuts = 0;
	seen = (struct seen){ .opened = false };
	home_make(p, "run", home);
	struct disk *d = disk_load(home);
	faults_begin(home, FAULT_NONE, 0);
	bool good = children(p, home);
	faults_end();
	scratch_remove(home);
	for (const struct fault_record *r = faults_next(NULL); good && r; r = faults_next(r)) {
		hear(&seen, d, r);
		call += r->op != OP_SAID;
		/* A confirmation is a moment of its own: what was said has to be there although no call followed. */
		if (all_points || r->op == OP_SAID || (call + seed) % (stride * slower) == 0) {
			good = power_check(p, d, &seen, call, (enum fault_op)r->op);
			cuts++;
		}
	}
	seen_done(&seen);
	disk_free(d);
	if (expected)
		report(good && cuts > 0, "%s: power lost after %llu of its %llu calls", p->name, (unsigned long long)cuts, (unsigned long long)call);
	else if (good)
		report(wrong("it passed"), "%s: found out", p->name);
	else
		report(strstr(why, "lost") != NULL, "%s: found out %s", p->name, why);
}

/* ---- an older database under a newer checkpoint ---- */

static void base_swap(const struct disk *from, const char *home)
{
	char path[PATH_MAX];
	static const char *const files[] = { "store.db", "store.db-wal" };
	for (size_t i = 0; i < 2; i++) {
		uint8_t *bytes;
		size_t len;
		must(snprintf(path, sizeof path, "%s/%s", home, files[i]) < PATH_MAX, "path", NULL);
		(void)unlink(path);
		if (!disk_read(from, files[i], &bytes, &len))
			continue;
		scratch_file(home, files[i], bytes, len);
		free(bytes);
	}
	must(snprintf(path, sizeof path, "%s/store.db-shm", home) < PATH_MAX, "path", NULL);
	(void)unlink(path);
}

/* steps: which of the plan are appended before its checkpoint is published. */
static void published(const struct plan *p, const char *home, size_t first, size_t last)
{
	struct book *b = NULL;
	struct err e = { .code = ERR_NONE };
	uint64_t at[CHAIN];
	must(book_open(&b, home, false, &e) == 0, "open", &e);
	for (size_t i = first; i < last; i++)
		must(step_run(b, &p->steps[i], at, NULL, &e) == 0, "append", &e);
	must(book_checkpoint(b, NULL, &e) == 0, "checkpoint", &e);
	book_close(b);
}

static bool refused(const char *home, const char *word)
{
	struct book *b = NULL;
	struct err e = { .code = ERR_NONE };
	if (book_open(&b, home, false, &e) < 0)
		return (e.code == ERR_INVALID && strncmp(e.msg, word, strlen(word)) == 0 && e.hint[0]) || wrong("another reason: %s", e.msg);
	book_close(b);
	return wrong("it opens");
}

static void test_restore(const struct plan *p)
{
	char home[PATH_MAX], other[PATH_MAX];
	home_make(p, "home", home);
	published(p, home, 0, 2);
	struct disk *older = disk_load(home);
	published(p, home, 2, 4);
	base_swap(older, home);
	report(refused(home, "rollback: "), "an older database under a newer published checkpoint is refused");
	base_swap(p->base, home);
	report(refused(home, "rollback: "), "the first database under it too");
	/* At least as many entries, from another history: step 0, and then others. */
	home_make(p, "other", other);
	published(p, other, 0, 1);
	published(p, other, 4, 5);
	published(p, other, 8, 11);
	struct disk *fork = disk_load(other);
	base_swap(fork, home);
	report(refused(home, "fork: "), "a database with another history is refused");
	disk_free(older);
	disk_free(fork);
	scratch_remove(home);
	scratch_remove(other);
}

/* A client that heard nothing asks again when the machine is up again, however late. */
static void test_late(const struct plan *p)
{
	char home[PATH_MAX];
	struct book *b = NULL;
	struct err e = { .code = ERR_NONE };
	uint64_t at[CHAIN], again[CHAIN];
	time_t now = time(NULL);
	home_make(p, "home", home);
	published(p, home, 0, 1);
	must(book_open(&b, home, false, &e) == 0 && step_run(b, &p->steps[0], at, NULL, &e) == 0, "open", &e);
	faults_clock(now + 3600);
	bool good = step_run(b, &p->steps[0], again, NULL, &e) == 0 ? memcmp(at, again, p->steps[0].n * sizeof *at) == 0 || wrong("other numbers")
		: wrong("%s", e.msg);
	report(good, "an hour later, what is in answers as it did");
	good = step_run(b, &p->steps[1], again, NULL, &e) < 0 ? e.code == ERR_INVALID || wrong("%s", e.msg) : wrong("it went in");
	report(good, "and what is not in is too old to go in");
	faults_clock(now);
	book_close(b);
	scratch_remove(home);
}

static void books_make(struct plan *small, struct plan *edge, struct plan *together)
{
	struct people who;
	struct book *b = NULL;
	struct err e = { .code = ERR_NONE };
	char home[PATH_MAX];
	struct plan filler = { .name = "filler" };
	home_make(&(struct plan){ .base = NULL }, "base", home);
	must(book_open(&b, home, true, &e) == 0 && book_operator_open(b, &who.bank, &e) == 0 && book_worker_open(b, &who.worker, &e) == 0, "open", &e);
	must(identity_new(&who.a, &e) == 0 && identity_new(&who.b, &e) == 0 && identity_new(&who.c, &e) == 0, "identities", &e);
	plan_alone(small, b, &who);
	plan_alone(edge, b, &who);
	plan_together(together, b, &who);
	book_close(b);
	small->base = disk_load(home);
	together->base = disk_load(home);
	/* Up to five entries before the tile of 256 is full. */
	must(book_open(&b, home, false, &e) == 0, "open", &e);
	for (uint64_t size = 2; size < 251;) {
		uint64_t at[CHAIN];
		filler.n = 0;
		struct step *s = step_add(&filler, STEP_APPEND, 0);
		for (; s->n < CHAIN && size < 251; size++)
			add_deposit(s, b, &who, who.worker, 3);
		must(step_run(b, s, at, NULL, &e) == 0, "fill", &e);
		edge->money += s->money;
		for (size_t i = 0; i < s->n; i++)
			buf_done(&s->notes[i]);
	}
	must(book_checkpoint(b, NULL, &e) == 0, "checkpoint", &e);
	book_close(b);
	edge->base = disk_load(home);
	scratch_remove(home);
	identity_free(who.bank);
	identity_free(who.worker);
	identity_free(who.a);
	identity_free(who.b);
	identity_free(who.c);
}

static void plan_done(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->steps[i].n; k++)
			buf_done(&p->steps[i].notes[k]);
	if (p->base)
		disk_free(p->base);
}

int main(void)
{
	static struct plan first = { .name = "the first command", .workers = 1 };
	static struct plan small = { .name = "a small book", .workers = 1, .pragma = "PRAGMA wal_autocheckpoint = 30" };
	static struct plan edge = { .name = "a book at a tile's edge", .workers = 1, .pragma = "PRAGMA wal_autocheckpoint = 40" };
	static struct plan together = { .name = "three processes", .workers = WORKERS, .pragma = "PRAGMA wal_autocheckpoint = 50" };
	static struct plan careless;
	const char *s = getenv("SEED"), *l = getenv("LONG");
	if (s)
		seed = (uint32_t)strtoul(s, NULL, 10);
	all_points = l && *l && strcmp(l, "0") != 0;
	if (getenv("SAN") && *getenv("SAN"))
		slower = 3;
	must(crypto_init(NULL) == 0, "crypto", NULL);
	faults_init();
	scratch_make(scratch);
	faults_clock(time(NULL));
	printf("# SEED=%u\n", seed);
	books_make(&small, &edge, &together);
	const struct { struct plan *p; uint64_t power, kill, torn, eio, full; } tests[] = {
		{ &first, 7, 11, 13, 17, 17 },
		{ &small, 11, 13, 17, 23, 29 },
		{ &edge, 61, 97, 101, 103, 107 },
		{ &together, 29, 37, 41, 59, 61 },
	};
	const size_t n = sizeof tests / sizeof *tests;
	printf("1..%zu\n", 5 + 5 * n + 2);
	test_restore(&small);
	test_late(&small);
	for (size_t i = 0; i < n; i++) {
		test_power(tests[i].p, tests[i].power, true);
		test_fault(tests[i].p, FAULT_KILL, "killed", tests[i].kill);
		test_fault(tests[i].p, FAULT_TORN, "killed in the middle, or just after,", tests[i].torn);
		test_fault(tests[i].p, FAULT_EIO, "an input/output error", tests[i].eio);
		test_fault(tests[i].p, FAULT_FULL, "a disk that is full for a while", tests[i].full);
	}
	careless = small;
	careless.pragma = "PRAGMA synchronous = NORMAL";
	careless.name = "a book that does not wait for the disk";
	test_power(&careless, 1000, false);
	careless.pragma = "PRAGMA synchronous = OFF";
	careless.name = "a book that never syncs";
	test_power(&careless, 1000, false);
	plan_done(&small);
	plan_done(&edge);
	plan_done(&together);
	scratch_remove(scratch);
	return failures != 0;
}
