/* TPM structures: reading and writing big-endian fields, and the public areas of the keys that are used here. A public area is accepted when it is, but for the
 * point or modulus, the template: there is no key with other rights that could pass for one of ours.
 */
#include <string.h>

#include "helper.h"

#define ALG_RSA 0x0001u
#define ALG_AES 0x0006u
#define ALG_SHA256 0x000bu
#define ALG_NULL 0x0010u
#define ALG_ECDSA 0x0018u
#define ALG_ECC 0x0023u
#define ALG_CFB 0x0043u
#define CURVE_P256 0x0003u
#define AK_ATTRIBUTES 0x00050472u	/* fixedTPM fixedParent sensitiveDataOrigin userWithAuth noDA restricted sign */
#define EK_ATTRIBUTES 0x000300b2u	/* fixedTPM fixedParent sensitiveDataOrigin adminWithPolicy restricted decrypt */

/* PolicySecret(endorsement): PolicyA of the EK credential profile. */
static const uint8_t ek_policy[32] = {
	0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
	0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa,
};

const uint8_t *cursor_bytes(struct cursor *c, size_t n)
{
	if (c->bad || n > c->len) {
		c->bad = true;
		return NULL;
	}
	const uint8_t *at = c->at;
	c->at += n;
	c->len -= n;
	return at;
}

uint64_t cursor_int(struct cursor *c, size_t bytes)
{
	const uint8_t *at = cursor_bytes(c, bytes);
	uint64_t v = 0;
	for (size_t i = 0; at && i < bytes; i++)
		v = v << 8 | at[i];
	return v;
}

struct helper_field cursor_sized(struct cursor *c, size_t max)
{
	size_t n = (size_t)cursor_int(c, 2);
	if (n > max)
		c->bad = true;
	const uint8_t *at = cursor_bytes(c, n);
	return (struct helper_field){ at, at ? n : 0 };
}

bool cursor_done(const struct cursor *c)
{
	return !c->bad && c->len == 0;
}

int put_int(struct buf *b, uint64_t v, size_t bytes, struct err *e)
{
	uint8_t out[8];
	for (size_t i = 0; i < bytes; i++)
		out[i] = (uint8_t)(v >> 8 * (bytes - 1 - i));
	return buf_add(b, out, bytes, e);
}

int put_sized(struct buf *b, const void *bytes, size_t n, struct err *e)
{
	if (n > UINT16_MAX)
		return err_set(e, ERR_LIMIT, "too long for a TPM");
	return put_int(b, n, 2, e) < 0 || (n && buf_add(b, bytes, n, e) < 0) ? -1 : 0;
}

/* A list of fields of a public area; width 0: the policy of an EK, sized. */
struct part { uint32_t v; uint8_t width; };

static int parts_put(struct buf *out, const struct part *p, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if ((p[i].width ? put_int(out, p[i].v, p[i].width, e) : put_sized(out, ek_policy, sizeof ek_policy, e)) < 0)
			return -1;
	return 0;
}

static const struct part ak_parts[] = {
	{ ALG_ECC, 2 }, { ALG_SHA256, 2 }, { AK_ATTRIBUTES, 4 }, { 0, 2 },	/* no policy */
	{ ALG_NULL, 2 }, { ALG_ECDSA, 2 }, { ALG_SHA256, 2 }, { CURVE_P256, 2 }, { ALG_NULL, 2 },
};
static const struct part ek_ecc_parts[] = {
	{ ALG_ECC, 2 }, { ALG_SHA256, 2 }, { EK_ATTRIBUTES, 4 }, { 0, 0 },
	{ ALG_AES, 2 }, { 128, 2 }, { ALG_CFB, 2 }, { ALG_NULL, 2 }, { CURVE_P256, 2 }, { ALG_NULL, 2 },
};
static const struct part ek_rsa_parts[] = {
	{ ALG_RSA, 2 }, { ALG_SHA256, 2 }, { EK_ATTRIBUTES, 4 }, { 0, 0 },
	{ ALG_AES, 2 }, { 128, 2 }, { ALG_CFB, 2 }, { ALG_NULL, 2 }, { 8 * RSA_BYTES, 2 }, { 0, 4 },
};
#define COUNT(a) (sizeof (a) / sizeof (a)[0])

int ak_template(struct buf *out, struct err *e)
{
	return parts_put(out, ak_parts, COUNT(ak_parts), e) < 0 || put_int(out, 0, 4, e) < 0 ? -1 : 0;	/* no x, no y */
}

int ek_template(struct buf *out, bool rsa, struct err *e)
{
	static const uint8_t zero[RSA_BYTES];
	if (rsa)
		return parts_put(out, ek_rsa_parts, COUNT(ek_rsa_parts), e) < 0 ? -1 : put_sized(out, zero, sizeof zero, e);
	if (parts_put(out, ek_ecc_parts, COUNT(ek_ecc_parts), e) < 0 || put_sized(out, zero, P256, e) < 0)
		return -1;
	return put_sized(out, zero, P256, e);
}

/* A number that may have lost its leading zeros. */
static void number_take(struct cursor *c, uint8_t *out, size_t n)
{
	struct helper_field f = cursor_sized(c, n);
	memset(out, 0, n);
	if (f.len)
		memcpy(out + n - f.len, f.at, f.len);
}

/* Does area begin with these parts? Then c is behind them. */
static bool parts_match(struct cursor *c, const struct helper_field *area, const struct part *p, size_t n)
{
	struct buf head = BUF_INIT(256);
	bool same = parts_put(&head, p, n, NULL) == 0 && area->len > head.len && memcmp(area->at, head.data, head.len) == 0;
	*c = (struct cursor){ area->at + (same ? head.len : 0), same ? area->len - head.len : 0, !same };
	buf_done(&head);
	return same;
}

int ak_parse(struct tpm_public *out, const struct helper_field *area, struct err *e)
{
	struct cursor c;
	memset(out, 0, sizeof *out);
	if (parts_match(&c, area, ak_parts, COUNT(ak_parts))) {
		number_take(&c, out->x, sizeof out->x);
		number_take(&c, out->y, sizeof out->y);
	}
	return cursor_done(&c) ? 0 : err_set(e, ERR_INVALID, "the AK is no restricted signing key on P-256 as the TPM makes it for us");
}

int ek_parse(struct tpm_public *out, const struct helper_field *area, struct err *e)
{
	struct cursor c;
	memset(out, 0, sizeof *out);
	out->rsa = parts_match(&c, area, ek_rsa_parts, COUNT(ek_rsa_parts));
	if (out->rsa) {
		number_take(&c, out->n, sizeof out->n);
	} else if (parts_match(&c, area, ek_ecc_parts, COUNT(ek_ecc_parts))) {
		number_take(&c, out->x, sizeof out->x);
		number_take(&c, out->y, sizeof out->y);
	}
	return cursor_done(&c) ? 0 : err_set(e, ERR_INVALID, "the EK is of none of the two default templates");
}
