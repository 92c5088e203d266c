/*
 * spec_text.h: filters that are one word about several fields: id: "8086:100e".
 */
#ifndef RITEVISOR_HOOK_SPEC_TEXT_H
#define RITEVISOR_HOOK_SPEC_TEXT_H

#include "engine/engine.h"
#include "rv/kinds.h"

/* Takes a text apart: numbers[i] is of the field text->fields[i]. Returns how many there are; raises
 * ArgumentError. */
unsigned int spec_text_parse(mrb_state *mrb, const struct rv_kind *kind, const struct rv_text *text,
			     mrb_value word, uint64_t numbers[RV_TEXT_FIELDS_MAXIMUM]);

#endif
