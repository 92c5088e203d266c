/*
 * regexp.h: what the files of this gem share among themselves.
 */
#ifndef RITEVISOR_REGEXP_REGEXP_H
#define RITEVISOR_REGEXP_REGEXP_H

#include "engine/engine.h"

/* Options of a Regexp, with Ruby's numbers. */
enum { REGEXP_IGNORECASE = 1, REGEXP_EXTENDED = 2, REGEXP_MULTILINE = 4, REGEXP_NOENCODING = 32 };

bool regexp_is(mrb_state *mrb, mrb_value value);

/* string.c: the methods of String that take a Regexp. */
void string_init(mrb_state *mrb);

#endif
