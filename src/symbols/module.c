/* SPDX-License-Identifier: MIT */
/* Module names, ids and keys. */
#include "symbols/module.h"

#include "base/num.h"

#include <stdint.h>

static size_t id_digits(struct slice id, bool *ret_hex)
{
	size_t digits = 0;

	*ret_hex = true;
	for (size_t i = 0; i < id.len; i++) {
		if (id.data[i] == '-')
			continue;
		digits++;
		if (num_hex_digit((unsigned char)id.data[i]) < 0)
			*ret_hex = false;
	}
	return digits;
}

bool module_is_askable(struct module_name module)
{
	struct slice name = module.debug_file;
	bool hex;
	size_t digits = id_digits(module.debug_id, &hex);

	return hex && digits >= 1 && digits <= MODULE_ID_MAX && name.len >= 1 &&
	       name.len <= MODULE_NAME_MAX && !slice_is(name, ".") && !slice_is(name, "..");
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

static bool is_plain(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-' ||
	       (c == '.' && !first);
}

static void add_escaped(struct buf *buf, char c)
{
	static const char digits[] = "0123456789ABCDEF";

	buf_add_byte(buf, '%');
	buf_add_byte(buf, digits[(unsigned char)c >> 4]);
	buf_add_byte(buf, digits[(unsigned char)c & 15]);
}

static void add_key(struct buf *buf, struct module_name module, bool keep_case)
{
	for (size_t i = 0; i < module.debug_file.len; i++) {
		char c = module.debug_file.data[i];

		if (is_plain(c, i == 0))
			buf_add_byte(buf, keep_case ? c : lower(c));
		else
			add_escaped(buf, c);
	}
	buf_add_byte(buf, '/');
	module_add_id(buf, module.debug_id);
}

void module_add_key(struct buf *buf, struct module_name module)
{
	add_key(buf, module, false);
}

void module_add_spelling(struct buf *buf, struct module_name module)
{
	add_key(buf, module, true);
}

void module_add_id(struct buf *buf, struct slice debug_id)
{
	for (size_t i = 0; i < debug_id.len; i++)
		if (debug_id.data[i] != '-')
			buf_add_byte(buf, upper(debug_id.data[i]));
}

void module_add_sym_name(struct buf *buf, struct slice debug_file)
{
	static const struct slice suffix = {".pdb", 4};
	size_t stem = debug_file.len > 4 ? debug_file.len - 4 : 0;

	if (debug_file.len >= 4 && slice_equal_nocase(slice_make(debug_file.data + stem, 4), suffix))
		debug_file.len = stem;
	buf_add_slice(buf, debug_file);
	buf_add_text(buf, ".sym");
}

static size_t skip_dashes(struct slice id, size_t at)
{
	while (at < id.len && id.data[at] == '-')
		at++;
	return at;
}

bool module_id_equal(struct slice a, struct slice b)
{
	size_t i = skip_dashes(a, 0), j = skip_dashes(b, 0);

	while (i < a.len && j < b.len) {
		if (upper(a.data[i]) != upper(b.data[j]))
			return false;
		i = skip_dashes(a, i + 1);
		j = skip_dashes(b, j + 1);
	}
	return i == a.len && j == b.len;
}
