/* Signed notes and their keys. What is accepted has exactly one spelling: written again from its parts it is the input. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "form/note.h"
#include "seal/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void sig_add(struct buf *out, const struct note_sig *s)
{
	uint8_t raw[4 + sizeof s->sig];
	char base64[BASE64_LEN(sizeof raw) + 1];
	memcpy(raw, s->id, 4);
	memcpy(raw + 4, s->sig, s->len);
	base64_encode(base64, raw, 4 + s->len);
	require(buf_addf(out, NULL, "\xe2\x80\x94 %s %s\n", s->name, base64) == 0);
}

static void whole_note(const char *bytes, size_t len)
{
	static struct note n;
	if (note_parse(&n, bytes, len, NULL) < 0)
		return;
	require(n.text == bytes && n.text_len > 0 && n.text_len < len && bytes[n.text_len - 1] == '\n' && bytes[n.text_len] == '\n');
	require(n.n_sigs > 0 && n.n_sigs <= NOTE_SIGNATURES && utf8_valid(bytes, len));

	struct buf again = BUF_INIT(LIMIT_NOTE_BYTES);
	size_t kept = 0;
	require(buf_add(&again, n.text, n.text_len, NULL) == 0 && buf_add(&again, "\n", 1, NULL) == 0);
	for (size_t i = 0; i < n.n_sigs && n.sigs[i].len; i++, kept++)
		sig_add(&again, &n.sigs[i]);
	require(again.len <= len && memcmp(again.data, bytes, again.len) == 0);
	require(kept < n.n_sigs || again.len == len);
	buf_done(&again);

	/* A key that nobody holds never verifies, whatever its name and id. */
	for (size_t i = 0; i < n.n_sigs; i++) {
		struct note_key k = { .type = i % 2 ? NOTE_COSIGNATURE : NOTE_ED25519 };
		memcpy(k.name, n.sigs[i].name, sizeof k.name);
		memcpy(k.id, n.sigs[i].id, 4);
		require(note_verify(&n, &k, 1, NULL, NULL) == -1);
	}
}

static void verifier_key(const char *text)
{
	struct note_key k;
	struct buf again = BUF_INIT(KIB(1));
	if (note_key_parse(&k, text, NULL) < 0)
		return;
	require(note_key_text(&k, &again, NULL) == 0 && strcmp(buf_text(&again), text) == 0);
	buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	require(crypto_init(NULL) == 0);
	char *text = malloc(size + 1);	/* exactly as long as the input, so that a sanitizer sees a byte too far */
	require(text != NULL);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	verifier_key(text);
	text = realloc(text, size ? size : 1);
	require(text != NULL);
	whole_note(text, size);
	free(text);
	return 0;
}
