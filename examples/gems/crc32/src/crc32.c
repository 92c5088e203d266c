/*
 * crc32.c: Crc32.of(bytes, start = 0): the check sum of Ethernet, ZIP and PNG (IEEE 802.3,
 * reflected: 0xedb88320). `start` is the sum of what came before.
 */
#include <mruby.h>
#include <mruby/string.h>
#include <stdint.h>

void mrb_crc32_gem_init(mrb_state *mrb);
void mrb_crc32_gem_final(mrb_state *mrb);

static uint32_t crc32_step(uint32_t sum, unsigned char byte)
{
	sum ^= byte;
	for (int bit = 0; bit < 8; bit++)
		sum = sum >> 1 ^ (sum & 1 ? 0xedb88320u : 0);
	return sum;
}

static mrb_value crc32_of(mrb_state *mrb, mrb_value self)
{
	mrb_int start = 0, length;
	const char *bytes;
	uint32_t sum;

	mrb_get_args(mrb, "s|i", &bytes, &length, &start);
	sum = ~(uint32_t)start;
	for (mrb_int i = 0; i < length; i++)
		sum = crc32_step(sum, (unsigned char)bytes[i]);
	return mrb_int_value(mrb, (mrb_int)(uint32_t)~sum);
}

void mrb_crc32_gem_init(mrb_state *mrb)
{
	struct RClass *module = mrb_define_module(mrb, "Crc32");

	mrb_define_module_function(mrb, module, "of", crc32_of, MRB_ARGS_ARG(1, 1));
}

void mrb_crc32_gem_final(mrb_state *mrb)
{
}
