/* iapp.yaml: what each key becomes, and every refusal with its place. Cases Y01–Y28 are those of the project's list of hostile manifests. The samples of
 * manifests/ are read too, and its JSON schema must know the keys that the parser knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/os.h"
#include "form/manifest.h"
#include "form/ytree.h"
#include "unit/scratch.h"

#define HEAD "api: 1\nname: a\nversion: 1.0.0\nentry: main.lua\n"	/* four lines: what follows is line 5 */

static int parse(struct manifest **m, const char *text, size_t len, struct err *e)
{
	/* on the heap and without a NUL behind, so that the sanitizer sees a read too far */
	char *copy = malloc(len + !len);
	memcpy(copy, text, len);
	int r = manifest_parse(m, "t", copy, len, e);
	free(copy);
	return r;
}

static struct manifest *good(const char *text)
{
	struct manifest *m = NULL;
	struct err e;
	if (parse(&m, text, strlen(text), &e) < 0)
		fail_msg("%s\n%s", e.msg, text);
	return m;
}

/* place: "LINE:COLUMN: words", the place exactly, the words anywhere after it */
static void refused(const char *name, const char *text, size_t len, const char *place)
{
	struct manifest *m = NULL;
	struct err e = { .code = ERR_NONE };
	char start[64];
	const char *words = strchr(place, ' ');
	assert_non_null(words);
	(void)snprintf(start, sizeof start, "t:%.*s ", (int)(words - place), place);
	if (parse(&m, text, len, &e) == 0)
		fail_msg("%s was accepted:\n%.300s", name, text);
	assert_null(m);
	if (e.code != ERR_INVALID || strncmp(e.msg, start, strlen(start)) != 0 || !strstr(e.msg, words + 1))
		fail_msg("%s: \"%s\" instead of \"%s\"", name, e.msg, place);
}

static void everything_said(void **state)
{
	(void)state;
	struct manifest *m = good("api: 1\nname: cohort-average\nversion: 0.2.0-rc.1+build.5\nsummary: \"Average: é\"\nentry: lib/main.lua\n"
		"inputs:\n  data: many\n  optional: true\n  schema: { \"*.csv\": text/csv, contacts/age: i128 }\n"
		"  args:\n    - {name: column, type: string, required: true, summary: which}\n    - {name: n, type: integer, default: -5}\n"
		"    - {name: x, type: number, default: 1.5e-3}\n    - {name: b, type: boolean, default: true}\n    - {name: plain}\n"
		"  files: true\n  secrets: [token, _key2]\n  app_secret: true\n"
		"purposes: [\"DUO:0000006\", research]\negress: [\"smtp:mail.example.org:587\", \"https:api.telegram.org\", 'https:x.org:8443']\n"
		"limits: { memory: 128MiB, cpu: 250ms, wall: 2h, output: 512, epsilon: 0.1 }\n"
		"outputs: { deterministic: false, raw: true }\n");
	assert_int_equal(m->api, 1);
	assert_string_equal(m->name, "cohort-average");
	assert_string_equal(m->version, "0.2.0-rc.1+build.5");
	assert_string_equal(m->summary, "Average: é");
	assert_string_equal(m->entry, "lib/main.lua");
	assert_int_equal(m->data, MANIFEST_DATA_MANY);
	assert_true(m->data_optional && m->files && m->app_secret && !m->deterministic && m->outputs_raw);
	assert_int_equal(m->epsilon_u6, 100000);
	assert_int_equal(m->n_schema, 2);
	assert_string_equal(m->schema[0].path, "*.csv");
	assert_string_equal(m->schema[0].type, "text/csv");
	assert_string_equal(m->schema[1].path, "contacts/age");
	assert_int_equal(m->n_args, 5);
	assert_string_equal(m->args[0].name, "column");
	assert_string_equal(m->args[0].summary, "which");
	assert_true(m->args[0].required && !m->args[0].has_default);
	assert_int_equal(m->args[1].type, MANIFEST_INTEGER);
	assert_string_equal(m->args[1].fallback, "-5");
	assert_int_equal(m->args[2].type, MANIFEST_NUMBER);
	assert_string_equal(m->args[2].fallback, "1.5e-3");
	assert_int_equal(m->args[3].type, MANIFEST_BOOLEAN);
	assert_int_equal(m->args[4].type, MANIFEST_STRING);
	assert_false(m->args[4].required || m->args[4].has_default);
	assert_int_equal(m->n_secrets, 2);
	assert_string_equal(m->secrets[0], "token");
	assert_string_equal(m->secrets[1], "_key2");
	assert_int_equal(m->n_purposes, 2);
	assert_string_equal(m->purposes[0], "DUO:0000006");
	assert_int_equal(m->n_egress, 3);
	assert_string_equal(m->egress[2], "https:x.org:8443");
	assert_true(m->memory == MIB(128) && m->cpu_ms == 250 && m->wall_ms == 7200000 && m->output == 512);
	manifest_free(m);
}

static void the_least(void **state)
{
	(void)state;
	struct manifest *m = good(HEAD);
	assert_int_equal(m->data, MANIFEST_DATA_NONE);
	assert_false(m->data_optional || m->files || m->app_secret);
	assert_true(m->deterministic && !m->outputs_raw && m->epsilon_u6 == 0);
	assert_int_equal(m->n_schema + m->n_args + m->n_secrets + m->n_purposes + m->n_egress, 0);
	assert_true(m->memory == MIB(64) && m->output == MIB(1) && m->cpu_ms == 10000 && m->wall_ms == 30000);
	assert_string_equal(m->summary, "");
	manifest_free(m);
}

static void epsilon_exact(void **state)
{
	static const struct { const char *text; uint64_t u6; } cases[] = {
		{ "0.1", 100000 }, { "0.3", 300000 }, { "1", 1000000 }, { "0.000001", 1 }, { "1000", 1000000000 }, { "999.999999", 999999999 }, { "\"2.50\"", 2500000 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[256];
		struct manifest *m = NULL;
		struct err e = { .code = ERR_NONE };
		(void)snprintf(text, sizeof text, HEAD "limits: {epsilon: %s}\n", cases[i].text);
		if (parse(&m, text, strlen(text), &e) < 0)
			fail_msg("%s: %s", cases[i].text, e.msg);
		assert_int_equal(m->epsilon_u6, cases[i].u6);
		manifest_free(m);
	}
}

static void spellings_accepted(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"--- # one document may be marked\n" HEAD "...\n",
		"{api: 1, name: a, version: 1.0.0, entry: main.lua}",
		"\"api\": \"1\"\n'name': 'a'\nversion: 1.0.0\nentry: main.lua\n",
		"? api\n: 1\nname: a\nversion: 1.0.0\nentry: main.lua\n",
		HEAD "summary: two\n  lines are one\n",
		HEAD "inputs: {}\nlimits: {}\noutputs: {}\npurposes: []\negress: []\n",
		HEAD "inputs: {args: [{name: a, default: \"\"}]}\n",
		HEAD "inputs: {data: bulk}\n",
		HEAD "limits: {memory: 1MiB, output: 1, cpu: 1ms, wall: 7d}\n",
		HEAD "limits: {memory: 4GiB, output: 1GiB}\n",
		HEAD "# a comment with é and a\ttab\n",
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		manifest_free(good(cases[i]));
}

static void versions(void **state)
{
	(void)state;
	static const char *const yes[] = { "0.0.0", "1.2.3", "10.20.30", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-0.3.7", "1.0.0-x.7.z.92", "1.0.0-x-y-z.--",
		"1.0.0+20130313144700", "1.0.0-beta+exp.sha.5114f85", "1.0.0+21AF26D3----117B344092BD", "1.0.0+001", "99999999999999999999.0.0" };
	static const char *const no[] = { "1", "1.0", "1.0.0.0", "01.0.0", "1.00.0", "1.0.00", "v1.0.0", "1.0.0-", "1.0.0+", "1.0.0-01", "1.0.0-a..b", "1.0.0-a.",
		"1.0.0-a_b", "1.0.0+a+b", "-1.0.0", "1.0.x", "1..0", "latest", "1.0.0 x", "１.0.0" };
	char text[256];
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
		(void)snprintf(text, sizeof text, "api: 1\nname: a\nversion: %s\nentry: main.lua\n", yes[i]);
		struct manifest *m = good(text);
		assert_string_equal(m->version, yes[i]);
		manifest_free(m);
	}
	for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
		(void)snprintf(text, sizeof text, "api: 1\nname: a\nversion: \"%s\"\nentry: main.lua\n", no[i]);
		refused(no[i], text, strlen(text), "3:10: is no version");
	}
}

struct bad { const char *name, *text, *place; };

static void each_refused(const struct bad *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		refused(cases[i].name, cases[i].text, strlen(cases[i].text), cases[i].place);
}
#define EACH_REFUSED(cases) each_refused(cases, sizeof (cases) / sizeof *(cases))

static void yaml_refused(void **state)
{
	(void)state;
	static const struct bad cases[] = {
		{ "Y01 billion laughs", HEAD "x: &a [1]\ny: &b [*a, *a]\nz: [*b, *b]\n", "5:4: anchors and tags" },
		{ "Y01 an alias alone", HEAD "summary: *a\n", "5:10: aliases are not allowed" },
		{ "an anchor on a scalar", HEAD "summary: &s text\n", "5:10: anchors and tags" },
		{ "an anchor on a key", HEAD "&s summary: text\n", "5:1: anchors and tags" },
		{ "a merge key", HEAD "limits: {<<: *x}\n", "5:14: aliases" },
		{ "Y04 binary", HEAD "summary: !!binary aGk=\n", "5:10: anchors and tags" },
		{ "a tag of its own", HEAD "limits: !limits {cpu: 1s}\n", "5:9: anchors and tags" },
		{ "Y05 a tag directive", "%TAG ! tag:example.org,2000:\n---\n" HEAD, "1:1: directives" },
		{ "a version directive", "%YAML 1.1\n---\n" HEAD, "1:1: directives" },
		{ "Y08 overlong UTF-8", HEAD "summary: a\xc0\xaf\n", "5:11: this is not UTF-8" },
		{ "Y09 a surrogate", HEAD "summary: \xed\xa0\x80\n", "5:10: this is not UTF-8" },
		{ "Latin-1", HEAD "summary: caf\xe9\n", "5:13: this is not UTF-8" },
		{ "Y12 a byte order mark", "\xef\xbb\xbf" HEAD, "1:1: a byte order mark" },
		{ "a byte order mark inside", HEAD "summary: \xef\xbb\xbfx\n", "5:10: control and invisible" },
		{ "Y13 two documents", HEAD "---\napi: 1\n", "5:1: a second document" },
		{ "a second, empty document", HEAD "---\n", "5:1: a second document" },
		{ "Y15 nested too deeply", HEAD "a: [[[[[[[[[[[[1]]]]]]]]]]]]\n", "5:11: nested too deeply" },
		{ "Y16 NO", HEAD "outputs: {deterministic: NO}\n", "5:26: must be true or false" },
		{ "Y16 yes", HEAD "inputs:\n  files: yes\n", "6:10: must be true or false" },
		{ "Y16 an octal", HEAD "limits: {output: 0o14}\n", "5:18: must be a size" },
		{ "Y16 base 60", HEAD "limits: {cpu: 1:30}\n", "5:15: must be a duration" },
		{ "Y20 a list as key", HEAD "? [a, b]\n: c\n", "5:3: a key must be text" },
		{ "a mapping as key", HEAD "{a: b}: c\n", "5:1: a key must be text" },
		{ "Y21 U+2028 in a name", "api: 1\nname: \"a\\Lb\"\nversion: 1.0.0\nentry: main.lua\n", "2:7: control and invisible" },
		{ "U+2028 after a comment, which it would end", "# reviewed\xe2\x80\xa8" HEAD, "1:11: control and invisible" },
		{ "U+0085 likewise", HEAD "# reviewed\xc2\x85" "egress: [\"https:evil.org\"]\n", "5:11: control and invisible" },
		{ "a right-to-left override", HEAD "summary: \xe2\x80\xae" "abc\n", "5:10: control and invisible" },
		{ "Y22 an escaped ESC", HEAD "summary: \"\\e[31mred\"\n", "5:10: control and invisible" },
		{ "Y22 an escaped NUL", HEAD "summary: \"a\\0b\"\n", "5:10: control and invisible" },
		{ "an escaped line end", HEAD "summary: \"a\\nb\"\n", "5:10: control and invisible" },
		{ "an escaped override", HEAD "summary: \"\\u202e\"\n", "5:10: control and invisible" },
		{ "a raw ESC", HEAD "summary: \x1b[31mred\n", "5:10: control and invisible" },
		{ "DEL", HEAD "summary: a\x7f\n", "5:11: control and invisible" },
		{ "a carriage return", "api: 1\r\nname: a\r\n", "1:7: carriage return" },
		{ "Y26 an alias to itself", HEAD "x: &x [*x]\n", "5:4: anchors and tags" },
		{ "Y27 YAML 9.9", "%YAML 9.9\n---\n" HEAD, "1:1: not YAML: found incompatible YAML document" },
		{ "Y28 the same key in two spellings", HEAD "\"na\\u006de\": b\n", "5:1: without escapes" },
		{ "one key in another spelling", "api: 1\n\"na\\x6de\": a\nversion: 1.0.0\nentry: main.lua\n", "2:1: without escapes" },
		{ "a key on two lines", HEAD "? \"sum\n  mary\"\n: x\n", "5:3: on one line and without escapes" },
		{ "the same key quoted", HEAD "\"name\": b\n", "5:1: the key \"name\" stands here twice" },
		{ "a key twice", HEAD "name: b\n", "5:1: the key \"name\" stands here twice" },
		{ "a key twice further down", HEAD "limits: {cpu: 1s, cpu: 2s}\n", "5:19: the key \"cpu\" stands here twice" },
		{ "a literal block", HEAD "summary: |\n  x\n", "5:10: block scalars" },
		{ "a folded block", HEAD "summary: >-\n  x\n", "5:10: block scalars" },
		{ "an open bracket", HEAD "egress: [a\n", "6:1: not YAML" },
		{ "a tab as indentation", HEAD "limits:\n\tcpu: 1s\n", "6:1: not YAML" },
		{ "nothing", "", "1:1: empty" },
		{ "a comment alone", "# nothing\n", "1:1: empty" },
		{ "a list", "- api: 1\n", "1:1: the manifest must be a mapping" },
		{ "a word", "hello\n", "1:1: the manifest must be a mapping" },
		{ "an empty document", "---\n...\n", "2:1: the manifest must be a mapping" },
	};
	EACH_REFUSED(cases);
	static const char nul[] = HEAD "summary: a\0b\n";	/* Y10 */
	refused("Y10 NUL", nul, sizeof nul - 1, "5:11: control and invisible");
	static const char cut[] = HEAD "summary: \xe2\x82";
	refused("cut inside a character", cut, sizeof cut - 1, "5:10: this is not UTF-8");
}

static void fields_refused(void **state)
{
	(void)state;
	static const struct bad cases[] = {
		{ "no api", "name: a\nversion: 1.0.0\nentry: m.lua\n", "1:1: needs the key \"api\"" },
		{ "no name", "api: 1\nversion: 1.0.0\nentry: m.lua\n", "1:1: needs the key \"name\"" },
		{ "no version", "api: 1\nname: a\nentry: m.lua\n", "1:1: needs the key \"version\"" },
		{ "no entry", "# c\napi: 1\nname: a\nversion: 1.0.0\n", "2:1: needs the key \"entry\"" },
		{ "api 2", "api: 2\nname: a\n", "1:6: manifests of api 1" },
		{ "api 01", "api: 01\nname: a\n", "1:6: manifests of api 1" },
		{ "api a list", "api: [1]\n", "1:6: manifests of api 1" },
		{ "unknown, near", HEAD "limit: {cpu: 1s}\n", "5:1: unknown key \"limit\" in the manifest; did you mean \"limits\"?" },
		{ "unknown, in inputs", HEAD "inputs:\n  secret: []\n", "6:3: unknown key \"secret\" in inputs; did you mean \"secrets\"?" },
		{ "unknown, in an argument", HEAD "inputs:\n  args:\n    - {name: a, typ: string}\n", "7:17: did you mean \"type\"?" },
		{ "unknown, in limits", HEAD "limits: {memmory: 1MiB}\n", "5:10: did you mean \"memory\"?" },
		{ "unknown, in outputs", HEAD "outputs: {determinstic: true}\n", "5:11: did you mean \"deterministic\"?" },
		{ "unknown, near nothing", HEAD "zzzzzz: 1\n", "5:1: unknown key \"zzzzzz\" in the manifest" },
		{ "case matters", HEAD "Limits: {cpu: 1s}\n", "5:1: did you mean \"limits\"?" },
		{ "an empty name", "api: 1\nname:\n", "2:6: small letters" },
		{ "a name with a capital", "api: 1\nname: Abc\n", "2:7: small letters" },
		{ "a name with a space", "api: 1\nname: a b\n", "2:7: small letters" },
		{ "a name with a slash", "api: 1\nname: ../a\n", "2:7: small letters" },
		{ "a name that starts with a dash", "api: 1\nname: \"-a\"\n", "2:7: small letters" },
		{ "a name in Cyrillic", "api: 1\nname: \xd0\xb0pp\n", "2:7: small letters" },
		{ "a list as name", "api: 1\nname: [a]\n", "2:7: name must be text" },
		{ "an absolute entry", "api: 1\nentry: /main.lua\n", "2:8: not relative" },
		{ "an entry with ..", "api: 1\nentry: a/../m.lua\n", "2:8: \"..\"" },
		{ "an entry with ./", "api: 1\nentry: ./m.lua\n", "2:8: \".\"" },
		{ "an entry with \\", "api: 1\nentry: a\\m.lua\n", "2:8: backslash" },
		{ "an entry not in Lua", "api: 1\nentry: main.py\n", "2:8: .lua file" },
		{ "an entry of four bytes", "api: 1\nentry: .lua\n", "2:8: .lua file" },
		{ "an empty entry", "api: 1\nentry: \"\"\n", "2:8: empty" },
		{ "data of another kind", HEAD "inputs: {data: two}\n", "5:16: none, one, many or bulk" },
		{ "data a list", HEAD "inputs: {data: [one]}\n", "5:16: none, one, many or bulk" },
		{ "inputs a list", HEAD "inputs: [data]\n", "5:9: inputs must be a mapping" },
		{ "inputs empty", HEAD "inputs:\n", "5:8: inputs must be a mapping" },
		{ "a schema without data", HEAD "inputs: {schema: {\"*.csv\": text/csv}}\n", "5:9: a schema without data" },
		{ "optional without data", HEAD "inputs: {optional: true}\n", "5:9: optional" },
		{ "optional maybe", HEAD "inputs: {data: one, optional: maybe}\n", "5:31: optional must be true or false" },
		{ "a schema list", HEAD "inputs: {data: one, schema: [a]}\n", "5:29: mapping of paths" },
		{ "a schema of no type", HEAD "inputs: {data: one, schema: {a: csv}}\n", "5:33: a type is" },
		{ "a schema type with no second half", HEAD "inputs: {data: one, schema: {a: text/}}\n", "5:33: a type is" },
		{ "a schema type with a space", HEAD "inputs: {data: one, schema: {a: text/csv x}}\n", "5:33: a type is" },
		{ "a schema that nests", HEAD "inputs: {data: one, schema: {a: {b: string}}}\n", "5:33: a must be text" },
		{ "a schema of no path", HEAD "inputs: {data: one, schema: {\"\": string}}\n", "5:30: a path of the schema" },
		{ "args a mapping", HEAD "inputs: {args: {name: a}}\n", "5:16: args must be a list" },
		{ "an argument of text", HEAD "inputs: {args: [a]}\n", "5:17: an argument must be a mapping" },
		{ "an argument without name", HEAD "inputs: {args: [{type: string}]}\n", "5:17: needs the key \"name\"" },
		{ "an argument's name with a dash", HEAD "inputs: {args: [{name: a-b}]}\n", "5:24: Lua name" },
		{ "an argument's name that starts with a digit", HEAD "inputs: {args: [{name: 1a}]}\n", "5:24: Lua name" },
		{ "an empty name of an argument", HEAD "inputs: {args: [{name: }]}\n", "5:24: Lua name" },
		{ "an argument's type", HEAD "inputs: {args: [{name: a, type: int}]}\n", "5:33: type must be" },
		{ "two arguments of a name", HEAD "inputs: {args: [{name: a}, {name: a}]}\n", "5:28: two arguments are called a" },
		{ "required with a default", HEAD "inputs: {args: [{name: a, required: true, default: x}]}\n", "5:17: default would never be used" },
		{ "a default not an integer", HEAD "inputs: {args: [{name: a, type: integer, default: 1.5}]}\n", "5:17: must be an integer" },
		{ "a default before its type", HEAD "inputs: {args: [{name: a, default: x, type: integer}]}\n", "5:17: must be an integer" },
		{ "a default over 64 bits", HEAD "inputs: {args: [{name: a, type: integer, default: 9223372036854775808}]}\n", "5:17: of 64 bits" },
		{ "a default not a number", HEAD "inputs: {args: [{name: a, type: number, default: nan}]}\n", "5:17: must be a number" },
		{ "a default that is infinite", HEAD "inputs: {args: [{name: a, type: number, default: 1e999}]}\n", "5:17: must be a number" },
		{ "a hexadecimal default", HEAD "inputs: {args: [{name: a, type: number, default: 0x10}]}\n", "5:17: must be a number" },
		{ "a default not a boolean", HEAD "inputs: {args: [{name: a, type: boolean, default: 1}]}\n", "5:17: must be true or false" },
		{ "a default that is a list", HEAD "inputs: {args: [{name: a, default: [1]}]}\n", "5:36: default must be text" },
		{ "files not a boolean", HEAD "inputs: {files: [a.csv]}\n", "5:17: files must be true or false" },
		{ "a secret's name", HEAD "inputs: {secrets: [my-key]}\n", "5:20: name of a secret" },
		{ "a secret twice", HEAD "inputs: {secrets: [a, b, a]}\n", "5:26: twice" },
		{ "a secret that is a mapping", HEAD "inputs: {secrets: [{a: b}]}\n", "5:20: must be text" },
		{ "a purpose of two words", HEAD "purposes: [general use]\n", "5:12: one word" },
		{ "an empty purpose", HEAD "purposes: [\"\"]\n", "5:12: one word" },
		{ "a purpose twice", HEAD "purposes: [a, a]\n", "5:15: twice" },
		{ "purposes not a list", HEAD "purposes: a\n", "5:11: must be a list" },
		{ "egress of another scheme", HEAD "egress: [\"http:x.org\"]\n", "5:10: write egress like" },
		{ "egress as a URL", HEAD "egress: [\"https://x.org\"]\n", "5:10: write egress like" },
		{ "smtp without port", HEAD "egress: [\"smtp:x.org\"]\n", "5:10: write egress like" },
		{ "port 0", HEAD "egress: [\"https:x.org:0\"]\n", "5:10: write egress like" },
		{ "port 65536", HEAD "egress: [\"https:x.org:65536\"]\n", "5:10: write egress like" },
		{ "port 0443", HEAD "egress: [\"https:x.org:0443\"]\n", "5:10: write egress like" },
		{ "an empty port", HEAD "egress: [\"https:x.org:\"]\n", "5:10: write egress like" },
		{ "a path behind", HEAD "egress: [\"https:x.org/a\"]\n", "5:10: write egress like" },
		{ "a wildcard", HEAD "egress: [\"https:*.org\"]\n", "5:10: write egress like" },
		{ "capitals", HEAD "egress: [\"https:X.org\"]\n", "5:10: write egress like" },
		{ "an empty label", HEAD "egress: [\"https:x..org\"]\n", "5:10: write egress like" },
		{ "a dot at the end", HEAD "egress: [\"https:x.org.\"]\n", "5:10: write egress like" },
		{ "a label that ends in a dash", HEAD "egress: [\"https:x-.org\"]\n", "5:10: write egress like" },
		{ "an address", HEAD "egress: [\"https:169.254.169.254\"]\n", "5:10: write egress like" },
		{ "an address in one number", HEAD "egress: [\"https:2130706433:443\"]\n", "5:10: write egress like" },
		{ "an address of IPv6", HEAD "egress: [\"https:[::1]:443\"]\n", "5:10: write egress like" },
		{ "user and host", HEAD "egress: [\"https:me@x.org\"]\n", "5:10: write egress like" },
		{ "egress twice", HEAD "egress: [\"https:x.org\", \"https:x.org\"]\n", "5:25: twice" },
		{ "no unit known", HEAD "limits: {memory: 64Mb}\n", "5:18: must be a size" },
		{ "a negative size", HEAD "limits: {memory: -1}\n", "5:18: must be a size" },
		{ "a fraction", HEAD "limits: {memory: 1.5GiB}\n", "5:18: must be a size" },
		{ "a size over 64 bits", HEAD "limits: {memory: 99999999999TiB}\n", "5:18: must be a size" },
		{ "too little memory", HEAD "limits: {memory: 1000KiB}\n", "5:18: between 1048576 and" },
		{ "too much memory", HEAD "limits: {memory: 5GiB}\n", "5:18: between 1048576 and 4294967296" },
		{ "no output", HEAD "limits: {output: 0}\n", "5:18: between 1 and" },
		{ "a duration without unit", HEAD "limits: {cpu: 10}\n", "5:15: must be a duration" },
		{ "no time", HEAD "limits: {wall: 0s}\n", "5:16: between 1ms and" },
		{ "too much time", HEAD "limits: {wall: 8d}\n", "5:16: between 1ms and" },
		{ "a duration that overflows", HEAD "limits: {wall: 999999999999999999d}\n", "5:16: must be a duration" },
		{ "no epsilon", HEAD "limits: {epsilon: 0}\n", "5:19: epsilon must be" },
		{ "an epsilon of nothing", HEAD "limits: {epsilon: 0.000000}\n", "5:19: epsilon must be" },
		{ "an epsilon too fine", HEAD "limits: {epsilon: 0.0000001}\n", "5:19: epsilon must be" },
		{ "an epsilon too large", HEAD "limits: {epsilon: 1000.000001}\n", "5:19: epsilon must be" },
		{ "an epsilon below 0", HEAD "limits: {epsilon: -0.1}\n", "5:19: epsilon must be" },
		{ "an epsilon as a power", HEAD "limits: {epsilon: 1e-1}\n", "5:19: epsilon must be" },
		{ "an epsilon without digits", HEAD "limits: {epsilon: .5}\n", "5:19: epsilon must be" },
		{ "an epsilon without decimals", HEAD "limits: {epsilon: 1.}\n", "5:19: epsilon must be" },
		{ "an epsilon with zeros before it", HEAD "limits: {epsilon: 00.1}\n", "5:19: epsilon must be" },
		{ "raw not a boolean", HEAD "outputs: {raw: 1}\n", "5:16: must be true or false" },
		{ "limits a list", HEAD "limits: [1s]\n", "5:9: limits must be a mapping" },
	};
	EACH_REFUSED(cases);
}

static void lengths_and_counts(void **state)
{
	(void)state;
	static char text[100000], word[70000];
	struct manifest *m;
	struct err e;
	memset(word, 'a', sizeof word - 1);
	(void)snprintf(text, sizeof text, "api: 1\nname: %.64s\nversion: 1.0.0\nentry: main.lua\nsummary: %.256s\n", word, word);
	manifest_free(good(text));
	(void)snprintf(text, sizeof text, "api: 1\nname: %.65s\n", word);
	refused("a name of 65", text, strlen(text), "2:7: longer than 64");
	(void)snprintf(text, sizeof text, HEAD "summary: %.257s\n", word);
	refused("a summary of 257", text, strlen(text), "5:10: longer than 256");
	(void)snprintf(text, sizeof text, HEAD "%.255s: 1\n", word);
	refused("a key of 255", text, strlen(text), "5:1: unknown key");
	(void)snprintf(text, sizeof text, HEAD "? %.256s\n: 1\n", word);
	refused("a key of 256", text, strlen(text), "5:3: no key is as long");
	(void)snprintf(text, sizeof text, HEAD "inputs: {args: [{name: a, default: %.255s}]}\n", word);
	manifest_free(good(text));
	(void)snprintf(text, sizeof text, HEAD "inputs: {args: [{name: a, default: %.256s}]}\n", word);
	refused("a default of 256", text, strlen(text), "5:36: longer than 255");
	(void)snprintf(text, sizeof text, HEAD "egress: [\"https:%.64s.org\"]\n", word);
	refused("a label of 64", text, strlen(text), "5:10: write egress like");

	static const struct { const char *open, *item, *close; size_t max; const char *place; } lists[] = {
		{ HEAD "purposes: [", "p%zu,", "]", LIMIT_MANIFEST_WORDS, "5:11: purposes has more than 32" },
		{ HEAD "egress: [", "'https:h%zu.org',", "]", LIMIT_MANIFEST_WORDS, "5:9: egress has more than 32" },
		{ HEAD "inputs: {secrets: [", "s%zu,", "]}", LIMIT_BOX_SECRETS, "5:19: secrets has more than 64" },
		{ HEAD "inputs: {args: [", "{name: a%zu},", "]}", LIMIT_BOX_ARGS, "5:16: args has more than 256" },
		{ HEAD "inputs: {data: one, schema: {", "a%zu: string,", "}}", LIMIT_BOX_ARGS, "5:29: schema has more than 256" },
	};
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		for (size_t more = 0; more < 2; more++) {
			size_t n = (size_t)snprintf(text, sizeof text, "%s", lists[i].open);
			for (size_t k = 0; k < lists[i].max + more; k++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
				n += (size_t)snprintf(text + n, sizeof text - n, lists[i].item, k);
#pragma GCC diagnostic pop
			}
			n += (size_t)snprintf(text + n, sizeof text - n, "%s\n", lists[i].close);
			if (more)
				refused(lists[i].open + sizeof HEAD - 1, text, n, lists[i].place);
			else
				manifest_free(good(text));
		}

	/* values without end, and a file over the limit */
	size_t n = (size_t)snprintf(text, sizeof text, HEAD "purposes: [");
	for (size_t i = 0; i < 5000; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "a,");
	refused("5,000 values", text, n, "5:8192: too many values");
	memset(text, '#', sizeof text);
	assert_int_equal(parse(&m, text, LIMIT_YAML_BYTES + 1, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_non_null(strstr(e.msg, "larger than 65536"));
}

/* Nothing in 64 KiB may take long: brackets, quotes, keys, questions. */
static void time_is_bounded(void **state)
{
	(void)state;
	static const char *const parts[] = { "[", "{", "- ", "? ", "{a: ", "a: ", "\"", "'", "!a ", "&a ", "a\n", "[a, ", "a,b,", "{a,b},\n", "# \n", "%A\n", "---\n", "|\n" };
	static char text[65536];
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		struct manifest *m = NULL;
		struct err e;
		size_t n = strlen(parts[i]), len = 0;
		for (; len + n <= sizeof text; len += n)
			memcpy(text + len, parts[i], n);
		clock_t start = clock();
		assert_int_equal(parse(&m, text, len, &e), -1);
		if (clock() - start > 10 * CLOCKS_PER_SEC)	/* of processor; it takes some 10 ms */
			fail_msg("\"%s\" again and again: %ld ms", parts[i], (long)((clock() - start) / (CLOCKS_PER_SEC / 1000)));
	}
}

static void depth_at_the_limit(void **state)
{
	(void)state;
	struct ytree_doc *d = NULL;
	struct err e;
	static const char eight[] = "[[[[[[[[1]]]]]]]]", nine[] = "[[[[[[[[[1]]]]]]]]]";
	assert_int_equal(ytree_parse(&d, "t", eight, sizeof eight - 1, &e), 0);
	ytree_free(d);
	assert_int_equal(ytree_parse(&d, "t", nine, sizeof nine - 1, &e), -1);
	assert_string_equal(e.msg, "t:1:9: nested too deeply");
}

/* Every prefix of a manifest is either refused or one that stops between two keys; none may crash. */
static void cut_anywhere(void **state)
{
	(void)state;
	static const char text[] = HEAD "inputs: {data: one, args: [{name: a, default: \"x\"}]}\nlimits: {cpu: 1s}\n";
	for (size_t n = 0; n < sizeof text; n++) {
		struct manifest *m = NULL;
		struct err e = { .code = ERR_NONE };
		if (parse(&m, text, n, &e) == 0)
			manifest_free(m);
		else
			assert_int_equal(e.code, ERR_INVALID);
	}
}

static void sample_check(const char *dir, const char *name, bool is_good)
{
	char path[PATH_MAX];
	struct buf text = BUF_INIT(KIB(64));
	struct manifest *m = NULL;
	struct err e;
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	if (os_file_read(path, &text, &e) < 0)
		fail_msg("%s", e.msg);
	int r = manifest_parse(&m, path, buf_text(&text), text.len, &e);
	if (is_good) {
		if (r < 0)
			fail_msg("%s", e.msg);
		manifest_free(m);
	} else {
		static const char head[] = "# expect: ";
		char expect[PATH_MAX + 64];
		if (r == 0)
			fail_msg("%s was accepted", path);
		if (strncmp(buf_text(&text), head, sizeof head - 1) != 0)
			fail_msg("%s does not begin with \"%sLINE:COLUMN words\"", path, head);
		const char *place = buf_text(&text) + sizeof head - 1, *words = strchr(place, ' ');
		(void)snprintf(expect, sizeof expect, "%s:%.*s: ", path, (int)(words - place), place);
		char *said = strndup(words + 1, strcspn(words + 1, "\n"));
		if (strncmp(e.msg, expect, strlen(expect)) != 0 || !strstr(e.msg, said))
			fail_msg("%s: \"%s\" instead of \"%s…%s\"", path, e.msg, expect, said);
		free(said);
	}
	buf_done(&text);
}

static size_t samples_check(const char *dir, bool is_good)
{
	DIR *d = opendir(dir);
	size_t n = 0;
	if (!d)
		fail_msg("no folder %s: tests run at the top of the tree", dir);
	for (struct dirent *f; (f = readdir(d));)
		if (f->d_name[0] != '.') {
			sample_check(dir, f->d_name, is_good);
			n++;
		}
	closedir(d);
	return n;
}

static void samples(void **state)
{
	(void)state;
	assert_true(samples_check("manifests/good", true) >= 5);
	assert_true(samples_check("manifests/bad", false) >= 8);
}

/* Each property of the schema for editors is a key here: the parser must know it, though not like its value. */
static void schema_walk(const struct json *node, const char *open, const char *close)
{
	const struct json *properties = json_get(node, "properties");
	for (size_t i = 0; properties && i < json_count(properties); i++) {
		char text[512];
		struct manifest *m = NULL;
		struct err e = { .code = ERR_NONE };
		(void)snprintf(text, sizeof text, HEAD "%s%s: {}%s\n", open, json_key_at(properties, i), close);
		if (parse(&m, text, strlen(text), &e) == 0)
			manifest_free(m);
		else if (strstr(e.msg, "unknown key"))
			fail_msg("manifests/iapp.schema.json: %s", e.msg);
	}
}

/* And each key that the parser knows is in the schema: they are those of this list, or the parser would not take it. */
static void schema_for_editors(void **state)
{
	(void)state;
	static const struct { const char *path[4], *open, *close; size_t keys; } maps[] = {
		{ { NULL }, "", "", 10 },
		{ { "properties", "inputs", NULL }, "inputs: {", "}", 7 },
		{ { "properties", "limits", NULL }, "limits: {", "}", 5 },
		{ { "properties", "outputs", NULL }, "outputs: {", "}", 2 },
		{ { "definitions", "argument", NULL }, "inputs: {args: [{", "}]}", 5 },
	};
	struct buf text = BUF_INIT(KIB(64));
	struct json *schema = NULL;
	struct err e;
	if (os_file_read("manifests/iapp.schema.json", &text, &e) < 0 || json_parse(&schema, buf_text(&text), text.len, &e) < 0)
		fail_msg("%s", e.msg);
	for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
		const struct json *node = schema;
		for (size_t k = 0; maps[i].path[k]; k++)
			node = json_get(node, maps[i].path[k]);
		assert_non_null(node);
		assert_int_equal(json_count(json_get(node, "properties")), maps[i].keys);
		schema_walk(node, maps[i].open, maps[i].close);
	}
	json_free(schema);
	buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_said),
		cmocka_unit_test(epsilon_exact),
		cmocka_unit_test(the_least),
		cmocka_unit_test(spellings_accepted),
		cmocka_unit_test(versions),
		cmocka_unit_test(yaml_refused),
		cmocka_unit_test(fields_refused),
		cmocka_unit_test(lengths_and_counts),
		cmocka_unit_test(time_is_bounded),
		cmocka_unit_test(depth_at_the_limit),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(samples),
		cmocka_unit_test(schema_for_editors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
