/* enclua seal and unseal: age files, used the way `age` is, on all processors. Who may open is decided here; the format is core/seal's. An output
 * file appears only when everything has been verified; a pipe gets nothing that has not been.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "cli.h"
#include "outfile.h"
#include "seal/age.h"
#include "seal/crypto.h"
#include "verbs.h"

#define KEYS_MAX LIMIT_AGE_STANZAS	/* recipients or identities of one command */
#define KEYFILE_BYTES MIB(1)

/* One run: what goes in, what comes out, how far it is. */
struct job {
	struct cli *c;
	const char *word;	/* of the progress bar */
	int in;
	struct outfile out;
	uint64_t done, total;	/* total 0: not known */
};

static void job_progress(void *ctx, uint64_t done)
{
	struct job *j = ctx;
	j->done = done;
	cli_progress(j->c, j->word, done, j->total);
}

static int job_open(struct job *j, struct cli *c, const struct args *a, const char *word, mode_t mode, struct err *e)
{
	const char *path = a->n_words ? a->words[0] : "-";
	struct stat st;
	*j = (struct job){ .c = c, .word = word, .in = STDIN_FILENO, .out = { .fd = -1 } };
	if (c->json && (!args_has(a, "output") || strcmp(args_get(a, "output"), "-") == 0))
		return err_set(e, ERR_USAGE, "with --json the output needs a file of its own: -o FILE");
	if (strcmp(path, "-") != 0 && (j->in = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return err_sys(e, errno, "cannot read %s", cli_safe(path, strlen(path), 0));
	if (fstat(j->in, &st) == 0 && S_ISDIR(st.st_mode)) {
		err_set(e, ERR_INVALID, "%s is a directory, not a file", cli_safe(path, strlen(path), 0));
		return err_hint(e, "tar c DIR | enclua seal …, or enclua protect DIR");
	}
	if (fstat(j->in, &st) == 0 && S_ISREG(st.st_mode))
		j->total = (uint64_t)st.st_size;
	return outfile_open(&j->out, args_get(a, "output"), mode, j->in, e);
}

static void error_append(struct err *e, const char *more)
{
	size_t n = strlen(e->msg);
	(void)snprintf(e->msg + n, sizeof e->msg - n, "; %s", more);
}

/* Gives the output its name, or takes it away and says so. */
static int job_close(struct job *j, int r, struct err *e)
{
	bool file = j->out.atomic && j->out.fd >= 0;
	cli_progress_end(j->c);
	if (r == 0 && j->out.fd >= 0)
		r = outfile_keep(&j->out, e);
	if (r < 0 && file)
		error_append(e, "the partial output was removed");
	else if (r < 0 && j->done)
		error_append(e, "what was written before is genuine, but it is not all");
	outfile_drop(&j->out);
	if (j->in > STDIN_FILENO)
		close(j->in);
	return r;
}

static void job_result(struct job *j)
{
	if (!j->c->json)
		return;
	json_write_key(&j->c->out, "output");
	json_write_text(&j->c->out, j->out.path);
	json_write_key(&j->c->out, "plaintext_size");
	json_write_uint(&j->c->out, j->done);
}

static int passphrase_get(struct cli *c, bool twice, struct buf *out, struct err *e)
{
	*out = (struct buf)BUF_INIT(KIB(64));
	return cli_passphrase(c, "passphrase", twice, out, e);
}

/* seal */

struct recipients { struct age_recipient *list; size_t n; };

/* age1…, or somebody whose age key this home knows. */
static int recipient_add(struct cli *c, struct recipients *to, const char *who, struct err *e)
{
	uint8_t public_key[32], age_public[32];
	bool known = false;
	if (to->n == KEYS_MAX)
		return err_set(e, ERR_LIMIT, "more than %u recipients", KEYS_MAX);
	struct age_recipient *r = &to->list[to->n];
	bool petname = strncmp(who, "enclua1", 7) == 0 || (keystore_name_check(who, NULL) == 0 && strncmp(who, "age1", 4) != 0 &&
		cli_who(c, who, public_key, age_public, &known, NULL) == 0);
	if (!petname) {
		if (age_recipient_parse(r, who, e) < 0)
			return os_exists(who) && !e->hint[0] ? err_hint(e, "enclua seal -R %s …", cli_safe(who, strlen(who), 0)) : -1;
	} else {
		if (cli_who(c, who, public_key, age_public, &known, e) < 0)
			return -1;
		if (!known) {
			err_set(e, ERR_NOT_FOUND, "the age key of %s is not known here", cli_safe(who, strlen(who), 0));
			return err_hint(e, "ask them for their recipient: enclua key export NAME --age");
		}
		*r = (struct age_recipient){ .kind = AGE_X25519 };
		memcpy(r->public_key, age_public, 32);
	}
	to->n++;
	return 0;
}

/* One a line; empty lines and comments are skipped. */
static int recipients_file(struct cli *c, struct recipients *to, const char *path, struct err *e)
{
	struct buf file = BUF_INIT(KEYFILE_BYTES);
	size_t before = to->n, number = 0;
	int r = cli_text_read(strcmp(path, "-") ? path : "/dev/stdin", &file, e);
	char *at = file.data ? (char *)file.data : NULL;
	while (r == 0 && at && *at) {
		char *end = at + strcspn(at, "\n"), *next = *end ? end + 1 : end;
		while (end > at && (end[-1] == '\r' || end[-1] == ' ' || end[-1] == '\t'))
			end--;
		*end = '\0';
		number++;
		if (*at && *at != '#' && (r = recipient_add(c, to, at, e)) < 0)
			err_wrap(e, "%s, line %zu", path, number);
		at = next;
	}
	if (r == 0 && to->n == before)
		r = err_set(e, ERR_INVALID, "%s names no recipient", path);
	buf_done(&file);
	return r;
}

static int recipients_gather(struct cli *c, const struct args *a, struct recipients *to, struct buf *pass, struct err *e)
{
	size_t one = args_count(a, "recipient"), files = args_count(a, "recipients-file");
	if (args_has(a, "passphrase") ? one + files > 0 : one + files == 0) {
		err_set(e, ERR_USAGE, one + files ? "a passphrase must be the only way to open a file: -p goes without -r and -R"
			: "for whom? Recipients or a passphrase are needed");
		return err_hint(e, "enclua seal -r age1… -o OUT FILE, or enclua seal -p -o OUT FILE");
	}
	to->list = calloc(KEYS_MAX, sizeof *to->list);
	if (!to->list)
		return err_set(e, ERR_LIMIT, "out of memory");
	for (size_t i = 0; i < one; i++)
		if (recipient_add(c, to, args_at(a, "recipient", i), e) < 0)
			return -1;
	for (size_t i = 0; i < files; i++)
		if (recipients_file(c, to, args_at(a, "recipients-file", i), e) < 0)
			return -1;
	if (args_has(a, "passphrase")) {
		if (passphrase_get(c, true, pass, e) < 0)
			return -1;
		to->list[to->n++] = (struct age_recipient){ .kind = AGE_SCRYPT, .passphrase = buf_text(pass) };
	}
	return 0;
}

static int run_seal(struct cli *c, struct args *a, struct err *e)
{
	struct recipients to = { NULL, 0 };
	struct buf pass = BUF_INIT(0);
	struct job j = { .c = c, .in = -1, .out = { .fd = -1 } };
	struct age_stream_options o = { .progress = job_progress, .ctx = &j };
	int r = -1;
	if (!args_has(a, "output") && isatty(STDOUT_FILENO)) {
		err_set(e, ERR_USAGE, "a sealed file is binary and would garble the terminal");
		return err_hint(e, "add -o FILE; -o - insists");
	}
	if (recipients_gather(c, a, &to, &pass, e) == 0 && job_open(&j, c, a, "sealing", 0666, e) == 0)
		r = age_stream_seal(j.in, j.out.fd, to.list, to.n, &o, e);
	r = job_close(&j, r, e);
	if (r == 0)
		job_result(&j);
	free(to.list);
	buf_done(&pass);
	return r;
}

/* unseal */

struct identities { struct age_identity *list; size_t n; };

static int identity_add_own(struct cli *c, struct identities *ids, const char *name, struct err *e)
{
	struct identity *own = NULL;
	if (ids->n == KEYS_MAX)
		return err_set(e, ERR_LIMIT, "more than %u identities", KEYS_MAX);
	if ((name ? cli_identity_open_named(c, name, &own, e) : cli_identity_open(c, &own, e)) < 0)
		return -1;
	ids->list[ids->n] = (struct age_identity){ .kind = AGE_X25519 };
	memcpy(ids->list[ids->n++].secret_key, identity_age_secret(own), 32);
	identity_free(own);
	return 0;
}

/* A key file as age-keygen writes it, or the petname of an identity of the home. */
static int identity_add(struct cli *c, struct identities *ids, const char *what, struct err *e)
{
	char keys[4200];
	struct keystore_item item;
	if (!os_exists(what) && strcmp(what, "-") != 0 && cli_keys_dir(c, keys, sizeof keys, NULL) == 0 &&
		keystore_find(keys, what, &item, NULL) == 0)
		return identity_add_own(c, ids, what, e);
	struct buf file = BUF_INIT(KEYFILE_BYTES);
	const char *shown = cli_safe(what, strlen(what), 0);
	int r = cli_text_read(strcmp(what, "-") ? what : "/dev/stdin", &file, e);
	if (strncmp(buf_text(&file), "age-encryption.org/", 19) == 0 || strncmp(buf_text(&file), "-----BEGIN AGE", 14) == 0) {	/* which may hold zero bytes */
		r = err_set(e, ERR_INVALID, "the key file %s is itself sealed", shown);
		err_hint(e, "enclua unseal -p %s | enclua unseal -i - FILE", shown);
	} else if (r == 0 && (r = age_identities_parse(ids->list, KEYS_MAX, &ids->n, buf_text(&file), e)) < 0) {
		err_wrap(e, "%s", shown);
	}
	buf_done(&file);
	return r;
}

static int identities_gather(struct cli *c, const struct args *a, struct identities *ids, struct buf *pass, struct err *e)
{
	size_t n = args_count(a, "identity");
	ids->list = calloc(KEYS_MAX + 1, sizeof *ids->list);
	if (!ids->list)
		return err_set(e, ERR_LIMIT, "out of memory");
	for (size_t i = 0; i < n; i++) {
		const char *what = args_at(a, "identity", i);
		if (strcmp(what, "-") == 0 && (a->n_words == 0 || strcmp(a->words[0], "-") == 0))
			return err_set(e, ERR_USAGE, "the key and the sealed file cannot both come from standard input");
		if (identity_add(c, ids, what, e) < 0)
			return -1;
	}
	if (args_has(a, "passphrase")) {
		if (passphrase_get(c, false, pass, e) < 0)
			return -1;
		ids->list[ids->n++] = (struct age_identity){ .kind = AGE_SCRYPT, .passphrase = buf_text(pass) };
	}
	if (ids->n > 0)
		return 0;
	if (cli_has_home(c))
		return identity_add_own(c, ids, NULL, e);
	err_set(e, ERR_USAGE, "with which key? There is no home here whose identity could be taken");
	return err_hint(e, "enclua unseal -i KEYFILE FILE, or enclua unseal -p FILE");
}

static void denied_hint(const struct args *a, struct err *e)
{
	if (e->code != ERR_DENIED || e->hint[0])
		return;
	if (args_has(a, "passphrase"))
		err_hint(e, "check the passphrase; a file that is sealed to recipients needs -i KEYFILE");
	else
		err_hint(e, "enclua unseal -i KEYFILE, with the key it was sealed to; a passphrase needs -p");
}

static int run_unseal(struct cli *c, struct args *a, struct err *e)
{
	struct identities ids = { NULL, 0 };
	struct buf pass = BUF_INIT(0);
	struct job j = { .c = c, .in = -1, .out = { .fd = -1 } };
	struct age_stream_options o = { .progress = job_progress, .ctx = &j };
	int r = identities_gather(c, a, &ids, &pass, e);
	if (r == 0 && (r = job_open(&j, c, a, "opening", 0600, e)) == 0 &&
		(r = age_stream_open(j.in, j.out.fd, ids.list, ids.n, &o, e)) < 0)
		denied_hint(a, e);
	r = job_close(&j, r, e);
	if (r == 0)
		job_result(&j);
	if (ids.list)
		crypto_wipe(ids.list, (KEYS_MAX + 1) * sizeof *ids.list);
	free(ids.list);
	buf_done(&pass);
	return r;
}

static const struct option_row seal_options[] = {
	{ "recipient", 'r', "RECIPIENT", true, "who can open it: age1…, age1pq1… (post-quantum), or an identity of this home by its petname" },
	{ "recipients-file", 'R', "FILE", true, "recipients, one a line; lines with # in front are comments" },
	{ "passphrase", 'p', NULL, false, "whoever knows the passphrase can open it, and nobody else" },
	{ "output", 'o', "OUT", false, "the sealed file; appears whole or not at all" },
	{ NULL, 0, NULL, false, NULL },
};

static const struct option_row unseal_options[] = {
	{ "identity", 'i', "KEYFILE", true, "a key file as age-keygen writes it, or the petname of an identity of this home" },
	{ "passphrase", 'p', NULL, false, "the file is sealed under a passphrase" },
	{ "output", 'o', "OUT", false, "the plaintext; appears when all of it was verified, or not at all" },
	{ NULL, 0, NULL, false, NULL },
};

#define SEAL_HELP \
	"  enclua seal -r age1… -o letter.age letter.txt\n" \
	"  tar c folder | enclua seal -r me -r age1… > folder.tar.age\n\n" \
	"Writes age files (age-encryption.org/v1): `age -d` opens them. Without FILE, or with -, the input is standard input; without -o, or " \
	"with -o -, the output is standard output."
#define UNSEAL_HELP \
	"  enclua unseal -i key.txt -o letter.txt letter.age\n" \
	"  enclua unseal < folder.tar.age | tar x\n\n" \
	"Opens age files, armored ones too, whoever made them. Without -i and -p the acting identity of the home is tried. On standard output " \
	"nothing appears that was not verified; when the file turns out to be damaged, what came before is genuine but not all, and the exit status is 5."

const struct command seal_commands[] = {
	{ "seal", "-r RECIPIENT…|-R FILE|-p [-o OUT] [FILE]", "Seal a file for recipients, as age does", SEAL_HELP, seal_options, 0, 1, run_seal },
	{ "unseal", "[-i KEYFILE…|-p] [-o OUT] [FILE]", "Open a sealed file", UNSEAL_HELP, unseal_options, 0, 1, run_unseal },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
