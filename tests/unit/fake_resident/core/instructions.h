/*
 * tests/unit/fake_resident/core/instructions.h: stands before core/instructions.h for the services' unit test: a clock
 * that the test sets.
 */
#ifndef CORE_INSTRUCTIONS_H
#define CORE_INSTRUCTIONS_H

#include "rv/types.h"

extern uint64_t fake_tsc;

static inline uint64_t tsc_read(void)
{
	return fake_tsc;
}

#endif
