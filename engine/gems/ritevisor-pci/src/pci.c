/*
 * pci.c: PCI configuration space, past all hooks. mrblib/pci.rb makes devices of it.
 */
#include "engine/engine.h"

#include <mruby/presym.h>

void mrb_ritevisor_pci_gem_init(mrb_state *mrb);
void mrb_ritevisor_pci_gem_final(mrb_state *mrb);

enum { PCI_BDF_LAST = 0xffff, PCI_OFFSET_LAST = 0xfff };

static uint64_t pci_width(mrb_state *mrb, mrb_int width_bytes)
{
	if (width_bytes != 1 && width_bytes != 2 && width_bytes != 4)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "a width is 1, 2 or 4 bytes, not %i", width_bytes);
	return (uint64_t)width_bytes;
}

/* PCI.config_read(bdf, offset, width = 4) */
static mrb_value pci_config_read(mrb_state *mrb, mrb_value self)
{
	mrb_value bdf_value, offset_value;
	mrb_int width_bytes = 4;
	uint64_t bdf, offset;

	mrb_get_args(mrb, "oo|i", &bdf_value, &offset_value, &width_bytes);
	bdf = engine_to_unsigned(mrb, bdf_value, PCI_BDF_LAST, "bus, device and function");
	offset = engine_to_unsigned(mrb, offset_value, PCI_OFFSET_LAST, "offset");
	return mrb_int_value(mrb, engine_check(mrb, "PCI.config_read", offset,
					       sys_pci_read(bdf, offset,
							    pci_width(mrb, width_bytes))));
}

/* PCI.config_write(bdf, offset, value, width = 4) */
static mrb_value pci_config_write(mrb_state *mrb, mrb_value self)
{
	mrb_value bdf_value, offset_value, value;
	mrb_int width_bytes = 4;
	uint64_t bdf, offset, width, bits;

	mrb_get_args(mrb, "ooo|i", &bdf_value, &offset_value, &value, &width_bytes);
	bdf = engine_to_unsigned(mrb, bdf_value, PCI_BDF_LAST, "bus, device and function");
	offset = engine_to_unsigned(mrb, offset_value, PCI_OFFSET_LAST, "offset");
	width = pci_width(mrb, width_bytes);
	bits = engine_to_unsigned(mrb, value, (1ull << width * 8) - 1, "value");
	engine_check(mrb, "PCI.config_write", offset, sys_pci_write(bdf, offset, width, bits));
	return value;
}

void mrb_ritevisor_pci_gem_init(mrb_state *mrb)
{
	struct RClass *pci = mrb_define_module(mrb, "PCI");

	mrb_define_module_function_id(mrb, pci, MRB_SYM(config_read), pci_config_read, MRB_ARGS_ARG(2, 1));
	mrb_define_module_function_id(mrb, pci, MRB_SYM(config_write), pci_config_write, MRB_ARGS_ARG(3, 1));
}

void mrb_ritevisor_pci_gem_final(mrb_state *mrb)
{
}
