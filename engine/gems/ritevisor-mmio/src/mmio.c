/*
 * mmio.c: module Mmio: registers of devices at guest-physical addresses, past all hooks.
 */
#include "engine/engine.h"

#include <mruby/presym.h>

void mrb_ritevisor_mmio_gem_init(mrb_state *mrb);
void mrb_ritevisor_mmio_gem_final(mrb_state *mrb);

static uint64_t mmio_width(mrb_state *mrb, mrb_int width_bytes)
{
	if (width_bytes != 1 && width_bytes != 2 && width_bytes != 4 && width_bytes != 8)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "a width is 1, 2, 4 or 8 bytes, not %i",
			   width_bytes);
	return (uint64_t)width_bytes;
}

/* Mmio.read(address, width = 4) */
static mrb_value mmio_read(mrb_state *mrb, mrb_value self)
{
	mrb_value address_value;
	mrb_int width_bytes = 4;
	uint64_t address, value = 0;

	mrb_get_args(mrb, "o|i", &address_value, &width_bytes);
	address = engine_to_u64(mrb, address_value);
	engine_check(mrb, "Mmio.read", address,
		     sys_mmio_read(address, mmio_width(mrb, width_bytes), &value));
	return engine_from_u64(mrb, value);
}

/* Mmio.write(address, value, width = 4) */
static mrb_value mmio_write(mrb_state *mrb, mrb_value self)
{
	mrb_value address_value, value;
	mrb_int width_bytes = 4;
	uint64_t address, width, bits;

	mrb_get_args(mrb, "oo|i", &address_value, &value, &width_bytes);
	address = engine_to_u64(mrb, address_value);
	width = mmio_width(mrb, width_bytes);
	bits = engine_to_unsigned(mrb, value, width == 8 ? UINT64_MAX : (1ull << width * 8) - 1,
				  "value");
	engine_check(mrb, "Mmio.write", address, sys_mmio_write(address, width, bits));
	return value;
}

void mrb_ritevisor_mmio_gem_init(mrb_state *mrb)
{
	struct RClass *mmio = mrb_define_module(mrb, "Mmio");

	mrb_define_module_function_id(mrb, mmio, MRB_SYM(read), mmio_read, MRB_ARGS_ARG(1, 1));
	mrb_define_module_function_id(mrb, mmio, MRB_SYM(write), mmio_write, MRB_ARGS_ARG(2, 1));
}

void mrb_ritevisor_mmio_gem_final(mrb_state *mrb)
{
}
