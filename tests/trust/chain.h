/* Certificates and signatures as Intel and AMD make them, of keys that live as long as a test. */
#ifndef ENCLUA_TESTS_CHAIN_H
#define ENCLUA_TESTS_CHAIN_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "base/buf.h"

struct chain_link { EVP_PKEY *key; X509 *certificate; };

static inline void chain_extension(X509 *c, int nid, const char *value)
{
	X509_EXTENSION *x = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	assert(x && X509_add_ext(c, x, -1) == 1);
	X509_EXTENSION_free(x);
}

/* An extension with these bytes. */
static inline void chain_extension_raw(X509 *c, const char *oid, const uint8_t *bytes, int n)
{
	ASN1_OBJECT *o = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *s = ASN1_OCTET_STRING_new();
	assert(o && s && ASN1_OCTET_STRING_set(s, bytes, n) == 1);
	X509_EXTENSION *x = X509_EXTENSION_create_by_OBJ(NULL, o, 0, s);
	assert(x && X509_add_ext(c, x, -1) == 1);
	X509_EXTENSION_free(x);
	ASN1_OCTET_STRING_free(s);
	ASN1_OBJECT_free(o);
}

/* Valid from a year before now to a year after it; not signed yet. by NULL: by itself. */
static inline struct chain_link chain_draft(EVP_PKEY *key, const char *name, const struct chain_link *by, bool authority, int64_t now)
{
	struct chain_link l = { key, X509_new() };
	X509_NAME *subject = X509_NAME_new();
	assert(key && l.certificate && subject && X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0) == 1);
	X509_set_version(l.certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(l.certificate), 7);
	ASN1_TIME_set(X509_getm_notBefore(l.certificate), (time_t)(now - 31536000));
	ASN1_TIME_set(X509_getm_notAfter(l.certificate), (time_t)(now + 31536000));
	X509_set_subject_name(l.certificate, subject);
	X509_set_issuer_name(l.certificate, by ? X509_get_subject_name(by->certificate) : subject);
	X509_set_pubkey(l.certificate, key);
	chain_extension(l.certificate, NID_basic_constraints, authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
	X509_NAME_free(subject);
	return l;
}

/* pss: as AMD signs, RSA-PSS with SHA-384. */
static inline void chain_sign(struct chain_link *l, const struct chain_link *by, bool pss)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	EVP_PKEY_CTX *k = NULL;
	assert(c && EVP_DigestSignInit(c, &k, pss ? EVP_sha384() : EVP_sha256(), NULL, by ? by->key : l->key) == 1);
	if (pss)
		assert(EVP_PKEY_CTX_set_rsa_padding(k, RSA_PKCS1_PSS_PADDING) > 0 && EVP_PKEY_CTX_set_rsa_pss_saltlen(k, 48) > 0);
	assert(X509_sign_ctx(l->certificate, c) > 0);
	EVP_MD_CTX_free(c);
}

static inline void chain_drop(struct chain_link *l)
{
	EVP_PKEY_free(l->key);
	X509_free(l->certificate);
}

static inline void chain_pem(const struct chain_link *l, struct buf *out)
{
	BIO *b = BIO_new(BIO_s_mem());
	char *text;
	assert(b && PEM_write_bio_X509(b, l->certificate) == 1);
	long n = BIO_get_mem_data(b, &text);
	assert(n > 0 && buf_add(out, text, (size_t)n, NULL) == 0);
	BIO_free(b);
}

/* r and s of n bytes each, big endian. */
static inline void chain_ecdsa(EVP_PKEY *key, const EVP_MD *digest, const void *bytes, size_t len, uint8_t *out, int n)
{
	uint8_t der[160];
	const uint8_t *at = der;
	size_t size = sizeof der;
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	assert(c && EVP_DigestSignInit(c, NULL, digest, NULL, key) == 1 && EVP_DigestSign(c, der, &size, bytes, len) == 1);
	ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &at, (long)size);
	assert(s && BN_bn2binpad(ECDSA_SIG_get0_r(s), out, n) == n && BN_bn2binpad(ECDSA_SIG_get0_s(s), out + n, n) == n);
	ECDSA_SIG_free(s);
	EVP_MD_CTX_free(c);
}

static inline void chain_point(EVP_PKEY *key, uint8_t *out, size_t n)	/* x and y */
{
	uint8_t point[128];
	size_t len = 0;
	assert(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point, sizeof point, &len) == 1 && len == 1 + 2 * n);
	memcpy(out, point + 1, 2 * n);
}

#endif
