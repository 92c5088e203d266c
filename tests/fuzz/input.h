/*
 * tests/fuzz/input.h: takes a fuzzer's input apart; what is missing at its end is zero.
 */
#ifndef TESTS_FUZZ_INPUT_H
#define TESTS_FUZZ_INPUT_H

#include <stdlib.h>
#include <string.h>

#include "rv/types.h"

struct input {
	const uint8_t *bytes;
	size_t left;
};

static inline void input_take(struct input *input, void *to, size_t length_bytes)
{
	size_t have = length_bytes < input->left ? length_bytes : input->left;

	memset(to, 0, length_bytes);
	if (have != 0)
		memcpy(to, input->bytes, have);
	input->bytes += have;
	input->left -= have;
}

static inline uint64_t input_number(struct input *input, unsigned length_bytes)
{
	uint64_t value = 0;

	input_take(input, &value, length_bytes);
	return value;
}

/* What must hold whatever the input. */
#define FUZZ_MUST(condition)                                                                       \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length_bytes);

#endif
