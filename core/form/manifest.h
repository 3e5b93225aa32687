/* The manifest iapp.yaml (FORMATS 8), parsed once into a typed struct. Every refusal names file, line and column, and for an unknown
 * key the nearest known one. libyaml is reached through this folder only, by events: anchors, aliases, tags, directives, a second document,
 * duplicate or unknown keys and depth over LIMIT_YAML_DEPTH are refused.
 */
#ifndef ENCLUA_FORM_MANIFEST_H
#define ENCLUA_FORM_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"

enum manifest_data { MANIFEST_DATA_NONE, MANIFEST_DATA_ONE, MANIFEST_DATA_MANY, MANIFEST_DATA_BULK };
enum manifest_type { MANIFEST_STRING, MANIFEST_NUMBER, MANIFEST_INTEGER, MANIFEST_BOOLEAN };

struct manifest_arg {
	char name[LIMIT_NAME_BYTES + 1];
	enum manifest_type type;
	bool required;
	bool has_default;
	char fallback[256];	/* the default, as text of the type */
	char summary[256];
};

struct manifest_schema { char path[LIMIT_PATH_BYTES + 1]; char type[64]; };	/* "*.csv" → "text/csv" */

struct manifest {
	unsigned api;	/* 1 */
	char name[LIMIT_NAME_BYTES + 1], version[65], summary[257];	/* version: semver 2.0.0 */
	char entry[LIMIT_PATH_BYTES + 1];
	enum manifest_data data;
	bool data_optional;	/* may be absent although `data` is not none */
	struct manifest_schema *schema;
	size_t n_schema;
	struct manifest_arg *args;
	size_t n_args;
	bool files;
	char (*secrets)[LIMIT_NAME_BYTES + 1];	/* requester secret i+1 */
	size_t n_secrets;
	bool app_secret;
	char (*purposes)[65];
	size_t n_purposes;
	char (*egress)[256];
	size_t n_egress;
	uint64_t memory, output, cpu_ms, wall_ms;
	bool deterministic;
	bool outputs_raw;	/* the result may hold the data as it is */
	uint64_t epsilon_u6;	/* privacy loss of one run, in millionths; 0: none is declared */
};

#define MANIFEST_FILE "iapp.yaml"
int manifest_parse(struct manifest **out, const char *file, const char *text, size_t len, struct err *e);	/* file: for messages */
/* policy.yaml: api, name, version, summary and entry: policy.lua, and nothing else. */
#define MANIFEST_POLICY_FILE "policy.yaml"
#define MANIFEST_POLICY_ENTRY "policy.lua"
int manifest_policy_parse(struct manifest **out, const char *file, const char *text, size_t len, struct err *e);
void manifest_free(struct manifest *m);

/* Does `text` fit the declared type? For numbers the text becomes canonical input to Lua as it stands. */
int manifest_arg_check(const struct manifest_arg *a, const char *text, struct err *e);

#endif
