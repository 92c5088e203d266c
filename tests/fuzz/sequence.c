/*
 * tests/fuzz/sequence.c: a sequence of tests/unit's labs, in which guest, device, hooks and time do what the input says:
 * each random number is two of its bytes, and after its end as in tests/unit. Whatever the lab checks must hold.
 */
#include "input.h"
#include "unit.h"

static struct input numbers;
static uint64_t state;

unsigned long long unit_random(void)
{
	if (numbers.left != 0) /* small remainders are the low bits' alone: what a fuzzer changes, it changes there */
		return input_number(&numbers, 2) * UINT64_C(0x1000100010001);
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * UINT64_C(0x2545f4914f6cdd1d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length_bytes)
{
	numbers = (struct input){ data, length_bytes };
	state = UINT64_C(0x9e3779b97f4a7c15);
	for (size_t i = 0; i < length_bytes; i++)
		state = (state ^ data[i]) * UINT64_C(0x100000001b3); /* each input goes on in its own way */
	state |= 1;
	unit_why[0] = '\0';
	unit_sequence();
	if (unit_why[0] != '\0')
		fprintf(stderr, "%s\n", unit_why);
	FUZZ_MUST(unit_why[0] == '\0');
	return 0;
}
