/* Something fails under every everyday command (the table `commands`), once at each point at which it can, and the command says so and has done nothing by halves. Speaks TAP.
 * Without LONG=1 a sample, the same each time: FAULTS_SEED and FAULTS_EACH choose another. FAULTS_ONLY=NAME is one command, FAULTS_LOG=FILE gets a line for every run.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hardship.h"
#include "judge.h"
#include "shim.h"

#define COMMANDS_MAX 100u
#define STAGES_MAX 12u
#define FAULTS_MAX 60000u
#define SHOWN 5u	/* failures of one command, in full */

static const char *const kind_names[FAULT_KINDS] = { "none", "error", "from", "short", "eintr", "signal", "malloc", "hardship" };
static const char *const command_kinds[] = { "read", "once", "more", "later", "fresh" };

struct session {
	struct place place;
	struct command commands[COMMANDS_MAX];
	size_t n;
	char stages[STAGES_MAX][24];
	size_t n_stages;
	char here[1024], build[1024];
	uint64_t seed;
	size_t each;	/* faults of one command; 0: all */
	const char *only;
	FILE *log;
	size_t runs, failures, test;
};

static char work[200];	/* removed at the end, however it comes */

static void clear_up(void)
{
	if (work[0])
		tree_remove(work);
}

static _Noreturn void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

/* The table */

static void table_read(struct session *s, const char *path)
{
	char line[600], kind[16];
	FILE *f = fopen(path, "r");
	if (!f)
		die(path);
	while (fgets(line, sizeof line, f)) {
		struct command *c = &s->commands[s->n];
		line[strcspn(line, "\n")] = '\0';
		if (!line[0] || line[0] == '#')
			continue;
		if (s->n == COMMANDS_MAX || sscanf(line, "%23s %39s %15s %399[^\n]", c->stage, c->name, kind, c->words) != 4)
			die(line);
		size_t k = 0;
		while (k < sizeof command_kinds / sizeof *command_kinds && strcmp(command_kinds[k], kind) != 0)
			k++;
		if (k == sizeof command_kinds / sizeof *command_kinds)
			die(line);
		c->kind = (enum command_kind)k;
		s->n++;
	}
	(void)fclose(f);
}

/* The place */

static void program_copy(const struct session *s, const char *from, const char *name)
{
	char a[1400], b[400];
	(void)snprintf(a, sizeof a, "%s/%s", s->build, from);
	(void)snprintf(b, sizeof b, "%s/%s", s->place.bin, name);
	FILE *in = fopen(a, "rb"), *out = fopen(b, "wb");
	char chunk[65536];
	size_t n;
	if (!in || !out)
		die(a);
	while ((n = fread(chunk, 1, sizeof chunk, in)) > 0)
		if (fwrite(chunk, 1, n, out) != n)
			die(b);
	(void)fclose(in);
	if (fclose(out) != 0 || chmod(b, 0755) < 0)
		die(b);
}

static void place_make(struct session *s)
{
	struct place *p = &s->place;
	const char *dir = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
	(void)snprintf(p->work, sizeof p->work, "%s/enclua-faults-XXXXXX", dir);
	if (!mkdtemp(p->work))
		die(p->work);
	memcpy(work, p->work, sizeof work);
	(void)atexit(clear_up);
	(void)snprintf(p->bin, sizeof p->bin, "%s/bin", p->work);
	(void)snprintf(p->run, sizeof p->run, "%s/run", p->work);
	(void)snprintf(p->enclua, sizeof p->enclua, "%s/enclua", p->bin);
	(void)snprintf(p->state, sizeof p->state, "%s/" SHIM_STATE, p->bin);
	char stages[400], home[400];
	(void)snprintf(stages, sizeof stages, "%s/stages", p->work);
	(void)snprintf(home, sizeof home, "%s/home", p->run);
	if (mkdir(p->bin, 0700) < 0 || mkdir(stages, 0700) < 0)
		die(p->bin);
	program_copy(s, "faults/enclua", "enclua");
	program_copy(s, "faults/keeper", "keeper");
	program_copy(s, "enclave", "enclave");
	program_copy(s, "attest-helper", "attest-helper");
	const int fd = open(p->state, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof *p->shim) < 0)
		die(p->state);
	void *shared = mmap(NULL, sizeof *p->shim, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED)
		die(p->state);
	close(fd);
	p->shim = shared;
	static const char *const unset[] = { "ENCLUA_AS", "ENCLUA_PASSPHRASE_FILE", "XDG_DATA_HOME", "NO_COLOR" };
	for (size_t i = 0; i < sizeof unset / sizeof *unset; i++)
		(void)unsetenv(unset[i]);
	(void)setenv("HOME", p->run, 1);
	(void)setenv("ENCLUA_HOME", home, 1);
}

/* A stage is made from the one that it names first; stages.sh says how. */
static void stage_make(struct session *s, const char *name)
{
	char script[1400], path[400];
	struct outcome *o = malloc(sizeof *o);
	for (size_t i = 0; i < s->n_stages; i++)
		if (strcmp(s->stages[i], name) == 0) {
			free(o);
			return;
		}
	(void)snprintf(script, sizeof script, "%s/stages.sh", s->here);
	const char *ask[] = { script, "after", name, NULL }, *make[] = { script, "make", name, s->place.enclua, NULL };
	char from[24] = "";
	tree_remove(s->place.run);
	if (mkdir(s->place.run, 0700) < 0 || !o || place_say(&s->place, ask, o) < 0 || o->status != 0)
		die(script);
	(void)sscanf(o->out, "%23s", from);
	if (from[0])
		stage_make(s, from);
	(void)snprintf(path, sizeof path, "%s/stages/%s", s->place.work, from);
	if (from[0])
		place_fresh(&s->place, path);
	if (place_say(&s->place, make, o) < 0 || o->status != 0) {
		printf("# %s%s\n", o->out, o->err);
		die(name);
	}
	(void)snprintf(path, sizeof path, "%s/stages/%s", s->place.work, name);
	if (rename(s->place.run, path) < 0 || s->n_stages == STAGES_MAX)
		die(path);
	(void)snprintf(s->stages[s->n_stages++], sizeof s->stages[0], "%s", name);
	free(o);
}

/* Which faults */

static uint64_t draw(uint64_t *seed)	/* splitmix64 */
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

struct faults {
	struct fault *at;
	size_t n;
};

static void faults_add(struct faults *l, enum fault_kind kind, size_t family, int number, uint64_t count)
{
	for (uint64_t n = 1; n <= count && l->n < FAULTS_MAX; n++)
		l->at[l->n++] = (struct fault){ kind, family, number, n };
}

static bool wanted(enum fault_kind kind)
{
	const char *kinds = getenv("FAULTS_KINDS");
	return !kinds || strstr(kinds, kind_names[kind]);
}

static void hardships_list(struct faults *l)
{
	for (size_t i = 0; i < hardships_n; i++)
		faults_add(l, FAULT_HARDSHIP, i, 0, hardship_values(i));
}

static void faults_list(struct faults *l, const struct trial *t)
{
	static const int signals[] = { SIGKILL, SIGTERM, SIGINT, SIGPIPE };
	const char *family = getenv("FAULTS_FAMILY");
	l->n = 0;
	for (size_t i = 0; i < call_families_n && !t->place->san; i++) {
		const struct call_family *c = &call_families[i];
		if (family && strcmp(family, c->name) != 0)
			continue;
		for (size_t k = 0; k < CALL_ERRORS && c->errors[k] && wanted(FAULT_ERROR); k++)
			faults_add(l, FAULT_ERROR, i, c->errors[k], t->counts[i]);
		if ((c->traits & CALL_CHANGES) && wanted(FAULT_FROM))
			faults_add(l, FAULT_FROM, i, c->errors[0], t->counts[i]);
		if ((c->traits & CALL_SHORT) && wanted(FAULT_SHORT))
			faults_add(l, FAULT_SHORT, i, 0, t->counts[i]);
		if ((c->traits & CALL_EINTR) && wanted(FAULT_EINTR))
			faults_add(l, FAULT_EINTR, i, 0, t->counts[i]);
	}
	if (!t->place->san && wanted(FAULT_SIGNAL) && !family)
		for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
			faults_add(l, FAULT_SIGNAL, 0, signals[i], t->changes);
	if (wanted(FAULT_HARDSHIP) && !family && !t->place->san)
		hardships_list(l);
	if (wanted(FAULT_MALLOC) && !family)
		for (uint64_t n = 1; n <= t->asked && l->n < FAULTS_MAX; n++)
			if (t->places[n])
				l->at[l->n++] = (struct fault){ FAULT_MALLOC, 0, 0, n };
}

/* One after the other, each kind and family as often as the others: a command that reads much would else be tested for reading only. */
static void faults_sample(struct faults *l, size_t want, uint64_t *seed)
{
	for (size_t i = 0; i < want && i < l->n; i++) {
		size_t k = i + (size_t)(draw(seed) % (l->n - i));
		const struct fault f = l->at[k];
		l->at[k] = l->at[i];
		l->at[i] = f;
	}
	if (l->n > want)
		l->n = want;
}

/* Where something was found once, all of it is tried each time: the table `found`. */
static void faults_found(const struct session *s, struct faults *l, const struct trial *t)
{
	char path[1400], line[600], name[40], kind[16], family[32];
	struct faults all = { .at = calloc(FAULTS_MAX, sizeof *all.at) };
	(void)snprintf(path, sizeof path, "%s/found", s->here);
	FILE *f = fopen(path, "r");
	if (!f || !all.at)
		die(path);
	faults_list(&all, t);
	while (fgets(line, sizeof line, f)) {
		if (line[0] == '#' || sscanf(line, "%39s %15s %31s", name, kind, family) != 3 || strcmp(name, t->c->name) != 0)
			continue;
		for (size_t i = 0; i < all.n && l->n < FAULTS_MAX; i++)
			if (strcmp(kind_names[all.at[i].kind], kind) == 0 && strcmp(all.at[i].kind == FAULT_HARDSHIP ? hardship_name(all.at[i].family) : call_families[all.at[i].family].name, family) == 0)
				l->at[l->n++] = all.at[i];
	}
	(void)fclose(f);
	free(all.at);
}

/* Running them */

static void comment(const char *text)
{
	bool start = true;
	for (; *text; text++) {
		if (start)
			(void)fputs("#   ", stdout);
		(void)putchar(*text);
		start = *text == '\n';
	}
	if (!start)
		(void)putchar('\n');
}

static void fault_text(const struct fault *f, const struct outcome *o, char out[static 200])
{
	if (f->kind == FAULT_HARDSHIP) {
		(void)snprintf(out, 200, "%s: %lld", hardship_name(f->family), (long long)hardship_value(f->family, f->n));
		return;
	}
	(void)snprintf(out, 200, "%s %s %llu%s%s, in %s %s", kind_names[f->kind], f->kind == FAULT_MALLOC || f->kind == FAULT_SIGNAL ? "" : call_families[f->family].name,
		(unsigned long long)f->n, f->number ? " " : "", !f->number ? "" : f->kind == FAULT_SIGNAL ? strsignal(f->number) : strerrorname_np(f->number), o->program, o->call);
}

static void log_line(struct session *s, const struct trial *t, const struct fault *f, const struct outcome *o, const struct verdict *v)
{
	char what[200];
	if (!s->log)
		return;
	fault_text(f, o, what);
	const char *reason = strstr(o->err, "enclua: ") ? strstr(o->err, "enclua: ") : o->err;
	fprintf(s->log, "%s\t%s\t%s\t%d\t%s\t%s\t%.*s\n", v->bad ? "BAD" : "ok", t->c->name, what, o->status, v->changed ? "changed" : "-",
		f->kind == FAULT_MALLOC || f->kind == FAULT_HARDSHIP ? "" : call_families[f->family].name, (int)strcspn(reason, "\n"), reason);
	(void)fflush(s->log);
}

static void command_test(struct session *s, const struct command *c)
{
	static struct trial t;
	static struct outcome o;
	static struct verdict v;
	struct faults l = { .at = calloc(FAULTS_MAX, sizeof *l.at) };
	size_t failures = 0, runs = 0;
	if (!l.at)
		die("memory");
	stage_make(s, c->stage);
	const bool sound = trial_begin(&t, &s->place, c, &v) == 0;
	if (!sound) {
		failures = 1;
		comment(v.text);
	} else
		faults_list(&l, &t);
	const size_t all = l.n;
	if (s->each && sound) {
		faults_sample(&l, s->each, &s->seed);
		faults_found(s, &l, &t);
	}
	for (size_t i = 0; i < l.n; i++) {
		char what[200];
		if (trial_run(&t, &l.at[i], &o, &v) < 0)
			continue;
		runs++;
		log_line(s, &t, &l.at[i], &o, &v);
		if (!v.bad || ++failures > SHOWN)
			continue;
		fault_text(&l.at[i], &o, what);
		printf("# %s: %s: exit %d\n", c->name, what, o.status);
		comment(v.text);
		comment(o.err);
	}
	free(l.at);
	hardship_place_done(&s->place);
	printf("%sok %zu - %s: %zu faults of %zu\n", failures ? "not " : "", ++s->test, c->name, runs, all);
	if (failures)
		printf("# %zu of them failed\n", failures);
	(void)fflush(stdout);
	s->runs += runs;
	s->failures += failures;
}

static const char *number_of(const char *name, const char *otherwise)
{
	const char *v = getenv(name);
	return v && v[0] ? v : otherwise;
}

int main(int argc, char **argv)
{
	static struct session s;
	const bool all = getenv("LONG") && strcmp(getenv("LONG"), "1") == 0;
	if (argc != 3) {
		fprintf(stderr, "usage: faults HERE BUILD\n");
		return 2;
	}
#ifdef __SANITIZE_ADDRESS__
	s.place.san = true;
#endif
	(void)snprintf(s.here, sizeof s.here, "%s", argv[1]);
	(void)snprintf(s.build, sizeof s.build, "%s", argv[2]);
	s.seed = strtoull(number_of("FAULTS_SEED", "20261121"), NULL, 10);
	s.each = (size_t)strtoull(number_of("FAULTS_EACH", all ? "0" : "3"), NULL, 10);
	s.only = getenv("FAULTS_ONLY");
	s.log = getenv("FAULTS_LOG") ? fopen(getenv("FAULTS_LOG"), "a") : NULL;
	char table[1400];
	(void)snprintf(table, sizeof table, "%s/commands", s.here);
	table_read(&s, table);
	printf("# seed %llu\n", (unsigned long long)s.seed);
	place_make(&s);
	for (size_t i = 0; i < s.n; i++)
		if (!s.only || strcmp(s.only, s.commands[i].name) == 0)
			command_test(&s, &s.commands[i]);
	printf("1..%zu\n# %zu faults, %zu failures\n", s.test, s.runs, s.failures);
	return s.failures ? 1 : 0;
}
