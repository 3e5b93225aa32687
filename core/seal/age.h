/* age v1 (C2SP age.md): the form of sealed data, secrets and results. Three levels, each usable alone:
 *   header   the file key (16 bytes) sealed to recipients: X25519, post-quantum hybrid or scrypt stanzas, closed by an HMAC
 *   chunk    the payload, 64 KiB at a time: pure functions, so that chunks can go to several processors
 *   file     streams with bounded memory, and random access that checks the last chunk first (so a cut file is found at open)
 * A detached header in front of a blob (nonce || chunks) is an age file: `cat header blob | age -d` works.
 */
#ifndef ENCLUA_SEAL_AGE_H
#define ENCLUA_SEAL_AGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define AGE_FILE_KEY 16u
#define AGE_NONCE 16u
#define AGE_CHUNK 65536u
#define AGE_TAG 16u
#define AGE_SEALED_CHUNK (AGE_CHUNK + AGE_TAG)
#define AGE_RECIPIENT_TEXT 63u	/* "age1…" with its NUL */
#define AGE_IDENTITY_TEXT 75u	/* "AGE-SECRET-KEY-1…" with its NUL */
#define AGE_HYBRID_KEY 1216u	/* ML-KEM-768 encapsulation key || X25519 public key */
#define AGE_HYBRID_RECIPIENT_TEXT 1960u	/* "age1pq1…" with its NUL */
#define AGE_HYBRID_IDENTITY_TEXT 78u	/* "AGE-SECRET-KEY-PQ-1…" with its NUL */

/* Who can open. A passphrase must be the only recipient of a file; post-quantum recipients go with none of another kind, as the
 * file would be no safer than its weakest one. */
enum age_kind { AGE_X25519, AGE_SCRYPT, AGE_HYBRID };
struct age_recipient {
	enum age_kind kind;
	uint8_t public_key[32];	/* AGE_X25519 */
	const char *passphrase;	/* AGE_SCRYPT; borrowed */
	unsigned work;	/* AGE_SCRYPT: log2 N; 0 = the default, 18 */
	uint8_t hybrid_key[AGE_HYBRID_KEY];	/* AGE_HYBRID */
};
struct age_identity {
	enum age_kind kind;
	uint8_t secret_key[32];	/* AGE_X25519; AGE_HYBRID: the seed */
	const char *passphrase;	/* AGE_SCRYPT; borrowed */
};

int age_recipient_parse(struct age_recipient *out, const char *text, struct err *e);	/* age1…, age1pq1… */
void age_recipient_text(char out[static AGE_RECIPIENT_TEXT], const uint8_t public_key[static 32]);
int age_identity_parse(struct age_identity *out, const char *text, struct err *e);	/* also …-PQ-1… */
void age_identity_text(char out[static AGE_IDENTITY_TEXT], const uint8_t secret_key[static 32]);
/* An identity file as age-keygen writes it: comments, empty lines, one identity a line. Appends up to max. */
int age_identities_parse(struct age_identity *out, size_t max, size_t *count, const char *text, struct err *e);

/* Header. open: ERR_INVALID when malformed or its HMAC is wrong, ERR_DENIED when no identity matches.
 * header_len is the number of bytes that the header takes at the start of the input. */
int age_header_make(struct buf *out, const uint8_t file_key[static AGE_FILE_KEY], const struct age_recipient *to, size_t n,
	struct err *e);
int age_header_open(uint8_t file_key[static AGE_FILE_KEY], size_t *header_len, const uint8_t *bytes, size_t len,
	const struct age_identity *ids, size_t n, struct err *e);

/* Chunks. The payload key binds file key and nonce. A sealed chunk is 16 bytes longer than its plaintext. */
struct age_payload { uint8_t key[32]; };
void age_payload_init(struct age_payload *p, const uint8_t file_key[static AGE_FILE_KEY], const uint8_t nonce[static AGE_NONCE]);
void age_chunk_seal(const struct age_payload *p, uint8_t *out, const uint8_t *in, size_t len, uint64_t index, bool last);
int age_chunk_open(const struct age_payload *p, uint8_t *out, const uint8_t *in, size_t sealed_len, uint64_t index, bool last);

/* Length of the payload (nonce and chunks) for a plaintext, and back; -1 when no plaintext has that payload length. */
uint64_t age_payload_len(uint64_t plain_len);
int age_plain_len(uint64_t *plain_len, uint64_t payload_len);

/* Writer: pushes plaintext in pieces of any size to a sink. Memory: two chunks. Used in the box as well. */
typedef int age_sink(void *ctx, const uint8_t *bytes, size_t n, struct err *e);
struct age_writer;
int age_writer_new(struct age_writer **out, const struct age_recipient *to, size_t n, age_sink *sink, void *ctx, struct err *e);
int age_writer_add(struct age_writer *w, const void *bytes, size_t n, struct err *e);
int age_writer_end(struct age_writer *w, struct err *e);	/* seals the last chunk */
void age_writer_free(struct age_writer *w);	/* wipes; without age_writer_end the output is no age file */
/* The same without a header: the caller has made (and kept) file key and header. Writes nonce and chunks. */
int age_writer_new_detached(struct age_writer **out, const uint8_t file_key[static AGE_FILE_KEY], age_sink *sink, void *ctx,
	struct err *e);

/* Random access over a payload (nonce || chunks) that a callback reads. open checks the last chunk. A read verifies every
 * chunk that it touches and keeps the last one, so sequential reads cost one decryption per chunk. */
typedef int age_source(void *ctx, uint8_t *out, size_t n, uint64_t offset, struct err *e);	/* exactly n bytes */
struct age_file;
int age_file_open(struct age_file **out, const uint8_t file_key[static AGE_FILE_KEY], uint64_t payload_len, age_source *source,
	void *ctx, struct err *e);
uint64_t age_file_size(const struct age_file *f);	/* plaintext bytes */
int age_file_read(struct age_file *f, void *out, size_t n, uint64_t offset, struct err *e);	/* exactly n bytes */
void age_file_free(struct age_file *f);

/* Whole files in memory: to one X25519 recipient, and back from the payload behind the header. Appended to out. */
int age_small_seal(const uint8_t to[static 32], const void *plain, size_t n, struct buf *out, struct err *e);
int age_small_open(const uint8_t file_key[static AGE_FILE_KEY], const uint8_t *payload, size_t len, struct buf *out, struct err *e);

/* Whole streams between descriptors, on `jobs` processors (child processes over shared memory; 0 = as many as there are),
 * with less than 16 MiB of memory whatever the size. open accepts armor and never writes a byte it has not authenticated.
 * progress may be NULL; done is in plaintext bytes. */
typedef void age_progress(void *ctx, uint64_t done);
struct age_stream_options {
	unsigned jobs;
	age_progress *progress;
	void *ctx;
};
int age_stream_seal(int in, int out, const struct age_recipient *to, size_t n, const struct age_stream_options *o, struct err *e);
int age_stream_open(int in, int out, const struct age_identity *ids, size_t n, const struct age_stream_options *o, struct err *e);
/* Detached: seals `in` as nonce || chunks under the file key; reports the SHA-256 and length of what it wrote, and the length
 * of the plaintext. The plaintext may be produced by the caller through a pipe. */
int age_stream_seal_detached(int in, int out, const uint8_t file_key[static AGE_FILE_KEY], uint8_t sha256_out[static 32],
	uint64_t *payload_len, uint64_t *plain_len, const struct age_stream_options *o, struct err *e);

#endif
