/* SPDX-License-Identifier: MIT */
/* URLs. */
#include "upstream/url.h"

#include "base/mem.h"

#include <curl/curl.h>
#include <stdlib.h>

static bool is_unreserved(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

void url_add_segment(struct buf *buf, struct slice segment)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < segment.len; i++) {
		unsigned char c = (unsigned char)segment.data[i];

		if (is_unreserved(c)) {
			buf_add_byte(buf, (char)c);
		} else {
			buf_add_byte(buf, '%');
			buf_add_byte(buf, digits[c >> 4]);
			buf_add_byte(buf, digits[c & 15]);
		}
	}
}

void url_add_symbols(struct buf *buf, const char *base, struct module_name module)
{
	size_t path_len = strcspn(base, "?#");
	struct slice query = slice_make(base + path_len, strcspn(base + path_len, "#"));
	struct buf name = BUF_INIT;

	while (path_len && base[path_len - 1] == '/')
		path_len--;
	buf_add(buf, base, path_len);
	buf_add_byte(buf, '/');
	url_add_segment(buf, module.debug_file);
	buf_add_byte(buf, '/');
	module_add_id(buf, module.debug_id);
	buf_add_byte(buf, '/');
	module_add_sym_name(&name, module.debug_file);
	url_add_segment(buf, buf_slice(&name));
	buf_add_slice(buf, query);
	buf_release(&name);
}

/* One part of a URL as our own string, or NULL where it has none. */
static char *url_part(CURLU *handle, CURLUPart what, unsigned flags)
{
	char *part, *copy;

	if (curl_url_get(handle, what, &part, flags) != CURLUE_OK)
		return NULL;
	copy = mem_strdup(part);
	curl_free(part);
	return copy;
}

static char *url_origin(const struct url *url, CURLU *handle)
{
	char *port = url_part(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	bool is_ipv6 = strchr(url->host, ':') != NULL;
	char *origin = mem_printf(is_ipv6 ? "%s://[%s]:%s" : "%s://%s:%s", url->scheme, url->host, port);

	free(port);
	return origin;
}

/* As url_part, and the credentials leave the handle. */
static char *take_credential(CURLU *handle, CURLUPart what)
{
	char *part = url_part(handle, what, CURLU_URLDECODE);

	curl_url_set(handle, what, NULL, 0);
	return part;
}

static void lower_case(char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text += 'a' - 'A';
}

static void unwrap_host(char *host)
{
	size_t len = strlen(host);

	lower_case(host);
	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		memmove(host, host + 1, len - 2);
		host[len - 2] = '\0';
	}
}

static void fill(struct url *url, CURLU *handle)
{
	url->user = take_credential(handle, CURLUPART_USER);
	url->password = take_credential(handle, CURLUPART_PASSWORD);
	curl_url_set(handle, CURLUPART_FRAGMENT, NULL, 0);
	url->request = url_part(handle, CURLUPART_URL, 0);
	curl_url_set(handle, CURLUPART_QUERY, NULL, 0);
	url->shown = url_part(handle, CURLUPART_URL, 0);
	url->host = url_part(handle, CURLUPART_HOST, 0);
	unwrap_host(url->host);
	url->origin = url_origin(url, handle);
}

int url_parse(struct url *ret, const char *text, struct err *err)
{
	CURLU *handle = curl_url();
	CURLUcode code;

	*ret = (struct url){0};
	if (handle == NULL)
		return err_set(err, ERR_SYSTEM, "cannot parse a URL: out of memory");
	code = curl_url_set(handle, CURLUPART_URL, text, 0);
	if (code == CURLUE_OK) {
		ret->scheme = url_part(handle, CURLUPART_SCHEME, 0);
		if (strcmp(ret->scheme, "http") == 0 || strcmp(ret->scheme, "https") == 0)
			fill(ret, handle);
		else
			code = CURLUE_UNSUPPORTED_SCHEME;
	}
	curl_url_cleanup(handle);
	if (code == CURLUE_OK)
		return 0;
	url_release(ret);
	/* the text itself may hold credentials */
	return err_set(err, ERR_INPUT, "not an http or https URL: %s", curl_url_strerror(code));
}

bool url_same_origin(const struct url *a, const struct url *b)
{
	return strcmp(a->origin, b->origin) == 0;
}

bool url_is_downgrade(const struct url *from, const struct url *to)
{
	return strcmp(from->scheme, "https") == 0 && strcmp(to->scheme, "https") != 0;
}

void url_release(struct url *url)
{
	free(url->scheme);
	free(url->host);
	free(url->origin);
	free(url->request);
	free(url->shown);
	free(url->user);
	free(url->password);
	*url = (struct url){0};
}
