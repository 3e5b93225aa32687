/* Writes a made log for verifiers that are not ours: DIR/export, DIR/log.vkey, DIR/witness.vkey, DIR/policy, and proof files of some entries in DIR/proofs.
 *	make_log DIR SIZE [LONGEST]		longest entry in bytes: 65535 when not said
 */
#include <limits.h>
#include <stdio.h>

#include "base/os.h"
#include "book/made_log.h"

static void file_put(const char *dir, const char *name, const struct buf *bytes)
{
	char path[PATH_MAX];
	struct err e = { 0 };
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	made(os_file_replace(path, 0644, bytes->data, bytes->len, &e), &e);
}

static void key_put(const char *dir, const char *name, const struct note_key *k)
{
	struct buf text = BUF_INIT(KIB(1));
	struct err e = { 0 };
	made(note_key_text(k, &text, &e), &e);
	made(buf_add_text(&text, "\n", &e), &e);
	file_put(dir, name, &text);
	buf_done(&text);
}

/* The ends of the log and of its tiles, and what lies between. */
static void proofs_put(const struct made_log *m, const char *dir)
{
	const uint64_t wanted[] = { 0, 1, 96, 127, 128, 254, 255, 256, 511, 512, 65535, 65536, m->size / 2, m->size / 3 * 2, m->size - 1 };
	char path[PATH_MAX];
	struct err e = { 0 };
	(void)snprintf(path, sizeof path, "%s/proofs", dir);
	made(os_dir_make(path, 0755, &e), &e);
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		if (wanted[i] >= m->size)
			continue;
		struct buf proof = BUF_INIT(MADE_PROOF_BYTES);
		made_proof(m, wanted[i], &proof);
		(void)snprintf(path, sizeof path, "proofs/%llu.tlog-proof", (unsigned long long)wanted[i]);
		file_put(dir, path, &proof);
		buf_done(&proof);
	}
}

int main(int argc, char **argv)
{
	struct made_log m;
	struct err e = { 0 };
	char path[PATH_MAX];
	if (argc < 3 || argc > 4) {
		(void)fprintf(stderr, "make_log DIR SIZE [LONGEST]\n");
		return 2;
	}
	made_init(&m, strtoull(argv[2], NULL, 10), argc > 3 ? strtoull(argv[3], NULL, 10) : TILE_ENTRY_BYTES, 7);
	made(os_dir_make(argv[1], 0755, &e), &e);
	(void)snprintf(path, sizeof path, "%s/export", argv[1]);
	made(export_write(&m.source, path, NULL, NULL, NULL, &e), &e);
	key_put(argv[1], "log.vkey", &m.log_key);
	key_put(argv[1], "witness.vkey", &m.witness_key);
	struct buf policy = BUF_INIT(TLOG_POLICY_BYTES);
	made_policy_text(&m, &policy);
	file_put(argv[1], "policy", &policy);
	buf_done(&policy);
	proofs_put(&m, argv[1]);
	made_done(&m);
	return 0;
}
