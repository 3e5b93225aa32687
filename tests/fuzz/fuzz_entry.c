/* Entries, without their signature: any bytes are refused, or are the one spelling of what was read, under an id and as JSON. */
#include <stdlib.h>
#include <string.h>

#include "form/entry.h"
#include "seal/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void json_is_json(const struct entry *en)
{
	struct buf text = BUF_INIT(MIB(1));
	struct json_writer w;
	struct json *j = NULL;
	json_write_init(&w, &text, NULL);
	json_write_object(&w);
	require(entry_json(en, &w) == 0);
	json_write_object_end(&w);
	require(json_write_done(&w) == 0);
	require(json_parse(&j, buf_text(&text), text.len, NULL) == 0);
	require(json_count(j) >= 5);
	json_free(j);
	buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct entry en, opened;
	struct err e;
	size_t len;
	require(crypto_init(NULL) == 0);
	if (entry_decode(&en, data, size, &len, &e) < 0) {
		require(e.code == ERR_INVALID || e.code == ERR_LIMIT);
		require(entry_open(&opened, data, size, NULL, NULL) < 0);
		return 0;
	}
	struct buf again = BUF_INIT(ENTRY_BYTES_MAX);
	require(entry_encode(&en, &again, NULL) == 0);
	require(again.len == len && memcmp(again.data, data, len) == 0);
	if (entry_open(&opened, data, size, NULL, NULL) == 0)
		require(memcmp(&opened, &en, sizeof en) == 0);
	json_is_json(&en);
	buf_done(&again);
	return 0;
}
