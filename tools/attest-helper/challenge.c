/* What only the TPM that holds both the EK and the AK can open: TPM2_MakeCredential without a TPM (TPM 2.0 Part 1, 24 and C.6; KDFa and KDFe of 11.4.10). And the EK's
 * certificate: that it is of this EK, and, when roots are given, that they vouch for it.
 */
#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "ec.h"
#include "x509.h"

#define HASH 32u
#define SECRET 32u
#define AES_KEY 16u
#define IDENTITY "IDENTITY"
#define NAME (2 + HASH)

static int internal(struct err *e)
{
	return err_set(e, ERR_INTERNAL, "libcrypto fails at a challenge");
}

/* KDFa with SHA-256, for at most one block. */
static bool kdf_a(uint8_t *out, size_t n, const uint8_t key[static HASH], const char *label, const uint8_t *context, size_t context_len)
{
	const size_t label_len = strlen(label) + 1;
	uint8_t text[128] = { 0, 0, 0, 1 }, block[HASH];
	size_t at = 4;
	unsigned len = 0;
	if (label_len + context_len + 8 > sizeof text)
		return false;
	memcpy(text + at, label, label_len);
	at += label_len;
	if (context_len)
		memcpy(text + at, context, context_len);
	at += context_len;
	const size_t bits = 8 * n;
	const uint8_t tail[] = { 0, 0, (uint8_t)(bits >> 8), (uint8_t)bits };
	memcpy(text + at, tail, sizeof tail);
	bool ok = HMAC(EVP_sha256(), key, HASH, text, at + sizeof tail, block, &len) && len == HASH;
	memcpy(out, block, n);
	OPENSSL_cleanse(block, sizeof block);
	return ok;
}

/* A secret shared with an RSA key: OAEP of a random seed. */
static bool seed_rsa(const struct tpm_public *ek, uint8_t seed[static HASH], struct buf *secret)
{
	EVP_PKEY *key = rsa_key(ek->n, sizeof ek->n);
	EVP_PKEY_CTX *c = key ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
	char *label = OPENSSL_strdup(IDENTITY);
	uint8_t hidden[RSA_BYTES];
	size_t n = sizeof hidden;
	bool ok = c && label && RAND_bytes(seed, HASH) == 1 && EVP_PKEY_encrypt_init(c) > 0 && EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_OAEP_PADDING) > 0 &&
		EVP_PKEY_CTX_set_rsa_oaep_md(c, EVP_sha256()) > 0 && EVP_PKEY_CTX_set_rsa_mgf1_md(c, EVP_sha256()) > 0;
	if (ok && EVP_PKEY_CTX_set0_rsa_oaep_label(c, label, sizeof IDENTITY) > 0)
		label = NULL;	/* taken */
	ok = ok && !label && EVP_PKEY_encrypt(c, hidden, &n, seed, HASH) > 0 && buf_add(secret, hidden, n, NULL) == 0;
	OPENSSL_free(label);
	EVP_PKEY_CTX_free(c);
	EVP_PKEY_free(key);
	return ok;
}

/* A secret shared with a key on P-256: ECDH with a key of the moment, KDFe. */
static bool seed_ecc(const struct tpm_public *ek, uint8_t seed[static HASH], struct buf *secret)
{
	static const uint8_t counter[] = { 0, 0, 0, 1 };
	EVP_PKEY *theirs = ec_key("prime256v1", ek->x, ek->y, P256), *ours = EVP_EC_gen("prime256v1");
	EVP_PKEY_CTX *c = ours ? EVP_PKEY_CTX_new_from_pkey(NULL, ours, NULL) : NULL;
	EVP_MD_CTX *h = EVP_MD_CTX_new();
	uint8_t point[1 + 2 * P256], z[P256];
	size_t n = 0, z_len = sizeof z;
	bool ok = theirs && c && h && EVP_PKEY_get_octet_string_param(ours, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point, sizeof point, &n) == 1 &&
		n == sizeof point && point[0] == 4 && EVP_PKEY_derive_init(c) > 0 && EVP_PKEY_derive_set_peer(c, theirs) > 0 && EVP_PKEY_derive(c, z, &z_len) > 0 &&
		z_len == sizeof z && EVP_DigestInit_ex(h, EVP_sha256(), NULL) == 1 && EVP_DigestUpdate(h, counter, sizeof counter) == 1 &&
		EVP_DigestUpdate(h, z, sizeof z) == 1 && EVP_DigestUpdate(h, IDENTITY, sizeof IDENTITY) == 1 && EVP_DigestUpdate(h, point + 1, P256) == 1 &&
		EVP_DigestUpdate(h, ek->x, P256) == 1 && EVP_DigestFinal_ex(h, seed, NULL) == 1 && put_sized(secret, point + 1, P256, NULL) == 0 &&
		put_sized(secret, point + 1 + P256, P256, NULL) == 0;
	OPENSSL_cleanse(z, sizeof z);
	EVP_MD_CTX_free(h);
	EVP_PKEY_CTX_free(c);
	EVP_PKEY_free(ours);
	EVP_PKEY_free(theirs);
	return ok;
}

/* The credential, encrypted and bound to the AK's name. */
static bool identity_make(const uint8_t seed[static HASH], const uint8_t name[static NAME], const uint8_t secret[static SECRET], struct buf *out)
{
	static const uint8_t zero[16];
	uint8_t aes[AES_KEY], mac_key[HASH], plain[2 + SECRET] = { 0, SECRET }, sealed[2 + SECRET + NAME], mac[HASH];
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n = 0;
	unsigned len = 0;
	memcpy(plain + 2, secret, SECRET);
	bool ok = c && kdf_a(aes, sizeof aes, seed, "STORAGE", name, NAME) && kdf_a(mac_key, sizeof mac_key, seed, "INTEGRITY", NULL, 0) &&
		EVP_EncryptInit_ex(c, EVP_aes_128_cfb128(), NULL, aes, zero) == 1 && EVP_EncryptUpdate(c, sealed, &n, plain, sizeof plain) == 1 && n == sizeof plain;
	memcpy(sealed + sizeof plain, name, NAME);
	ok = ok && HMAC(EVP_sha256(), mac_key, sizeof mac_key, sealed, sizeof sealed, mac, &len) && put_sized(out, mac, sizeof mac, NULL) == 0 &&
		buf_add(out, sealed, sizeof plain, NULL) == 0;
	EVP_CIPHER_CTX_free(c);
	OPENSSL_cleanse(aes, sizeof aes);
	OPENSSL_cleanse(mac_key, sizeof mac_key);
	OPENSSL_cleanse(plain, sizeof plain);
	return ok;
}

/* Who certified the EK: the name of the issuer, or "" when there is no certificate. */
static int certificate_check(const struct tpm_public *ek, const struct helper_field *der, const struct helper_field *roots, char *issuer, size_t size, struct err *e)
{
	issuer[0] = '\0';
	if (!der->len)
		return roots->len ? err_set(e, ERR_DENIED, "the TPM holds no certificate of its EK, so no root can vouch for it") : 0;
	const uint8_t *at = der->at;
	X509 *certificate = d2i_X509(NULL, &at, (long)der->len);
	EVP_PKEY *key = ek->rsa ? rsa_key(ek->n, sizeof ek->n) : ec_key("prime256v1", ek->x, ek->y, P256);
	int r = -1;
	if (!certificate || !key)
		err_set(e, ERR_INVALID, "the EK or its certificate is malformed");
	else if (!X509_get0_pubkey(certificate) || EVP_PKEY_eq(X509_get0_pubkey(certificate), key) != 1)
		err_set(e, ERR_INVALID, "the EK's certificate is of another key");
	else if (roots->len && x509_chain_check(certificate, NULL, roots, 0, e) < 0)
		err_wrap(e, "the EK's certificate");
	else
		r = 0;
	if (r == 0)
		x509_name_text(X509_get_issuer_name(certificate), issuer, size);
	EVP_PKEY_free(key);
	X509_free(certificate);
	return r;
}

int challenge_make(const struct helper_field *in, struct buf *out, struct err *e)
{
	struct tpm_public ek, ak;
	uint8_t name[NAME] = { 0, 0x0b }, seed[HASH];	/* a Name begins with its hash algorithm */
	char issuer[128];
	struct buf identity = BUF_INIT(256), secret = BUF_INIT(512);
	int r = -1;
	if (in[3].len != SECRET)
		return err_set(e, ERR_INVALID, "the question is malformed");
	if (ek_parse(&ek, &in[0], e) < 0 || ak_parse(&ak, &in[2], e) < 0 || certificate_check(&ek, &in[1], &in[4], issuer, sizeof issuer, e) < 0)
		return -1;
	if (EVP_Digest(in[2].at, in[2].len, name + 2, NULL, EVP_sha256(), NULL) != 1 || !(ek.rsa ? seed_rsa(&ek, seed, &secret) : seed_ecc(&ek, seed, &secret)) ||
		!identity_make(seed, name, in[3].at, &identity))
		internal(e);
	else if (helper_field_add(out, identity.data, identity.len, e) == 0 && helper_field_add(out, secret.data, secret.len, e) == 0)
		r = helper_field_add(out, issuer, strlen(issuer), e);
	OPENSSL_cleanse(seed, sizeof seed);
	buf_done(&identity);
	buf_done(&secret);
	return r;
}
