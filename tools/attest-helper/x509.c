/* Chains of certificates: OpenSSL's verification, with roots that come with the question and nothing else. */
#include "x509.h"

#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#define LIST_MAX 16

STACK_OF(X509) *x509_list(const struct helper_field *pem)
{
	BIO *b = BIO_new_mem_buf(pem->at, (int)pem->len);
	STACK_OF(X509) *all = sk_X509_new_null();
	X509 *one;
	while (b && all && sk_X509_num(all) < LIST_MAX && (one = PEM_read_bio_X509(b, NULL, NULL, NULL)))
		if (!sk_X509_push(all, one))
			X509_free(one);
	BIO_free(b);
	if (all && sk_X509_num(all) > 0)
		return all;
	sk_X509_pop_free(all, X509_free);
	return NULL;
}

int x509_chain_check(X509 *certificate, STACK_OF(X509) *others, const struct helper_field *roots, int64_t now, struct err *e)
{
	STACK_OF(X509) *trusted = x509_list(roots);
	X509_STORE_CTX *c = X509_STORE_CTX_new();
	int r = -1;
	if (!trusted) {
		err_set(e, ERR_INVALID, "the roots hold no certificate in PEM");
	} else if (!c || !X509_STORE_CTX_init(c, NULL, certificate, others)) {
		err_set(e, ERR_INTERNAL, "libcrypto fails at a chain of certificates");
	} else {
		X509_STORE_CTX_set0_trusted_stack(c, trusted);
		X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(c);
		if (now)
			X509_VERIFY_PARAM_set_time(p, (time_t)now);
		else
			X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_NO_CHECK_TIME);
		if (X509_verify_cert(c) == 1)
			r = 0;
		else
			err_set(e, ERR_DENIED, "no accepted root vouches for it: %s", X509_verify_cert_error_string(X509_STORE_CTX_get_error(c)));
	}
	X509_STORE_CTX_free(c);
	sk_X509_pop_free(trusted, X509_free);
	return r;
}

void x509_name_text(const X509_NAME *name, char *out, size_t size)
{
	X509_NAME_oneline(name, out, (int)size);
	for (char *at = out; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
}

int64_t x509_not_after(const X509 *certificate)
{
	struct tm t;
	return ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &t) == 1 ? (int64_t)timegm(&t) : 0;
}
