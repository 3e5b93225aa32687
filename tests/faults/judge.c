/* See judge.h. Everything is asked as a user would ask it: by exit codes, messages, `book log`, `book verify`, and by doing it again. */
#include "judge.h"
#include "hardship.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim.h"

#define LIMIT_MS 20000u
#define EXIT_CONFLICT 6

/* Files that are there or not, as it happens, and say nothing: locks, what can be made again, what is swept after a day. */
static const char *const loose[] = {
	"home/store.db", "home/.swept", "home/book/lock", "home/book/publish.lock", "home/book/waiting", "home/book/export.lock", "home/keeper/", "home/running/", "home/blobs/", "home/receipts/",
};

static void bad(struct verdict *v, const char *format, ...)
{
	const size_t used = strlen(v->text);
	va_list a;
	v->bad = true;
	va_start(a, format);
	(void)vsnprintf(v->text + used, sizeof v->text - used, format, a);
	va_end(a);
}

/* The place */

void place_fresh(struct place *p, const char *stage)
{
	tree_remove(p->run);
	if (tree_copy(stage, p->run) < 0) {
		fprintf(stderr, "cannot copy %s to %s\n", stage, p->run);
		exit(1);
	}
	p->dirty = false;
}

static struct setting setting_of(const struct place *p, const char *dir)
{
	return (struct setting){ .dir = dir, .limit_ms = LIMIT_MS * (p->san ? 3 : 1) };
}

static int say_in(struct place *p, const char *dir, const char *const argv[], struct outcome *o)
{
	const struct fault none = { .kind = FAULT_NONE };
	const struct setting s = setting_of(p, dir);
	atomic_store(&p->shim->fail_at, 0);
	p->dirty = true;
	return inject_run(&none, &s, argv, o);
}

int place_say(struct place *p, const char *const argv[], struct outcome *o)
{
	return say_in(p, p->run, argv, o);
}

/* What is there */

static void things_entries(struct things *t, const char *json)
{
	static const char key[] = "\"type\":\"";
	for (const char *at = json; (at = strstr(at, key));) {
		char name[100] = "entry ";
		at += sizeof key - 1;
		const size_t n = strcspn(at, "\"");
		if (n < sizeof name - 7) {
			memcpy(name + 6, at, n);
			things_add(t, name, n + 6);
		}
	}
}

static bool exists(const struct place *p, const char *name)
{
	char path[400];
	struct stat st;
	(void)snprintf(path, sizeof path, "%s/%s", p->run, name);
	return stat(path, &st) == 0;
}

/* What a small file says counts as well: which identity is the default one. */
static void chosen(const struct place *p, struct things *t)
{
	char path[400], name[100] = "default identity ";
	const size_t n = strlen(name);
	(void)snprintf(path, sizeof path, "%s/home/keys/default", p->run);
	FILE *f = fopen(path, "r");
	if (f && fgets(name + n, (int)(sizeof name - n), f))
		things_add(t, name, strcspn(name, "\n"));
	if (f)
		(void)fclose(f);
}

/* SAID_MAX holds the log of the small books of the stages. */
static void look(struct place *p, struct things *t, struct outcome *o)
{
	const char *argv[] = { p->enclua, "--json", "book", "log", NULL };
	t->n = 0;
	things_files(t, p->run);
	chosen(p, t);
	if (exists(p, "home/store.db") && place_say(p, argv, o) == 0 && o->status == 0)
		things_entries(t, o->out);
}

/* Whoever is killed cannot clear up; the next writer does, when it is old. */
static bool is_beside(const char *name)
{
	return strstr(name, "/.enclua-") || strstr(name, ".tmp-");
}

static bool is_loose(const char *name)
{
	for (size_t i = 0; i < sizeof loose / sizeof *loose; i++)
		if (strncmp(name, loose[i], strlen(loose[i])) == 0)
			return true;
	return false;
}

/* Every thing of `now` and of `other` is there at least `from` and at most `to` times. */
static void between(struct verdict *v, const char *when, const struct things *now, const struct things *from, const struct things *to, bool killed)
{
	const struct things *all[] = { now, from, to };
	for (size_t k = 0; k < 3; k++)
		for (size_t i = 0; i < all[k]->n; i++) {
			const char *name = all[k]->at[i].name;
			const unsigned a = things_count(from, name), b = things_count(to, name), n = things_count(now, name);
			const bool seen = (k > 0 && things_count(now, name)) || (k > 1 && things_count(from, name));
			if (!seen && !is_loose(name) && !(killed && is_beside(name)) && (n < (a < b ? a : b) || n > (a < b ? b : a)))
				bad(v, "%s: %u × %s, not %u to %u\n", when, n, name, a, b);
		}
}

static bool same(const struct things *a, const struct things *b)
{
	struct verdict v = { .bad = false };
	between(&v, "", a, b, b, true);
	return !v.bad;
}

/* Trials */

static void words_split(struct trial *t)
{
	size_t n = 0, used = 0;
	const char *at = t->c->words;
	(void)snprintf(t->dir, sizeof t->dir, "%s", t->place->run);
	if (strncmp(at, "cd=", 3) == 0) {
		(void)snprintf(t->dir, sizeof t->dir, "%s/%.*s", t->place->run, (int)strcspn(at + 3, " "), at + 3);
		at += strcspn(at, " ") + 1;
	}
	t->argv[n++] = t->place->enclua;
	while (*at) {
		const size_t len = strcspn(at, " ");
		char *word = t->room + used;
		if (n + 1 == WORDS_MAX || used + len + 200 > sizeof t->room)
			abort();
		if (at[0] == '{' && at[len - 1] == '}') {	/* what stands in that file */
			char path[400];
			(void)snprintf(path, sizeof path, "%s/%.*s", t->stage, (int)len - 2, at + 1);
			FILE *f = fopen(path, "r");
			if (!f || !fgets(word, 200, f)) {
				fprintf(stderr, "%s is not there, or empty\n", path);
				exit(1);
			}
			word[strcspn(word, "\n")] = '\0';
			(void)fclose(f);
		} else {
			memcpy(word, at, len);
			word[len] = '\0';
		}
		used += strlen(word) + 1;
		t->argv[n++] = word;
		at += len + strspn(at + len, " ");
	}
	t->argv[n] = NULL;
}

static int verify(struct place *p, struct outcome *o)
{
	const char *argv[] = { p->enclua, "book", "verify", NULL };
	return place_say(p, argv, o) == 0 && o->status == 0 ? 0 : -1;
}

struct asked { uint64_t place, n; };

static int place_compare(const void *a, const void *b)
{
	const struct asked *x = a, *y = b;
	return x->place != y->place ? (x->place < y->place ? -1 : 1) : x->n < y->n ? -1 : x->n > y->n;
}

/* A command asks thousands of times from a few hundred places: only the first and the last time of each is of interest. */
static void places_take(struct trial *t)
{
	struct asked *all;
	const struct shim_state *shim = t->place->shim;
	t->asked = atomic_load(&shim->asked);
	if (t->asked > SHIM_PLACES)
		t->asked = SHIM_PLACES;
	free(t->places);
	t->places = calloc(t->asked + 1, sizeof *t->places);
	all = calloc(t->asked + 1, sizeof *all);
	if (!all || !t->places)
		abort();
	for (uint64_t i = 0; i < t->asked; i++) {
		all[i].place = atomic_load(&shim->places[i]);
		all[i].n = i + 1;
	}
	qsort(all, t->asked, sizeof *all, place_compare);
	for (uint64_t i = 0; i < t->asked; i++)
		if (i == 0 || i + 1 == t->asked || all[i].place != all[i - 1].place || all[i].place != all[i + 1].place)
			t->places[all[i].n] = true;
	free(all);
}

int trial_begin(struct trial *t, struct place *p, const struct command *c, struct verdict *v)
{
	static struct outcome o, counted, beside;
	const struct fault none = { .kind = FAULT_NONE };
	struct setting s;
	memset(v, 0, sizeof *v);
	t->c = c;
	t->place = p;
	(void)snprintf(t->stage, sizeof t->stage, "%s/stages/%s", p->work, c->stage);
	words_split(t);
	s = setting_of(p, t->dir);
	place_fresh(p, t->stage);
	look(p, &t->before, &beside);
	place_fresh(p, t->stage);
	atomic_store(&p->shim->asked, 0);
	atomic_store(&p->shim->trace, 1);
	const int said = say_in(p, t->dir, t->argv, &o);
	atomic_store(&p->shim->trace, 0);
	if (said < 0 || o.status != 0 || o.left || o.late) {
		bad(v, "without a fault: exit %d, %u processes left: %s%s", o.status, o.left, o.out, o.err);
		return -1;
	}
	places_take(t);
	look(p, &t->good, &beside);
	if ((c->kind == KIND_READ || c->kind == KIND_FRESH) && !same(&t->before, &t->good))
		between(v, "it changes something", &t->good, &t->before, &t->before, false);
	place_fresh(p, t->stage);
	s.traced = true;
	if (!p->san && inject_run(&none, &s, t->argv, &counted) < 0) {
		bad(v, "processes cannot be traced here");
		return -1;
	}
	p->dirty = true;
	if (!p->san && counted.status != 0)
		bad(v, "traced, without a fault: exit %d: %s", counted.status, counted.err);
	memcpy(t->counts, counted.counts, sizeof t->counts);
	t->changes = counted.changes;
	t->out[0] = '\0';
	if (c->kind == KIND_READ && (p->san || strcmp(o.out, counted.out) == 0))
		memcpy(t->out, o.out, sizeof t->out);
	return v->bad ? -1 : 0;
}

/* The message names what went wrong, in the words of the system or of SQLite. What another process of ours met, it tells in its own. */
static bool says_why(const struct fault *f, const struct outcome *o)
{
	static const char *const sqlite[] = { "disk I/O error", "disk is full", "unable to open database file", "locking protocol", "out of memory", "only be opened for reading", "no protected memory" };
	if (f->kind != FAULT_ERROR || !(call_families[f->family].traits & CALL_SAYS) || strcmp(o->program, "enclua") != 0 || strstr(o->err, strerror(f->number)))
		return true;
	for (size_t i = 0; i < sizeof sqlite / sizeof *sqlite; i++)
		if (strstr(o->err, sqlite[i]))
			return true;
	return f->number == ENOSPC && o->status == 9;	/* the disk of stderr is full as well */
}

static size_t lines_of(const char *text)
{
	size_t n = 0;
	while ((text = strchr(text, '\n'))) {
		text++;
		n++;
	}
	return n;
}

static void say_judge(const struct trial *t, const struct fault *f, const struct outcome *o, struct verdict *v)
{
	const bool harmless = f->kind == FAULT_SHORT || f->kind == FAULT_EINTR;
	const bool killed = f->kind == FAULT_SIGNAL && o->status == 256 + f->number;
	if (o->late)
		bad(v, "did not end in time\n");
	if (o->left && !o->late)
		bad(v, "%u processes left\n", o->left);
	if (o->status == 127 && strstr(o->err, "error while loading shared libraries"))	/* before our first word */
		goto out;
	if (o->status == 127 && f->kind == FAULT_MALLOC && strcmp(o->err, "out of memory\n") == 0)	/* the loader, while libarchive is loaded: it ends the process by itself */
		goto out;
	if (o->status > 10 && !killed && !o->late)
		bad(v, "ended by %s %d\n", o->status > 255 ? "signal" : "exit", o->status > 255 ? o->status - 256 : o->status);
	if (harmless && o->status != 0)
		bad(v, "a call that was cut short or interrupted failed it: exit %d\n", o->status);
	if (strstr(o->err, "Sanitizer") || strstr(o->err, "runtime error"))
		bad(v, "sanitizer\n");
	if (o->status == 0 || killed)
		goto out;
	if (o->out[0] && t->c->kind != KIND_FRESH)
		bad(v, "exit %d, and on stdout: %.300s\n", o->status, o->out);
	/* With no disk for stderr either, or none of libarchive's own memory (it ends the process by itself), nobody can say why. */
	const bool mute = f->kind == FAULT_SIGNAL || (f->kind == FAULT_HARDSHIP && hardship_mute(f)) || (f->kind == FAULT_FROM && strcmp(call_families[f->family].name, "write") == 0) || strstr(o->err, "Fatal Internal Error in libarchive");
	const char *line = strstr(o->err, "enclua: ");
	if (!mute && (!line || strlen(line) < 16))
		bad(v, "exit %d without a reason\n", o->status);
	else if (!mute && !says_why(f, o))
		bad(v, "exit %d, and the reason is not the one\n", o->status);
out:
	if (o->status == 0 && t->out[0] && lines_of(t->out) != lines_of(o->out))	/* a name that could not be looked up is shown as an id */
		bad(v, "exit 0, and not what it says otherwise: %.300s\n", o->out);
}

struct hint {
	char room[400];
	const char *argv[WORDS_MAX];
};

/* The command that an error names after "try: enclua". */
static bool hint_words(struct hint *h, const char *err)
{
	static const char begin[] = "try: enclua ";
	const char *at = strstr(err, begin);
	if (!at)
		return false;
	at += sizeof begin - 1;
	const char *remark = strstr(at, "   ");	/* what follows is said to the reader */
	const size_t len = strcspn(at, ";\n");
	(void)snprintf(h->room, sizeof h->room, "%.*s", (int)(remark && remark < at + len ? (size_t)(remark - at) : len), at);
	size_t n = 1;
	char *rest = NULL;
	for (char *word = strtok_r(h->room, " ", &rest); word && n + 1 < WORDS_MAX; word = strtok_r(NULL, " ", &rest))
		h->argv[n++] = word;
	h->argv[n] = NULL;
	return n > 1;
}

/* Who is killed, or may open or remove nothing any more, leaves what it was writing. */
static bool cannot_clear(const struct fault *f)
{
	return f->kind == FAULT_SIGNAL || f->kind == FAULT_FROM || (f->kind == FAULT_ERROR && strcmp(call_families[f->family].name, "unlink") == 0);
}

/* Done again, all is as if nothing had been wrong. */
static void again_judge(struct trial *t, const struct things *after, bool killed, bool any, struct verdict *v)
{
	static struct outcome o, beside;
	static struct things now, most;
	struct hint h = { .argv = { t->place->enclua } };
	const bool was_done = same(after, &t->good);
	int failed = say_in(t->place, t->dir, t->argv, &o);
	if (failed == 0 && o.status == EXIT_CONFLICT && !was_done && hint_words(&h, o.err))	/* what was missing is another command, and it says which */
		failed = say_in(t->place, t->dir, h.argv, &o);
	if (failed < 0 || (o.status != 0 && !(t->c->kind == KIND_ONCE && o.status == EXIT_CONFLICT && was_done)))
		bad(v, "done again: exit %d: %s%s\n", o.status, o.out, o.err);
	if (o.left)
		bad(v, "done again: %u processes left\n", o.left);
	look(t->place, &now, &beside);
	most = t->good;
	if (t->c->kind == KIND_MORE)
		for (size_t i = 0; i < most.n; i++) {
			const char *name = most.at[i].name;
			const unsigned was = things_count(&t->before, name), is = things_count(after, name);
			most.at[i].count += is > was ? is - was : 0;
		}
	if (!any)
		between(v, "done again", &now, t->c->kind == KIND_LATER ? &t->before : &t->good, &most, killed);
	if (verify(t->place, &o) < 0)
		bad(v, "done again, book verify: %s\n", o.err);
}

int trial_run(struct trial *t, const struct fault *f, struct outcome *o, struct verdict *v)
{
	static struct outcome beside;
	static struct things after;
	struct place *p = t->place;
	struct fault copy = *f;
	struct setting s = setting_of(p, t->dir);
	memset(v, 0, sizeof *v);
	memset(o, 0, sizeof *o);
	if (f->kind == FAULT_HARDSHIP && !hardship_place(p, f))
		return -1;
	if (p->dirty)
		place_fresh(p, t->stage);
	const uint64_t print = tree_print(p->run);
	atomic_store(&p->shim->asked, 0);
	atomic_store(&p->shim->struck, 0);
	atomic_store(&p->shim->fail_at, f->kind == FAULT_MALLOC ? f->n : 0);
	if (f->kind == FAULT_HARDSHIP) {
		s.before = hardship_child;
		s.with = &copy;
		if (hardship_begin(p, f) < 0)
			return -1;
	}
	const int done = inject_run(f, &s, t->argv, o);
	atomic_store(&p->shim->fail_at, 0);
	if (f->kind == FAULT_HARDSHIP)
		hardship_end(p, f);
	if (done < 0)
		return -1;
	o->fired |= f->kind == FAULT_HARDSHIP;
	if (f->kind == FAULT_MALLOC)
		o->fired = atomic_load(&p->shim->struck);
	v->changed = p->dirty = tree_print(p->run) != print;
	if (!o->fired)
		return -1;
	say_judge(t, f, o, v);
	if (!v->changed && (o->status != 0 || t->c->kind == KIND_READ || t->c->kind == KIND_FRESH))
		return 0;
	look(p, &after, &beside);
	const bool any = f->kind == FAULT_HARDSHIP && hardship_is_clock(f);
	if (!any)
		between(v, "afterwards", &after, o->status == 0 && f->kind != FAULT_SIGNAL ? &t->good : &t->before, &t->good, cannot_clear(f));
	if (things_count(&t->before, "home/store.db") && verify(p, &beside) < 0)
		bad(v, "book verify: %s\n", beside.err);
	again_judge(t, &after, cannot_clear(f), any, v);
	return 0;
}
