/*
 * tests/fuzz/decimal.c: reading and printing floats: what the host's C library reads and prints,
 * exactly; the shortest text reads back as the same number.
 */
#include <math.h>
#include <stdio.h>

#include "../softfloat/engine_libc.h"
#include "input.h"

#define TEXT_BYTES 200

int engine_mrb_format_float(uint64_t value, char *text, size_t size, char format, int precision,
			    char sign);
int engine_engine_format_float_shortest(uint64_t value, char *text, size_t size, char format,
					int precision, char sign);
_Bool engine_mrb_read_float(const char *text, char **end, uint64_t *value);

static void check_text(struct input *input)
{
	char text[TEXT_BYTES + 1] = "", *end, *wanted_end;
	size_t length = input->left < TEXT_BYTES ? input->left : TEXT_BYTES;
	uint64_t value;
	double wanted;

	input_take(input, text, length);
	/* Other than the host: no hexadecimal, infinities and NaNs. */
	for (size_t i = 0; i < length; i++)
		if (strchr("xXnNiIpP", text[i]))
			return;
	wanted = strtod(text, &wanted_end);
	if (!engine_mrb_read_float(text, &end, &value))
		return;
	FUZZ_MUST(value == bits_of(wanted));
	FUZZ_MUST(end == wanted_end);
}

static void check_number(uint64_t bits, char format, int precision)
{
	char text[2000], wanted[2000], pattern[8];

	if (!isfinite(value_of(bits)))
		return;
	engine_engine_format_float_shortest(bits, text, sizeof(text), 'g', 15, '\0');
	FUZZ_MUST(bits_of(strtod(text, NULL)) == bits);
	snprintf(pattern, sizeof(pattern), "%%.*%c", format);
	snprintf(wanted, sizeof(wanted), pattern, precision, value_of(bits));
	engine_mrb_format_float(bits, text, sizeof(text), format, precision, '\0');
	FUZZ_MUST(strcmp(text, wanted) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length_bytes)
{
	struct input input = {data, length_bytes};
	uint64_t bits = input_number(&input, 8), choice = input_number(&input, 2);

	check_number(bits, "efg"[choice % 3], (int)(choice / 3 % 60));
	check_text(&input);
	return 0;
}
