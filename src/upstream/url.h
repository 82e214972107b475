/* SPDX-License-Identifier: MIT */
/* URLs: building those of symbol files, and taking apart what a redirect names. */
#ifndef UPSTREAM_URL_H
#define UPSTREAM_URL_H

#include "base/err.h"
#include "symbols/module.h"

/* Appends one path segment: RFC 3986's unreserved characters as they are, every other byte as %XX. */
void url_add_segment(struct buf *buf, struct slice segment);

/*
 * Appends <base>/<debug file>/<ID>/<name>.sym, with exactly one slash behind
 * the base whether it ends in slashes or not.  A query of the base (an access
 * token, say) stays at the end.
 */
void url_add_symbols(struct buf *buf, const char *base, struct module_name module);

/*
 * An absolute http or https URL.  Credentials are kept apart from the rest, so
 * that they are sent only on purpose and never shown.
 */
struct url {
	char *scheme, *host;   /* the host without the brackets of an IPv6 address */
	char *origin;          /* "https://symbols.example.org:443" in lower case */
	char *request;         /* what to ask for: no user, password or fragment */
	char *shown;           /* for messages: the same without query */
	char *user, *password; /* decoded; NULL if the URL has none */
};

/* -1 with ERR_INPUT where the text is no such URL; *ret is then released. */
int url_parse(struct url *ret, const char *text, struct err *err);
void url_release(struct url *url);

bool url_same_origin(const struct url *a, const struct url *b);

/* Whether a redirect gives up encryption. */
bool url_is_downgrade(const struct url *from, const struct url *to);

#endif
