/* The text of evidence (ATTEST.md): written, signed, and read back. What is read is written again and compared, so that evidence has one spelling and no byte of it
 * is without meaning. It knows the lines of a provider by their names only.
 */
#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "seal/crypto.h"
#include "trust/attest_inner.h"

#define HEAD "enclua/evidence/v1\n"
#define SIGNATURE "signature: "
#define SIGNATURE_TEXT BASE64_LEN(64)
#define NAME_MAX_BYTES 32u

void attest_text_init(struct attest_text *t)
{
	memset(t, 0, sizeof *t);
	for (size_t i = 0; i < ATTEST_PARTS; i++)
		t->parts[i].max = ATTEST_BYTES;
}

void attest_text_done(struct attest_text *t)
{
	for (size_t i = 0; i < ATTEST_PARTS; i++)
		buf_done(&t->parts[i]);
}

static int hex_add(struct buf *out, const char *name, const uint8_t *bytes, size_t n, struct err *e)
{
	char hex[HEX_LEN(ATTEST_REPORT) + 1];
	assert(n <= ATTEST_REPORT);
	hex_encode(hex, bytes, n);
	return buf_addf(out, e, "%s: %s\n", name, hex);
}

static int base64_add(struct buf *out, const char *name, const struct buf *bytes, struct err *e)
{
	if (buf_addf(out, e, "%s: ", name) < 0 || buf_reserve(out, BASE64_LEN(bytes->len) + 1, e) < 0)
		return -1;
	base64_encode((char *)out->data + out->len, bytes->data, bytes->len);
	out->len += BASE64_LEN(bytes->len);
	return buf_add_text(out, "\n", e);
}

int attest_text_write(const struct attest_text *t, struct buf *out, struct err *e)
{
	char worker[IDENTITY_TEXT];
	identity_text(worker, t->worker);
	if (buf_addf(out, e, HEAD "provider: %s\n", t->provider->name) < 0 || hex_add(out, "report", t->report, sizeof t->report, e) < 0 ||
		hex_add(out, "measurement", t->measurement, sizeof t->measurement, e) < 0 || buf_addf(out, e, "worker: %s\n", worker) < 0)
		return -1;
	for (size_t i = 0; t->provider->parts[i]; i++)
		if (base64_add(out, t->provider->parts[i], &t->parts[i], e) < 0)
			return -1;
	return 0;
}

/* The head keeps this signature apart from all else that a worker signs: its entries begin otherwise. */
int attest_text_sign(const struct attest_text *t, const struct identity *worker, struct buf *out, struct err *e)
{
	uint8_t signature[64];
	char text[SIGNATURE_TEXT + 1];
	struct buf body = BUF_INIT(ATTEST_BYTES - sizeof SIGNATURE - SIGNATURE_TEXT);
	int r = -1;
	if (attest_text_write(t, &body, e) < 0)
		goto out;
	identity_sign(signature, worker, body.data, body.len);
	base64_encode(text, signature, sizeof signature);
	if (buf_add(out, body.data, body.len, e) == 0 && buf_addf(out, e, SIGNATURE "%s\n", text) == 0)
		r = 0;
out:
	buf_done(&body);
	return r;
}

/* What is left to read. */
struct reader { const char *at; size_t len; };

/* The value of the line that must be next. */
static int line_take(struct reader *rd, const char *name, const char **value, size_t *len, struct err *e)
{
	size_t n = strlen(name);
	const char *end = memchr(rd->at, '\n', rd->len);
	if (!end || (size_t)(end - rd->at) < n + 2 || memcmp(rd->at, name, n) != 0 || memcmp(rd->at + n, ": ", 2) != 0)
		return err_set(e, ERR_INVALID, "the evidence has no line \"%s\" where there must be one", name);
	*value = rd->at + n + 2;
	*len = (size_t)(end - *value);
	rd->len -= (size_t)(end + 1 - rd->at);
	rd->at = end + 1;
	return 0;
}

static int hex_take(struct reader *rd, const char *name, uint8_t *out, size_t n, struct err *e)
{
	const char *value;
	size_t len;
	if (line_take(rd, name, &value, &len, e) < 0)
		return -1;
	return hex_decode(out, n, value, len) == 0 ? 0 : err_set(e, ERR_INVALID, "the line \"%s\" of the evidence is not %zu bytes in hex", name, n);
}

static int base64_take(struct reader *rd, const char *name, struct buf *out, struct err *e)
{
	const char *value;
	size_t len;
	if (line_take(rd, name, &value, &len, e) < 0 || buf_reserve(out, len, e) < 0)
		return -1;
	ptrdiff_t n = base64_decode(out->data, len, value, len);
	if (n <= 0)
		return err_set(e, ERR_INVALID, "the line \"%s\" of the evidence is not base64", name);
	out->len = (size_t)n;
	out->data[n] = '\0';
	return 0;
}

static int provider_take(struct reader *rd, const struct attest_provider **out, struct err *e)
{
	char name[NAME_MAX_BYTES] = "";
	const char *value;
	size_t len;
	if (line_take(rd, "provider", &value, &len, e) < 0)
		return -1;
	memcpy(name, value, len < sizeof name ? len : sizeof name - 1);
	*out = attest_provider_find(name, e);
	return *out ? 0 : -1;
}

static int worker_take(struct reader *rd, uint8_t out[static 32], struct err *e)
{
	char text[IDENTITY_TEXT] = "";
	const char *value;
	size_t len;
	if (line_take(rd, "worker", &value, &len, e) < 0)
		return -1;
	if (len != sizeof text - 1)
		return err_set(e, ERR_INVALID, "the worker's key in the evidence is malformed");
	memcpy(text, value, len);
	return identity_parse(out, text, e) < 0 ? err_wrap(e, "the worker of the evidence") : 0;
}

static int lines_take(struct attest_text *t, struct reader *rd, struct err *e)
{
	if (rd->len < sizeof HEAD - 1 || memcmp(rd->at, HEAD, sizeof HEAD - 1) != 0)
		return err_set(e, ERR_INVALID, "this is no evidence of version 1");
	rd->at += sizeof HEAD - 1;
	rd->len -= sizeof HEAD - 1;
	if (provider_take(rd, &t->provider, e) < 0 || hex_take(rd, "report", t->report, sizeof t->report, e) < 0 ||
		hex_take(rd, "measurement", t->measurement, sizeof t->measurement, e) < 0 || worker_take(rd, t->worker, e) < 0)
		return -1;
	for (size_t i = 0; t->provider->parts[i]; i++)
		if (base64_take(rd, t->provider->parts[i], &t->parts[i], e) < 0)
			return -1;
	return 0;
}

int attest_text_read(struct attest_text *t, const uint8_t *bytes, size_t len, struct err *e)
{
	struct reader rd = { (const char *)bytes, len };
	struct buf again = BUF_INIT(ATTEST_BYTES), signature = BUF_INIT(ATTEST_BYTES);
	int r = -1;
	if (len > ATTEST_BYTES) {
		err_set(e, ERR_INVALID, "the evidence is longer than %llu bytes", ATTEST_BYTES);
		goto out;
	}
	if (lines_take(t, &rd, e) < 0)
		goto out;
	size_t signed_len = len - rd.len;
	if (base64_take(&rd, "signature", &signature, e) < 0)
		goto out;
	if (rd.len || signature.len != sizeof t->signature) {
		err_set(e, ERR_INVALID, "%s", rd.len ? "the evidence is followed by other bytes" : "the signature of the evidence is not 64 bytes");
		goto out;
	}
	if (attest_text_write(t, &again, e) < 0)
		goto out;
	if (again.len != signed_len || memcmp(again.data, bytes, signed_len) != 0) {
		err_set(e, ERR_INVALID, "the evidence is not written the one way that there is");
		goto out;
	}
	memcpy(t->signature, signature.data, sizeof t->signature);
	if (!ed25519_verify(t->signature, bytes, signed_len, t->worker)) {
		err_set(e, ERR_INVALID, "the evidence is not signed by the worker that it names");
		goto out;
	}
	r = 0;
out:
	buf_done(&again);
	buf_done(&signature);
	return r;
}
