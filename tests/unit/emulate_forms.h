/*
 * tests/unit/emulate_forms.h: tables of instruction forms, assembled with the test, and what runs
 * them natively and emulated.
 */
#ifndef TESTS_UNIT_EMULATE_FORMS_H
#define TESTS_UNIT_EMULATE_FORMS_H

#include "rv/types.h"

struct form {
	const uint8_t *bytes;
	uint64_t length_bytes;
	const char *text;
};

extern const struct form form_first[], form_last[];

/* One row of the table; FORM_BEGIN and FORM_END stand around all of them. */
#define FORM(text)                                                                                 \
	__asm__(".pushsection .rodata\n" FORM_MODE "661: " text "\n662: .code64\n.asciz \"" text   \
		"\"\n.popsection\n"                                                               \
		".pushsection form_table, \"aw\"\n.quad 661b, 662b - 661b, 662b\n.popsection\n");
#define FORM_LABEL(name)                                                                           \
	__asm__(".pushsection form_table, \"aw\"\n.globl " name "\n" name ":\n.popsection");
#define FORM_BEGIN FORM_LABEL("form_first")
#define FORM_END FORM_LABEL("form_last")

/* Runs the table in 64-bit code or in 32-bit code. Once with all memory claimed, once with half of
 * it. Fails the current case. */
void emulate_compare_forms(bool wide, bool all_claimed);

#endif
