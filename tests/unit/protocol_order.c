/* SPDX-License-Identifier: MIT */
/* The first fault of random requests: the streaming decoder against a plain walk over a whole tree. */
#include "tap.h"

#include "base/buf.h"
#include "protocol/protocol.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>

/*
 * The decoder reads members in the order of the text and finds the first fault
 * in the order of validation.  The referee here has the tree in hand and asks
 * one question after the other, as the old servers do.
 */
enum { ROUNDS = 200000 };

static uint64_t state = 88172645463325252u;

static unsigned random_below(unsigned limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 33) % limit;
}

static bool rarely(void)
{
	return random_below(24) == 0;
}

/* Random requests, right in most places */

static void add_wrong(struct buf *buf)
{
	static const char *const values[] = {
		"null", "true", "false", "0", "1", "-1", "-2", "7", "1.0", "\"x\"", "\"\"", "[]", "{}",
		"[1,2]", "[[]]", "[\"a\",\"1\"]", "{\"stacks\":[[]]}", "9007199254740993",
		"-9223372036854775808", "[0]", "[0,1,2]",
	};

	buf_add_text(buf, values[random_below(TAP_COUNT(values))]);
}

static void add_frame(struct buf *buf)
{
	static const char *const frames[] = {
		"[0,1]", "[1,2]", "[0, 33]", " [1,4096]", "[-1,5]", "[0,-1]", "[2,9]", "[true,false]",
		"[0,12345678901]",
	};

	if (rarely()) {
		add_wrong(buf);
	} else if (rarely()) {
		buf_add_byte(buf, '[');
		add_wrong(buf);
		buf_add_byte(buf, ',');
		add_wrong(buf);
		buf_add_byte(buf, ']');
	} else {
		buf_add_text(buf, frames[random_below(TAP_COUNT(frames))]);
	}
}

static void add_module(struct buf *buf)
{
	static const char *const modules[] = {
		"[\"xul.pdb\",\"ABC1\"]", "[\"a\",\"1\"]", "[\"\",\"\"]", "[\"a/b\",\"1\"]", "[\"a\",\"-\"]",
		"[ \"b\" , \"2\" ]", "[\"a\\n\",\"1\\n\"]",
	};

	if (rarely()) {
		add_wrong(buf);
	} else if (rarely()) {
		buf_add_text(buf, "[\"a\",");
		add_wrong(buf);
		buf_add_byte(buf, ']');
	} else {
		buf_add_text(buf, modules[random_below(TAP_COUNT(modules))]);
	}
}

static void add_list(struct buf *buf, unsigned least, unsigned most, void (*add_item)(struct buf *buf))
{
	unsigned count = least + random_below(most - least + 1);

	if (rarely()) {
		add_wrong(buf);
		return;
	}
	buf_add_byte(buf, '[');
	for (unsigned i = 0; i < count; i++) {
		if (i)
			buf_add_byte(buf, ',');
		add_item(buf);
	}
	buf_add_byte(buf, ']');
}

static void add_stack(struct buf *buf)
{
	add_list(buf, 0, 4, add_frame);
}

static void add_job(struct buf *buf);

static void add_member(struct buf *buf, unsigned kind)
{
	switch (kind) {
	case 0:
		buf_add_text(buf, "\"stacks\":");
		add_list(buf, rarely() ? 0 : 1, 3, add_stack);
		break;
	case 1:
		buf_add_text(buf, "\"memoryMap\":");
		add_list(buf, rarely() ? 0 : 2, 3, add_module);
		break;
	case 2:
		buf_add_text(buf, random_below(2) ? "\"version\":4" : "\"version\":3");
		break;
	case 3:
		buf_add_text(buf, "\"version\":");
		add_wrong(buf);
		break;
	default:
		buf_add_text(buf, "\"jobs\":");
		add_list(buf, 0, rarely() ? 12 : 3, add_job);
	}
}

/* The members that make a job, in any order, and sometimes one less, one more or one twice. */
static void add_job(struct buf *buf)
{
	unsigned first = random_below(3);
	bool begun = false;

	if (rarely()) {
		add_wrong(buf);
		return;
	}
	buf_add_byte(buf, '{');
	for (unsigned i = 0; i < 4; i++) {
		if (i == 3 ? !rarely() : rarely())
			continue;
		if (begun)
			buf_add_byte(buf, ',');
		add_member(buf, i == 3 ? random_below(5) : (first + i) % 3);
		begun = true;
	}
	buf_add_byte(buf, '}');
}

static void add_body(struct buf *buf, enum protocol_api api)
{
	if (api != API_SYMBOLICATE_V5 || random_below(3)) {
		add_job(buf);
		return;
	}
	buf_add_byte(buf, '{');
	add_member(buf, 4);
	if (rarely()) {
		buf_add_byte(buf, ',');
		add_member(buf, random_below(5));
	}
	buf_add_byte(buf, '}');
}

/* The referee */

struct judge {
	bool strict, snappy;
	unsigned job;
	char text[200]; /* empty: no fault */
};

/* Always true: "there is a fault", for the caller to return. */
static bool __attribute__((format(printf, 2, 3))) fault(struct judge *judge, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(judge->text, sizeof(judge->text), format, args);
	va_end(args);
	return true;
}

/* One fault in both families' words: `eliot` and `snappy` follow the place. */
struct words {
	const char *eliot, *snappy;
};

static bool in_modules(struct judge *judge, struct words words)
{
	if (judge->snappy)
		return fault(judge, "memoryMap %s", words.snappy);
	return fault(judge, "job %u has invalid modules: %s", judge->job, words.eliot);
}

static bool in_module(struct judge *judge, size_t m, struct words words)
{
	if (judge->snappy)
		return fault(judge, "memoryMap entry %zu %s", m, words.snappy);
	return fault(judge, "job %u has invalid modules: module index %zu %s", judge->job, m, words.eliot);
}

static bool in_stacks(struct judge *judge, struct words words)
{
	if (judge->snappy)
		return fault(judge, "stacks %s", words.snappy);
	return fault(judge, "job %u has invalid stacks: %s", judge->job, words.eliot);
}

static bool in_stack(struct judge *judge, size_t s, struct words words)
{
	if (judge->snappy)
		return fault(judge, "stack %zu %s", s, words.snappy);
	return fault(judge, "job %u has invalid stacks: stack %zu %s", judge->job, s, words.eliot);
}

static bool in_frame(struct judge *judge, size_t s, size_t f, struct words words)
{
	if (judge->snappy)
		return fault(judge, "stack %zu frame %zu %s", s, f, words.snappy);
	return fault(judge, "job %u has invalid stacks: stack %zu frame %zu %s", judge->job, s, f,
		     words.eliot);
}

static const struct words
	not_list = {"modules must be a list", "must be a list"},
	not_pair = {"does not have a debug_filename and debug_id",
		    "must be a list of two strings, the debug file and the debug id"},
	bad_file = {"has an invalid debug_filename", "has a debug file that is no string"},
	bad_id = {"has an invalid debug_id", "has a debug id that is no string"},
	not_lists = {"stacks must be a list of lists", "must be a list"},
	no_stacks = {"no stacks specified", "is empty"},
	bad_stack = {"is not a list", "must be a list"},
	bad_frame = {"is not a list of two items",
		     "must be a list of two integers, the module index and the offset"},
	bad_index = {"has an invalid module_index", "has a module index that is no integer"},
	far_index = {"has a module_index that isn't in modules",
		     "has a module index beyond the end of memoryMap"},
	bad_offset = {"has an invalid module_offset", "has an offset that is no integer"};

static bool is_list_of(json_object *value, size_t length)
{
	return json_object_is_type(value, json_type_array) && json_object_array_length(value) == length;
}

static bool has_only(json_object *string, const char *set)
{
	const char *text = json_object_get_string(string);
	size_t good = strspn(text, set);

	return text[good] == '\0' || (text[good] == '\n' && text[good + 1] == '\0');
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool good_string(const struct judge *judge, json_object *value, const char *set)
{
	return json_object_is_type(value, json_type_string) && (!judge->strict || has_only(value, set));
}

static bool module_fault(struct judge *judge, json_object *module, size_t m)
{
	if (!is_list_of(module, 2))
		return in_module(judge, m, not_pair);
	if (!good_string(judge, json_object_array_get_idx(module, 0), LETTERS "0123456789_.+{}@<> ~-"))
		return in_module(judge, m, bad_file);
	if (!good_string(judge, json_object_array_get_idx(module, 1), "0123456789abcdefABCDEF"))
		return in_module(judge, m, bad_id);
	return false;
}

static bool modules_fault(struct judge *judge, json_object *modules)
{
	if (!json_object_is_type(modules, json_type_array))
		return in_modules(judge, not_list);
	for (size_t m = 0; m < json_object_array_length(modules); m++)
		if (module_fault(judge, json_object_array_get_idx(modules, m), m))
			return true;
	return false;
}

static bool is_integer(json_object *value)
{
	return json_object_is_type(value, json_type_int) || json_object_is_type(value, json_type_boolean);
}

static const struct words *frame_problem(const struct judge *judge, json_object *frame, int64_t modules)
{
	json_object *index, *offset;
	int64_t least = judge->snappy ? INT64_MIN : -1;

	if (!is_list_of(frame, 2))
		return &bad_frame;
	index = json_object_array_get_idx(frame, 0);
	offset = json_object_array_get_idx(frame, 1);
	if (!is_integer(index))
		return &bad_index;
	if (json_object_get_int64(index) < least || json_object_get_int64(index) >= modules)
		return &far_index;
	return !is_integer(offset) || json_object_get_int64(offset) < least ? &bad_offset : NULL;
}

static bool stack_fault(struct judge *judge, json_object *stack, size_t s, int64_t modules)
{
	if (!json_object_is_type(stack, json_type_array))
		return in_stack(judge, s, bad_stack);
	for (size_t f = 0; f < json_object_array_length(stack); f++) {
		json_object *frame = json_object_array_get_idx(stack, f);
		const struct words *problem = frame_problem(judge, frame, modules);

		if (problem)
			return in_frame(judge, s, f, *problem);
	}
	return false;
}

static bool stacks_fault(struct judge *judge, json_object *stacks, int64_t modules)
{
	if (!json_object_is_type(stacks, json_type_array))
		return in_stacks(judge, not_lists);
	if (json_object_array_length(stacks) == 0)
		return in_stacks(judge, no_stacks);
	for (size_t s = 0; s < json_object_array_length(stacks); s++)
		if (stack_fault(judge, json_object_array_get_idx(stacks, s), s, modules))
			return true;
	return false;
}

static bool content_fault(struct judge *judge, json_object *modules, json_object *stacks)
{
	return modules_fault(judge, modules) ||
	       stacks_fault(judge, stacks, (int64_t)json_object_array_length(modules));
}

static bool job_fault(struct judge *judge, json_object *job)
{
	json_object *stacks, *modules;

	if (!json_object_is_type(job, json_type_object))
		return fault(judge, "job %u is invalid", judge->job);
	if (!json_object_object_get_ex(job, "stacks", &stacks))
		return fault(judge, "job %u is invalid: no stacks specified", judge->job);
	if (!json_object_object_get_ex(job, "memoryMap", &modules))
		return fault(judge, "job %u is invalid: no memoryMap specified", judge->job);
	return content_fault(judge, modules, stacks);
}

static bool jobs_fault(struct judge *judge, json_object *jobs)
{
	size_t count;

	if (json_object_is_type(jobs, json_type_object))
		return json_object_object_length(jobs) > 0 && fault(judge, "job 0 is invalid");
	if (!json_object_is_type(jobs, json_type_array))
		return fault(judge, "job 0 is invalid");
	count = json_object_array_length(jobs);
	if (count > 10)
		return fault(judge, "please limit number of jobs in a single request to <= 10");
	for (; judge->job < count; judge->job++)
		if (job_fault(judge, json_object_array_get_idx(jobs, judge->job)))
			return true;
	return false;
}

static bool snappy_fault(struct judge *judge, json_object *body)
{
	json_object *stacks, *modules, *version;

	if (!json_object_is_type(body, json_type_object))
		return fault(judge, "the body must be a JSON object");
	if (!json_object_object_get_ex(body, "stacks", &stacks))
		return fault(judge, "stacks is missing");
	if (!json_object_object_get_ex(body, "memoryMap", &modules))
		return fault(judge, "memoryMap is missing");
	if (!json_object_object_get_ex(body, "version", &version))
		return fault(judge, "version is missing");
	if (!json_object_is_type(version, json_type_int) ||
	    (json_object_get_int64(version) != 3 && json_object_get_int64(version) != 4))
		return fault(judge, "version must be the number 3 or 4");
	return content_fault(judge, modules, stacks);
}

static bool body_fault(struct judge *judge, enum protocol_api api, json_object *body)
{
	json_object *jobs;

	if (api == API_SNAPPY)
		return snappy_fault(judge, body);
	if (api == API_SYMBOLICATE_V5 && json_object_is_type(body, json_type_object) &&
	    json_object_object_get_ex(body, "jobs", &jobs))
		return jobs_fault(judge, jobs);
	return job_fault(judge, body);
}

static bool compare(enum protocol_api api, bool lenient, struct buf *body)
{
	struct protocol_options options = {.api = api, .lenient = lenient, .limits = {10, 100, 100, 1000}};
	struct judge judge = {.strict = !lenient && api != API_SNAPPY, .snappy = api == API_SNAPPY};
	json_object *tree = json_tokener_parse(buf_text(body));
	struct arena arena = ARENA_INIT;
	struct request request;
	struct debug_request debug;
	struct err err = ERR_INIT;
	enum protocol_verdict verdict;
	bool bad = body_fault(&judge, api, tree);

	verdict = protocol_decode(&options, buf_slice(body), &arena, &request, &debug, &err);
	if (!CHECK(verdict == (bad ? PROTOCOL_INVALID : PROTOCOL_REQUEST)) ||
	    !CHECK_SLICE(slice_of(err.msg), slice_of(judge.text)))
		tap_note("api %d lenient %d: %s", api, lenient, buf_text(body));
	json_object_put(tree);
	arena_release(&arena);
	return bad;
}

static void first_faults_agree(void)
{
	struct buf body = BUF_INIT;
	unsigned bad = 0;

	for (int i = 0; i < ROUNDS; i++) {
		enum protocol_api api = (enum protocol_api)random_below(3);

		buf_clear(&body);
		add_body(&body, api);
		bad += compare(api, random_below(2), &body);
	}
	/* Both kinds must be there in number, or the test says nothing. */
	CHECK(bad > ROUNDS / 5 && bad < ROUNDS / 5 * 4);
	tap_note("%u of %u refused", bad, ROUNDS);
	buf_release(&body);
}

int main(void)
{
	static const struct tap_case cases[] = {{"the first fault of random requests", first_faults_agree}};

	return tap_run(cases, TAP_COUNT(cases));
}
