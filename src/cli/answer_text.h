/* SPDX-License-Identifier: MIT */
/* Answers as lines for people and as JSON. */
#ifndef CLI_ANSWER_TEXT_H
#define CLI_ANSWER_TEXT_H

#include "base/buf.h"
#include "symbols/answer.h"

/* One line of JSON; `answer` is NULL where no symbol covers the address. */
void answer_add_json(struct buf *buf, uint64_t address, const struct symbol_answer *answer);

/* One line, and one more for each function inlined there, innermost first. */
void answer_add_text(struct buf *buf, uint64_t address, const struct symbol_answer *answer);

#endif
