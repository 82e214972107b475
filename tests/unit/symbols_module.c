/* SPDX-License-Identifier: MIT */
/* Module names, ids and keys. */
#include "tap.h"

#include "symbols/module.h"

static struct module_name name(const char *file, const char *id)
{
	return (struct module_name){slice_of(file), slice_of(id)};
}

static void askable_modules(void)
{
	char long_name[MODULE_NAME_MAX + 2], long_id[MODULE_ID_MAX + 2];

	memset(long_name, 'a', sizeof(long_name));
	memset(long_id, 'A', sizeof(long_id));
	CHECK(module_is_askable(name("libc.so.6", "0123456789abcdefABCDEF")));
	CHECK(module_is_askable(name("a", "0")));
	CHECK(module_is_askable(name("...", "0-1")));
	CHECK(module_is_askable(name("dir/../x", "1"))); /* its key is no path upwards */
	CHECK(!module_is_askable(name("", "1")));
	CHECK(!module_is_askable(name("a", "")));
	CHECK(!module_is_askable(name("a", "--")));
	CHECK(!module_is_askable(name("a", "12g")));
	CHECK(!module_is_askable(name(".", "1")));
	CHECK(!module_is_askable(name("..", "1")));
	CHECK(module_is_askable(
		(struct module_name){{long_name, MODULE_NAME_MAX}, {long_id, MODULE_ID_MAX}}));
	CHECK(!module_is_askable((struct module_name){{long_name, MODULE_NAME_MAX + 1}, {long_id, 1}}));
	CHECK(!module_is_askable((struct module_name){{long_name, 1}, {long_id, MODULE_ID_MAX + 1}}));
}

static void check_key(const char *file, const char *id, const char *want)
{
	struct buf key = BUF_INIT;

	module_add_key(&key, name(file, id));
	CHECK_TEXT(buf_slice(&key), want);
	CHECK(key.len <= MODULE_KEY_MAX);
	buf_release(&key);
}

static void keys(void)
{
	struct buf key = BUF_INIT;

	check_key("XUL.pdb", "44E4EC8C2F41492B9369D6B9A059577c2",
		  "xul.pdb/44E4EC8C2F41492B9369D6B9A059577C2");
	check_key("foo+bar_1-2.so", "a-b", "foo+bar_1-2.so/AB");
	check_key(".hidden", "1", "%2Ehidden/1");
	check_key("..", "1", "%2E./1");
	check_key("a/b\\c d%", "1", "a%2Fb%5Cc%20d%25/1");
	check_key("\xc3\xa9", "1", "%C3%A9/1");
	module_add_key(&key, (struct module_name){{"a\0b", 3}, {"1", 1}});
	CHECK_TEXT(buf_slice(&key), "a%00b/1");
	buf_clear(&key);
	module_add_spelling(&key, name("XUL a.pdb", "aB-1"));
	CHECK_TEXT(buf_slice(&key), "XUL%20a.pdb/AB1");
	buf_release(&key);
}

static void check_sym_name(const char *file, const char *want)
{
	struct buf got = BUF_INIT;

	module_add_sym_name(&got, slice_of(file));
	CHECK_TEXT(buf_slice(&got), want);
	buf_release(&got);
}

static void sym_names(void)
{
	check_sym_name("xul.pdb", "xul.sym");
	check_sym_name("XUL.PDB", "XUL.sym");
	check_sym_name("libc.so.6", "libc.so.6.sym");
	check_sym_name("pdb", "pdb.sym");
	check_sym_name("XUL", "XUL.sym");
}

static bool equal(const char *a, const char *b)
{
	return module_id_equal(slice_of(a), slice_of(b));
}

static void ids(void)
{
	CHECK(equal("abCD", "ABcd"));
	CHECK(equal("a-b-c", "ABC"));
	CHECK(equal("--abc--", "a-BC"));
	CHECK(equal("", "-"));
	CHECK(!equal("abc", "abcd"));
	CHECK(!equal("abcd", "abc-"));
	CHECK(!equal("abc", "abd"));
}

int main(void)
{
	struct tap_case cases[] = {
		{"which modules can be asked for", askable_modules},
		{"keys are injective and safe", keys},
		{"names of .sym files", sym_names},
		{"ids without case and dashes", ids},
	};

	return tap_run(cases, TAP_COUNT(cases));
}
