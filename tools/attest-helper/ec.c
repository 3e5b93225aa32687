/* Keys from their numbers, and ECDSA over them. */
#include "ec.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

#define NUMBER_MAX 48u

static EVP_PKEY *key_make(const char *type, OSSL_PARAM *parameters)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;
	if (!c || EVP_PKEY_fromdata_init(c) <= 0 || EVP_PKEY_fromdata(c, &key, EVP_PKEY_PUBLIC_KEY, parameters) <= 0)
		key = NULL;
	EVP_PKEY_CTX_free(c);
	return key;
}

EVP_PKEY *ec_key(const char *group, const uint8_t *x, const uint8_t *y, size_t n)
{
	uint8_t point[1 + 2 * NUMBER_MAX] = { 4 };	/* uncompressed */
	char name[16];
	if (n > NUMBER_MAX || strlen(group) >= sizeof name)
		return NULL;
	memcpy(name, group, strlen(group) + 1);
	memcpy(point + 1, x, n);
	memcpy(point + 1 + n, y, n);
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * n),
		OSSL_PARAM_construct_end(),
	};
	return key_make("EC", parameters);
}

EVP_PKEY *rsa_key(const uint8_t *modulus, size_t n)
{
	BIGNUM *number = BN_bin2bn(modulus, (int)n, NULL);
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	OSSL_PARAM *parameters = NULL;
	EVP_PKEY *key = NULL;
	if (number && b && OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, number) && OSSL_PARAM_BLD_push_ulong(b, OSSL_PKEY_PARAM_RSA_E, 65537) &&
		(parameters = OSSL_PARAM_BLD_to_param(b)))
		key = key_make("RSA", parameters);
	OSSL_PARAM_free(parameters);
	OSSL_PARAM_BLD_free(b);
	BN_free(number);
	return key;
}

/* What OpenSSL takes: the two numbers in DER. */
static int signature_der(uint8_t **out, const uint8_t *r, const uint8_t *s, size_t n)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *a = BN_bin2bn(r, (int)n, NULL), *b = BN_bin2bn(s, (int)n, NULL);
	int len = -1;
	if (sig && a && b && ECDSA_SIG_set0(sig, a, b)) {
		a = b = NULL;	/* taken */
		len = i2d_ECDSA_SIG(sig, out);
	}
	BN_free(a);
	BN_free(b);
	ECDSA_SIG_free(sig);
	return len;
}

bool ec_verify(EVP_PKEY *key, const char *digest, const void *bytes, size_t len, const uint8_t *r, const uint8_t *s, size_t n)
{
	uint8_t *der = NULL;
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	int der_len = signature_der(&der, r, s, n);
	bool ok = c && der_len > 0 && EVP_DigestVerifyInit_ex(c, NULL, digest, NULL, NULL, key, NULL) == 1 &&
		EVP_DigestVerify(c, der, (size_t)der_len, bytes, len) == 1;
	EVP_MD_CTX_free(c);
	OPENSSL_free(der);
	return ok;
}
