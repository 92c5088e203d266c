/*
 * tests/unit/unit.h: the little that a unit test program needs: named cases, each printing
 * "ok NAME" or "not ok NAME: why".
 */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a program returns that cannot run here, and has said why: neither passed nor failed. */
enum { UNIT_SKIPPED = 77 };

/* One of each a program, however many files include this. */
__attribute__((weak)) char unit_why[512];
__attribute__((weak)) int unit_failed;

/* Notes why the case fails; the first reason is kept. */
__attribute__((format(printf, 1, 2))) static inline void unit_fail(const char *format, ...)
{
	va_list arguments;

	if (unit_why[0] != '\0')
		return;
	va_start(arguments, format);
	vsnprintf(unit_why, sizeof(unit_why), format, arguments);
	va_end(arguments);
}

#define UNIT_CHECK(condition)                                                                      \
	do {                                                                                       \
		if (!(condition))                                                                  \
			unit_fail("%s:%d: %s", __FILE__, __LINE__, #condition);                    \
	} while (0)

#define UNIT_EQUAL(got, wanted)                                                                    \
	do {                                                                                       \
		unsigned long long unit_got = (unsigned long long)(got);                           \
		unsigned long long unit_wanted = (unsigned long long)(wanted);                     \
		if (unit_got != unit_wanted)                                                       \
			unit_fail("%s:%d: %s is %#llx, not %#llx", __FILE__, __LINE__, #got,       \
				  unit_got, unit_wanted);                                          \
	} while (0)

static inline void unit_run(const char *name, void (*body)(void))
{
	unit_why[0] = '\0';
	body();
	if (unit_why[0] != '\0') {
		unit_failed = 1;
		printf("not ok %s: %s\n", name, unit_why);
	} else {
		printf("ok %s\n", name);
	}
	fflush(stdout);
}

#ifdef UNIT_FUZZED
/* A sequence that a fuzzer makes up (tests/fuzz/sequence.c): the program's part is this, and its random numbers are the
 * fuzzer's. */
void unit_sequence(void);
unsigned long long unit_random(void);
int unit_main(void);
#define main unit_main
#else
/* xorshift64*: the same numbers in every run. */
static inline unsigned long long unit_random(void)
{
	static unsigned long long state = 0x9e3779b97f4a7c15ull;

	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dull;
}
#endif

#endif
