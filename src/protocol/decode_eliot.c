/* SPDX-License-Identifier: MIT */
/* Requests to /symbolicate/v4 and /symbolicate/v5: Eliot's order of validation, its verdicts and titles. */
#include "protocol/decode.h"

/* What becomes of a body's `jobs`: if it has one, nothing else of the body counts. */
struct job_list {
	bool is_there;
	uint32_t count, max; /* jobs beyond the limit are counted and not read */
};

/* The next value as a job; what it has to do besides being an object is judged at the end. */
static void read_job(struct draft *draft)
{
	struct value job;

	reader_value(&draft->reader, &job);
	draft_add_job(draft, job.kind == VALUE_OBJECT);
	if (job.kind != VALUE_OBJECT) {
		reader_skip_rest(&draft->reader, &job);
		return;
	}
	for (bool more = reader_enter(&draft->reader, '}'); more; more = reader_next(&draft->reader, '}'))
		draft_read_member(draft, reader_key(&draft->reader));
}

static void read_counted_job(struct draft *draft, struct job_list *list)
{
	if (list->count++ < list->max)
		read_job(draft);
	else
		reader_skip(&draft->reader);
}

/* Python goes through an object by its names, and a name is no job. */
static void read_member_as_job(struct draft *draft, struct job_list *list)
{
	reader_key(&draft->reader);
	reader_skip(&draft->reader);
	if (list->count++ < list->max)
		draft_add_job(draft, false);
}

static void read_jobs(struct draft *draft, struct job_list *list)
{
	struct json_reader *reader = &draft->reader;
	struct value jobs;

	draft_restart(draft);
	list->is_there = true;
	list->count = 0;
	reader_value(reader, &jobs);
	if (jobs.kind == VALUE_ARRAY) {
		for (bool more = reader_enter(reader, ']'); more; more = reader_next(reader, ']'))
			read_counted_job(draft, list);
	} else if (jobs.kind == VALUE_OBJECT) {
		for (bool more = reader_enter(reader, '}'); more; more = reader_next(reader, '}'))
			read_member_as_job(draft, list);
	} else {
		draft_add_job(draft, false);
	}
}

static void read_top_member(struct draft *draft, struct job_list *list)
{
	struct slice key = reader_key(&draft->reader);

	if (slice_is(key, "jobs"))
		read_jobs(draft, list);
	else if (list->is_there)
		reader_skip(&draft->reader);
	else
		draft_read_member(draft, key);
}

/* A v5 body: a job, or an object with jobs. */
static void read_body(struct draft *draft, struct job_list *list)
{
	struct value body;

	reader_value(&draft->reader, &body);
	draft_add_job(draft, body.kind == VALUE_OBJECT);
	if (body.kind != VALUE_OBJECT) {
		reader_skip_rest(&draft->reader, &body);
		return;
	}
	for (bool more = reader_enter(&draft->reader, '}'); more; more = reader_next(&draft->reader, '}'))
		read_top_member(draft, list);
}

enum protocol_verdict eliot_decode(struct draft *draft, const struct protocol_options *options,
				   struct request *ret_request, struct err *err)
{
	bool v5 = options->api == API_SYMBOLICATE_V5;
	struct job_list list = {.max = options->limits.max_jobs};

	if (v5)
		read_body(draft, &list);
	else
		read_job(draft);
	if (!reader_finish(&draft->reader)) {
		err_set(err, ERR_INPUT, "Payload is not valid JSON");
		return PROTOCOL_INVALID;
	}
	if (list.count > list.max) {
		err_set(err, ERR_INPUT, "please limit number of jobs in a single request to <= %u", list.max);
		return PROTOCOL_INVALID;
	}
	for (uint32_t i = 0; i < draft->job_count; i++) {
		struct fault fault = draft_fault(draft, i);

		if (fault.kind)
			return eliot_refuse(i, fault, err);
	}
	draft_finish(draft, v5 ? DIALECT_V5 : DIALECT_V4, ret_request);
	return PROTOCOL_REQUEST;
}
