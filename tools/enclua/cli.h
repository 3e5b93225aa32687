/* The frame of the command line: one table of commands from which parsing, help on every level and completions follow. A verb is one file
 * that exports its rows and one line in main.c. The contract is CLI.md's: results on stdout, all else on stderr, one JSON object with
 * --json, never a prompt without a terminal.
 */
#ifndef ENCLUA_TOOLS_CLI_H
#define ENCLUA_TOOLS_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/limits.h"
#include "face.h"
#include "seal/identity.h"
#include "seal/keystore.h"

#define CLI_VERSION "0.1.0"
#define CLI_DATE "2026-11-21"	/* of the version; manual pages bear it */
#define CLI_PASSPHRASE_BYTES 1024u
#define CLI_ANSWER_BYTES 1024u
#define CLI_GROUP_BYTES 96u	/* the words of a command, with their NUL */

struct cli;
struct args;

/* One option of a command. arg NULL: a flag. In arg, three or more words with bars between them are the values that there are; of two, those in small letters.
 * A list ends with name NULL. */
struct option_row {
	const char *name;
	char letter;	/* or 0 */
	const char *arg;	/* "NAME", shown in help */
	bool repeat;
	const char *help;
};

struct command {
	const char *words;	/* "key new" */
	const char *synopsis;	/* "NAME [--no-passphrase]" */
	const char *summary;	/* one line */
	const char *help;	/* paragraphs, an example first; may be NULL */
	const struct option_row *options;	/* or NULL */
	unsigned min, max;	/* how many words after the command */
	int (*run)(struct cli *c, struct args *a, struct err *e);
};

#define ARGS_HIDDEN_MAX 1024u	/* what is typed after that many is refused */

/* What was typed, parsed. */
struct args {
	const struct command *command;
	const char **words;	/* positional */
	size_t n_words;
	struct { const struct option_row *row; const char *value; } *options;
	char *hidden[ARGS_HIDDEN_MAX];	/* values whose typed bytes were wiped: these are the copies */
	size_t n_hidden;
	size_t n_options;
	char group[CLI_GROUP_BYTES];	/* --help without a command: the words of a group ("key"), or "" for everything */
};
void args_done(struct args *a);
bool args_has(const struct args *a, const char *option);
const char *args_get(const struct args *a, const char *option);	/* the last value, or NULL */
size_t args_count(const struct args *a, const char *option);
const char *args_at(const struct args *a, const char *option, size_t i);	/* i-th value in the order typed */

struct cli {
	const struct face *face;	/* what the program was called as */
	char **argv;	/* as the face means it */
	char home[4096];
	const char *as;	/* --as, $ENCLUA_AS, or NULL: the default identity */
	const char *passphrase_file;	/* --passphrase-file, $ENCLUA_PASSPHRASE_FILE, or NULL */
	bool json, quiet, verbose;
	struct buf text;	/* human result, printed on success */
	struct buf object;	/* JSON result, printed on success with --json */
	struct json_writer out;	/* into object; the frame opens the object with "ok":true and closes it */
	uint64_t started_us, drawn_us;	/* of the progress bar */
	bool drawing;
};

/* Result text for people; ignored with --json. Text from files and scripts goes through cli_safe first. */
int cli_print(struct cli *c, struct err *e, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A remark on stderr, unless --quiet or --json. */
void cli_note(const struct cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Control characters shown as escapes; the text lives until the next call with the same slot (0–3). */
const char *cli_safe(const char *text, size_t len, unsigned slot);

/* Bytes straight to stdout (a sealed file, a leaf); a full disk is an error. */
int cli_write_stdout(const void *bytes, size_t n, struct err *e);

/* Questions (ask.c). A passphrase from --passphrase-file, $ENCLUA_PASSPHRASE_FILE or the terminal, in that order; never a prompt with --json or without a
 * terminal. The first line of a file, without its end. */
int cli_secret_ask(struct cli *c, const char *prompt, struct buf *out, struct err *e);	/* one line of the terminal, without an echo */
/* One line of the terminal; nothing typed is the fallback, which is shown. Ask cli_can_prompt first. */
int cli_line_ask(struct cli *c, const char *question, const char *fallback, char *out, size_t size, struct err *e);
int cli_passphrase(struct cli *c, const char *prompt, bool twice, struct buf *out, struct err *e);
bool cli_can_prompt(const struct cli *c);

/* A bar on stderr: only on a terminal, only after half a second. total 0: unknown. */
void cli_progress(struct cli *c, const char *what, uint64_t done, uint64_t total);
void cli_progress_end(struct cli *c);

/* A file that is text to the last byte: for what is read as lines. Behind a zero byte nothing would be read; a passphrase would be shorter than it looks. */
int cli_text_read(const char *path, struct buf *out, struct err *e);

/* The bytes of an .iapp file. One that is larger than any iApp is malformed, and not a limit of a run. */
int cli_archive_read(const char *path, struct buf *out, struct err *e);

/* The home. */
int cli_home_path(const struct cli *c, const char *name, char *out, size_t size, struct err *e);	/* <home>/<name> */
int cli_keys_dir(const struct cli *c, char *out, size_t size, struct err *e);
bool cli_has_home(const struct cli *c);
int cli_home_make(struct cli *c, const char *passphrase, struct err *e);	/* init.c; passphrase NULL: identity `me` in the clear */
/* The acting identity: --as, $ENCLUA_AS, else the default one. public needs no passphrase. */
int cli_identity_public(struct cli *c, struct keystore_item *out, struct err *e);
int cli_identity_open(struct cli *c, struct identity **out, struct err *e);
int cli_identity_open_named(struct cli *c, const char *name, struct identity **out, struct err *e);
/* WHO: a petname of the home, enclua1…, or worker, manager: this machine's own; fills the public key, and the age key when it is known (else age_known is false). */
int cli_who(struct cli *c, const char *who, uint8_t public_key[static 32], uint8_t age_public[static 32], bool *age_known,
	struct err *e);

/* The table. Each set ends with words NULL; the list of sets ends with NULL. */
extern const struct command *const command_sets[];
extern const struct option_row cli_global_options[];
int cli_parse(int argc, char **argv, struct args *a, struct err *e);
int cli_first_word(int argc, char **argv);	/* where the first word of the command is, behind global options; 0: there is none */
const struct command *cli_command_find(const char *const *words, size_t n);	/* NULL when these are not the words of one */
/* How many of the words begin some command: those are joined into prefix. */
size_t cli_group_find(const char *const *words, size_t n, char prefix[static CLI_GROUP_BYTES]);
/* Help on one command, or on a group of them ("" for all), as the result of this run. */
int cli_help(struct cli *c, const struct command *only, const char *group, struct err *e);

#endif
