/* Machines that do not stand here: TDX and SEV-SNP, with chains of their own in the formats of Intel and AMD, each with every lie that a test wants told. */
#ifndef ENCLUA_TESTS_MACHINE_H
#define ENCLUA_TESTS_MACHINE_H

#include "trust/chain.h"

/* Lies told before anything is signed. */
enum lie {
	TRUTH,
	TDX_DEBUG, TDX_QE_SIGNER, TDX_QE_PRODUCT, TDX_QE_DEBUG, TDX_KEY_UNBOUND, TDX_QE_DATA_TAIL, TDX_VERSION, TDX_TEE, TDX_KEY_TYPE, TDX_VENDOR, TDX_LEAF_OTHER, TDX_EXPIRED,
	SNP_DEBUG, SNP_VMPL, SNP_VLEK, SNP_VERSION, SNP_ALGORITHM, SNP_CHIP, SNP_NO_VCEK, SNP_EXPIRED, OTHER_VENDOR,
};

struct machine { struct chain_link root, middle, leaf; struct buf roots; int64_t now; };

static inline void machine_drop(struct machine *m)
{
	chain_drop(&m->root);
	chain_drop(&m->middle);
	chain_drop(&m->leaf);
	buf_done(&m->roots);
}

static inline void put_little(uint8_t *at, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		at[i] = (uint8_t)(v >> 8 * i);
}

/* Intel's: everything P-256; root, platform CA, PCK. */
static inline void tdx_machine(struct machine *m, int64_t now, enum lie lie)
{
	int64_t then = lie == TDX_EXPIRED ? now - 2 * 31536000 : now;
	m->now = now;
	m->roots = (struct buf)BUF_INIT(65536);
	m->root = chain_draft(EVP_EC_gen("P-256"), "root", NULL, true, now);
	chain_sign(&m->root, NULL, false);
	m->middle = chain_draft(EVP_EC_gen("P-256"), "platform CA", &m->root, true, now);
	chain_sign(&m->middle, &m->root, false);
	m->leaf = chain_draft(EVP_EC_gen("P-256"), "PCK", &m->middle, false, then);
	chain_sign(&m->leaf, &m->middle, false);
	chain_pem(&m->root, &m->roots);
}

#define TDX_CHAIN_AT (48 + 584 + 4 + 64 + 64 + 6 + 384 + 64 + 2 + 32 + 6)	/* before it, every byte is signed or counted */

static inline void tdx_quote(const struct machine *m, const uint8_t report[64], enum lie lie, struct buf *out)
{
	static const uint8_t intel[16] = { 0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07 };
	static const uint8_t signer[32] = { 0xdc, 0x9e, 0x2a, 0x7c, 0x6f, 0x94, 0x8f, 0x17, 0x47, 0x4e, 0x34, 0xa7, 0xfc, 0x43, 0xed, 0x03,
		0x0f, 0x7c, 0x15, 0x63, 0xf1, 0xba, 0xbd, 0xdf, 0x63, 0x40, 0xc8, 0x2e, 0x0e, 0x54, 0xa8, 0xc5 };
	uint8_t quote[TDX_CHAIN_AT] = { 0 }, *body = quote + 48, *sig = body + 584 + 4, *key = sig + 64, *qe = key + 64 + 6, *qe_sig = qe + 384, *data = qe_sig + 64 + 2;
	EVP_PKEY *attestation = EVP_EC_gen("P-256");
	struct buf chain = BUF_INIT(65536);
	chain_pem(&m->leaf, &chain);
	chain_pem(&m->middle, &chain);
	chain_pem(&m->root, &chain);
	put_little(quote, lie == TDX_VERSION ? 5 : 4, 2);
	put_little(quote + 2, lie == TDX_KEY_TYPE ? 3 : 2, 2);
	put_little(quote + 4, lie == TDX_TEE ? 0 : 0x81, 4);
	memcpy(quote + 12, intel, 16);
	quote[12] ^= lie == TDX_VENDOR;
	for (size_t i = 0; i < 520; i++)
		body[i] = (uint8_t)(i * 5 + 1);
	body[120] = lie == TDX_DEBUG;
	memcpy(body + 520, report, 64);
	chain_point(attestation, key, 32);
	memset(data, 0x5a, 32);
	memcpy(qe + 128, signer, 32);
	qe[128] ^= lie == TDX_QE_SIGNER;
	put_little(qe + 256, lie == TDX_QE_PRODUCT ? 1 : 2, 2);
	qe[48] = lie == TDX_QE_DEBUG ? 0x07 : 0x05;
	uint8_t bound[96];
	memcpy(bound, key, 64);
	memcpy(bound + 64, data, 32);
	bound[0] ^= lie == TDX_KEY_UNBOUND;
	assert(EVP_Digest(bound, sizeof bound, qe + 320, NULL, EVP_sha256(), NULL) == 1);
	qe[352] = lie == TDX_QE_DATA_TAIL;
	put_little(data - 2, 32, 2);
	put_little(data + 32, 5, 2);
	put_little(data + 34, chain.len, 4);
	put_little(key + 64, 6, 2);
	put_little(key + 66, 384 + 64 + 2 + 32 + 6 + chain.len, 4);
	put_little(body + 584, 64 + 64 + 6 + 384 + 64 + 2 + 32 + 6 + chain.len, 4);
	chain_ecdsa(lie == TDX_LEAF_OTHER ? m->middle.key : m->leaf.key, EVP_sha256(), qe, 384, qe_sig, 32);
	chain_ecdsa(attestation, EVP_sha256(), quote, 48 + 584, sig, 32);
	buf_clear(out);
	assert(buf_add(out, quote, sizeof quote, NULL) == 0 && buf_add(out, chain.data, chain.len, NULL) == 0);
	buf_done(&chain);
	EVP_PKEY_free(attestation);
}

/* RSA keys take their time: one pair for all of AMD's machines, another for those of OTHER_VENDOR. */
static inline EVP_PKEY *vendor_key(unsigned which, enum lie lie)
{
	static EVP_PKEY *keys[2][2];
	EVP_PKEY **key = &keys[lie == OTHER_VENDOR][which];
	if (!*key)
		*key = EVP_RSA_gen(2048);
	assert(*key && EVP_PKEY_up_ref(*key) == 1);
	return *key;
}

/* AMD's: ARK and ASK of RSA with PSS, the VCEK on P-384 with the chip's id. */
static inline void snp_machine(struct machine *m, int64_t now, enum lie lie)
{
	uint8_t chip[64];
	memset(chip, lie == SNP_CHIP ? 0x34 : 0x33, sizeof chip);
	m->now = now;
	m->roots = (struct buf)BUF_INIT(65536);
	m->root = chain_draft(vendor_key(0, lie), "ARK", NULL, true, now);
	chain_sign(&m->root, NULL, true);
	m->middle = chain_draft(vendor_key(1, lie), "ASK", &m->root, true, now);
	chain_sign(&m->middle, &m->root, true);
	m->leaf = chain_draft(EVP_EC_gen("P-384"), "VCEK", &m->middle, false, lie == SNP_EXPIRED ? now - 2 * 31536000 : now);
	chain_extension_raw(m->leaf.certificate, "1.3.6.1.4.1.3704.1.4", chip, sizeof chip);
	chain_sign(&m->leaf, &m->middle, true);
	chain_pem(&m->root, &m->roots);
}

/* The table of certificates as the host gives it: VCEK and ASK, and an end of zeros. */
static inline void snp_table(const struct machine *m, enum lie lie, struct buf *out)
{
	static const uint8_t vcek[16] = { 0x8d, 0x75, 0xda, 0x63, 0x64, 0xe6, 0x64, 0x45, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd };
	static const uint8_t ask[16] = { 0x79, 0xb3, 0xb7, 0x4a, 0xac, 0xbb, 0xe4, 0x4f, 0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82 };
	uint8_t head[72] = { 0 }, *der[2] = { NULL, NULL };
	int n[2] = { i2d_X509(m->leaf.certificate, &der[0]), i2d_X509(m->middle.certificate, &der[1]) };
	memcpy(head, vcek, 16);
	memcpy(head + 24, ask, 16);
	head[0] ^= lie == SNP_NO_VCEK;
	put_little(head + 16, 72, 4);
	put_little(head + 20, (uint64_t)n[0], 4);
	put_little(head + 40, 72 + (uint64_t)n[0], 4);
	put_little(head + 44, (uint64_t)n[1], 4);
	buf_clear(out);
	assert(n[0] > 0 && n[1] > 0 && buf_add(out, head, sizeof head, NULL) == 0 && buf_add(out, der[0], (size_t)n[0], NULL) == 0 && buf_add(out, der[1], (size_t)n[1], NULL) == 0);
	OPENSSL_free(der[0]);
	OPENSSL_free(der[1]);
}

static inline void snp_report(const struct machine *m, const uint8_t report[64], enum lie lie, struct buf *out)
{
	uint8_t bytes[1184] = { 0 }, rs[96];
	put_little(bytes, lie == SNP_VERSION ? 1 : 2, 4);
	put_little(bytes + 8, 0x30000 | (lie == SNP_DEBUG ? 1u << 19 : 0), 8);
	put_little(bytes + 0x30, lie == SNP_VMPL, 4);
	put_little(bytes + 0x34, lie == SNP_ALGORITHM ? 2 : 1, 4);
	put_little(bytes + 0x48, lie == SNP_VLEK ? 1u << 2 : 0, 4);
	memcpy(bytes + 0x50, report, 64);
	for (size_t i = 0; i < 48; i++)
		bytes[0x90 + i] = (uint8_t)(i * 3 + 2);
	put_little(bytes + 0x180, 0x0d00000000000003u, 8);
	memset(bytes + 0x1a0, 0x33, 64);
	chain_ecdsa(m->leaf.key, EVP_sha384(), bytes, 0x2a0, rs, 48);
	for (size_t i = 0; i < 48; i++) {
		bytes[0x2a0 + i] = rs[47 - i];
		bytes[0x2a0 + 72 + i] = rs[95 - i];
	}
	buf_clear(out);
	assert(buf_add(out, bytes, sizeof bytes, NULL) == 0);
}

#endif
