/* SPDX-License-Identifier: MIT */
/* v5's member "debug", in the shape Eliot has it. */
#include "protocol/encode.h"

/* A double as JSON: nanoseconds at the finest, without trailing zeros, in any locale. */
static void add_seconds(struct buf *buf, double seconds)
{
	uint64_t ns = seconds > 0 && seconds < 1e9 ? (uint64_t)(seconds * 1e9 + 0.5) : 0;
	uint64_t fraction = ns % 1000000000;
	int digits = 9;

	buf_add_dec(buf, ns / 1000000000);
	if (fraction == 0)
		return;
	for (; fraction % 10 == 0; fraction /= 10)
		digits--;
	buf_addf(buf, ".%0*u", digits, (unsigned)fraction);
}

/* One figure of a module; negative: it has none. */
typedef double module_figure(const struct module_timing *module);

static double download_time(const struct module_timing *module) { return module->download_s; }
static double download_fail_time(const struct module_timing *module) { return module->download_failed_s; }
static double parse_time(const struct module_timing *module) { return module->parse_s; }
static double save_time(const struct module_timing *module) { return module->save_s; }

static double sum_of(const struct request_timing *timing, module_figure *figure)
{
	double sum = 0;

	for (uint32_t i = 0; i < timing->timing_count; i++)
		if (figure(&timing->modules[i]) > 0)
			sum += figure(&timing->modules[i]);
	return sum;
}

static void add_key(struct buf *buf, bool first, const char *member, const struct job_module *module)
{
	if (first)
		buf_addf(buf, "\"%s\":{\"", member);
	else
		buf_add_text(buf, ",\"");
	json_add_escaped(buf, module->name.debug_file, JSON_UTF8);
	buf_add_byte(buf, '/');
	json_add_escaped(buf, module->name.debug_id, JSON_UTF8);
	buf_add_text(buf, "\":");
}

/* "<member>":{"<name>/<id>":seconds,...}, -- nothing at all where no module has the figure. */
static void add_per_module(struct buf *buf, const struct request_timing *timing, const char *member,
			   module_figure *figure)
{
	bool first = true;

	for (uint32_t i = 0; i < timing->timing_count; i++) {
		const struct module_timing *module = &timing->modules[i];

		if (figure(module) < 0)
			continue;
		add_key(buf, first, member, module->module);
		add_seconds(buf, figure(module));
		first = false;
	}
	if (!first)
		buf_add_text(buf, "},");
}

static void add_sizes(struct buf *buf, const struct request_timing *timing)
{
	bool first = true;

	for (uint32_t i = 0; i < timing->timing_count; i++) {
		const struct module_timing *module = &timing->modules[i];

		if (module->download_s < 0)
			continue;
		add_key(buf, first, "size_per_module", module->module);
		buf_add_dec(buf, module->download_bytes);
		first = false;
	}
	if (!first)
		buf_add_text(buf, "},");
}

static void add_downloads(struct buf *buf, const struct request_timing *timing)
{
	unsigned count = 0;
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < timing->timing_count; i++) {
		const struct module_timing *module = &timing->modules[i];

		count += module->download_s >= 0 || module->download_failed_s >= 0;
		bytes += module->download_s >= 0 ? module->download_bytes : 0;
	}
	buf_addf(buf, "\"downloads\":{\"count\":%u,", count);
	add_per_module(buf, timing, "fail_time_per_module", download_fail_time);
	add_sizes(buf, timing);
	add_per_module(buf, timing, "time_per_module", download_time);
	buf_add_text(buf, "\"size\":");
	buf_add_dec(buf, bytes);
	buf_add_text(buf, ",\"time\":");
	add_seconds(buf, sum_of(timing, download_time));
	buf_add_text(buf, "},");
}

static void add_cache_lookups(struct buf *buf, const struct request_timing *timing)
{
	buf_addf(buf, "\"cache_lookups\":{\"count\":%u,", timing->cache_lookups);
	if (timing->cache_lookups)
		buf_addf(buf, "\"hits\":%u,", timing->cache_hits);
	buf_add_text(buf, "\"time\":");
	add_seconds(buf, timing->cache_lookup_s);
	buf_add_text(buf, "},");
}

/* stacks_per_module counts jobs: that is what Eliot's does, whatever its name. */
static void add_modules(struct buf *buf, const struct request_timing *timing)
{
	buf_addf(buf, "\"modules\":{\"count\":%u", timing->module_count);
	for (uint32_t i = 0; i < timing->timing_count; i++) {
		if (i == 0)
			buf_add_byte(buf, ',');
		add_key(buf, i == 0, "stacks_per_module", timing->modules[i].module);
		buf_add_dec(buf, timing->modules[i].jobs);
	}
	buf_add_text(buf, timing->timing_count ? "}}," : "},");
}

static void add_stage(struct buf *buf, const struct request_timing *timing, const char *member,
		      module_figure *figure)
{
	buf_addf(buf, "\"%s\":{", member);
	add_per_module(buf, timing, "time_per_module", figure);
	buf_add_text(buf, "\"time\":");
	add_seconds(buf, sum_of(timing, figure));
	buf_add_byte(buf, '}');
}

void encode_timing(struct buf *buf, const struct request_timing *timing)
{
	buf_add_byte(buf, '{');
	add_cache_lookups(buf, timing);
	add_downloads(buf, timing);
	buf_add_text(buf, "\"time\":");
	add_seconds(buf, timing->total_s);
	buf_add_byte(buf, ',');
	add_modules(buf, timing);
	add_stage(buf, timing, "parse_sym", parse_time);
	buf_add_byte(buf, ',');
	add_stage(buf, timing, "save_symcache", save_time);
	buf_add_byte(buf, '}');
}
