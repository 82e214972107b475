/* SPDX-License-Identifier: MIT */
/* src/filter: patterns match as pySymProxy's did, and nobody can make one run for ever. */
#include "tap.h"

#include "filter/filter.h"

static bool matches(const char *pattern, struct slice name)
{
	struct filter *filter;
	struct err err = ERR_INIT;
	bool result;

	if (!CHECK_INT(filter_new(&filter, &pattern, 1, &err), 0))
		return false;
	result = filter_matches(filter, name);
	filter_free(filter);
	return result;
}

static void patterns_are_anchored_at_the_start_only(void)
{
	CHECK(matches("xul", SLICE_LITERAL("xul.pdb")));
	CHECK(!matches("ul", SLICE_LITERAL("xul.pdb")));
	CHECK(matches(".*\\.pdb$", SLICE_LITERAL("xul.pdb")));
	CHECK(!matches(".*\\.pdb$", SLICE_LITERAL("xul.pdb.dll")));
	CHECK(!matches("b|^ul", SLICE_LITERAL("xul.pdb")));
	CHECK(matches(".*", SLICE_LITERAL("")));
}

static void case_counts_only_when_asked_for(void)
{
	CHECK(matches("XUL\\.pdb", SLICE_LITERAL("xul.PDB")));
	CHECK(!matches("(?-i)XUL\\.pdb", SLICE_LITERAL("xul.PDB")));
	CHECK(matches("(?-i)XUL\\.pdb", SLICE_LITERAL("XUL.pdb")));
}

static void any_pattern_of_the_list_will_do(void)
{
	static const char *const patterns[] = {"a$", "b$"};
	struct filter *filter;
	struct err err = ERR_INIT;

	CHECK_INT(filter_new(&filter, patterns, 2, &err), 0);
	CHECK(filter_matches(filter, SLICE_LITERAL("b")));
	CHECK(!filter_matches(filter, SLICE_LITERAL("c")));
	filter_free(filter);
	CHECK_INT(filter_new(&filter, NULL, 0, &err), 0);
	CHECK(!filter_matches(filter, SLICE_LITERAL("b")));
	filter_free(filter);
}

static void wrong_patterns_are_named(void)
{
	static const char *const patterns[] = {"ok", "(open"};
	struct filter *filter;
	struct err err = ERR_INIT;

	CHECK_INT(filter_new(&filter, patterns, 2, &err), -1);
	CHECK_INT(err.code, ERR_INPUT);
	CHECK(strstr(err.msg, "(open") != NULL);
}

static void odd_names_are_no_danger(void)
{
	char name[200];

	memset(name, 'a', sizeof(name));
	CHECK(!matches("(a+)+$(?<!a)", slice_make(name, sizeof(name)))); /* would take 2^200 steps */
	CHECK(matches("a", SLICE_LITERAL("a\xff\xfe\0b")));
}

static const struct tap_case cases[] = {
	{"patterns are anchored at the start only", patterns_are_anchored_at_the_start_only},
	{"case counts only when asked for", case_counts_only_when_asked_for},
	{"any pattern of the list will do", any_pattern_of_the_list_will_do},
	{"wrong patterns are named", wrong_patterns_are_named},
	{"odd names are no danger", odd_names_are_no_danger},
};

int main(void)
{
	return tap_run(cases, TAP_COUNT(cases));
}
