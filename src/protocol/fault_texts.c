/* SPDX-License-Identifier: MIT */
/* What the client reads about each fault. */
#include "protocol/decode.h"

/* What a fault lies in, which says how its text begins. */
enum place { IN_JOB, IN_MODULES, IN_MODULE, IN_STACKS, IN_STACK, IN_FRAME };

static const struct fault_text {
	enum place place;
	const char *eliot;
	const char *snappy;
} texts[] = {
	[FAULT_NOT_OBJECT] = {IN_JOB, "", "the body must be a JSON object"},
	[FAULT_NO_STACKS] = {IN_JOB, ": no stacks specified", "stacks is missing"},
	[FAULT_NO_MODULES] = {IN_JOB, ": no memoryMap specified", "memoryMap is missing"},
	[FAULT_MODULES_NOT_LIST] = {IN_MODULES, "modules must be a list", "must be a list"},
	[FAULT_MODULE_NOT_PAIR] = {IN_MODULE, "does not have a debug_filename and debug_id",
				   "must be a list of two strings, the debug file and the debug id"},
	[FAULT_MODULE_NAME] = {IN_MODULE, "has an invalid debug_filename",
			       "has a debug file that is no string"},
	[FAULT_MODULE_ID] = {IN_MODULE, "has an invalid debug_id", "has a debug id that is no string"},
	[FAULT_STACKS_NOT_LIST] = {IN_STACKS, "stacks must be a list of lists", "must be a list"},
	[FAULT_STACKS_EMPTY] = {IN_STACKS, "no stacks specified", "is empty"},
	[FAULT_STACK_NOT_LIST] = {IN_STACK, "is not a list", "must be a list"},
	[FAULT_FRAME_NOT_PAIR] = {IN_FRAME, "is not a list of two items",
				  "must be a list of two integers, the module index and the offset"},
	[FAULT_INDEX_TYPE] = {IN_FRAME, "has an invalid module_index",
			      "has a module index that is no integer"},
	[FAULT_INDEX_RANGE] = {IN_FRAME, "has a module_index that isn't in modules",
			       "has a module index beyond the end of memoryMap"},
	[FAULT_OFFSET] = {IN_FRAME, "has an invalid module_offset", "has an offset that is no integer"},
};

enum protocol_verdict eliot_refuse(uint32_t job, struct fault fault, struct err *err)
{
	const char *text = texts[fault.kind].eliot;

	switch (texts[fault.kind].place) {
	case IN_JOB:
		err_set(err, ERR_INPUT, "job %u is invalid%s", job, text);
		break;
	case IN_MODULES:
		err_set(err, ERR_INPUT, "job %u has invalid modules: %s", job, text);
		break;
	case IN_MODULE:
		err_set(err, ERR_INPUT, "job %u has invalid modules: module index %u %s", job, fault.module,
			text);
		break;
	case IN_STACKS:
		err_set(err, ERR_INPUT, "job %u has invalid stacks: %s", job, text);
		break;
	case IN_STACK:
		err_set(err, ERR_INPUT, "job %u has invalid stacks: stack %u %s", job, fault.stack, text);
		break;
	case IN_FRAME:
		err_set(err, ERR_INPUT, "job %u has invalid stacks: stack %u frame %u %s", job, fault.stack,
			fault.frame, text);
		break;
	}
	return PROTOCOL_INVALID;
}

enum protocol_verdict snappy_refuse(struct fault fault, struct err *err)
{
	const char *text = texts[fault.kind].snappy;

	switch (texts[fault.kind].place) {
	case IN_JOB:
		err_set(err, ERR_INPUT, "%s", text);
		break;
	case IN_MODULES:
		err_set(err, ERR_INPUT, "memoryMap %s", text);
		break;
	case IN_MODULE:
		err_set(err, ERR_INPUT, "memoryMap entry %u %s", fault.module, text);
		break;
	case IN_STACKS:
		err_set(err, ERR_INPUT, "stacks %s", text);
		break;
	case IN_STACK:
		err_set(err, ERR_INPUT, "stack %u %s", fault.stack, text);
		break;
	case IN_FRAME:
		err_set(err, ERR_INPUT, "stack %u frame %u %s", fault.stack, fault.frame, text);
		break;
	}
	return PROTOCOL_INVALID;
}
