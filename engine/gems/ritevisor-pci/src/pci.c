/*
 * pci.c: PCI configuration space, past all hooks, and the table of BARs. mrblib/pci.rb makes devices of it.
 */
#include "engine/engine.h"

#include <mruby/array.h>
#include <mruby/presym.h>
#include <rv/errno.h>

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

/* PCI.__bar(bdf, number): [address, size, in ports, wide], nil if there is none; the size is 0 if it is not
 * known. */
static mrb_value pci_bar(mrb_state *mrb, mrb_value self)
{
	mrb_value bdf_value, fields[4];
	mrb_int number;
	struct rv_pci_bar bar;
	int64_t result;

	mrb_get_args(mrb, "oi", &bdf_value, &number);
	result = sys_pci_bar(engine_to_unsigned(mrb, bdf_value, PCI_BDF_LAST, "bus, device and function"),
			     (uint64_t)number, &bar);
	if (result == -RV_ENOENT)
		return mrb_nil_value();
	engine_check(mrb, "PCI::Device#bar", (uint64_t)number, result);
	fields[0] = engine_from_u64(mrb, bar.address);
	fields[1] = engine_from_u64(mrb, bar.size_bytes);
	fields[2] = mrb_bool_value(bar.flags & RV_PCI_BAR_PORT);
	fields[3] = mrb_bool_value(bar.flags & RV_PCI_BAR_WIDE);
	return mrb_ary_new_from_values(mrb, 4, fields);
}

/* PCI.__switch_off(bdf): the bits of the command register that stay set. */
static mrb_value pci_switch_off(mrb_state *mrb, mrb_value self)
{
	mrb_value bdf_value;
	uint64_t bdf;

	mrb_get_args(mrb, "o", &bdf_value);
	bdf = engine_to_unsigned(mrb, bdf_value, PCI_BDF_LAST, "bus, device and function");
	return mrb_int_value(mrb, engine_check(mrb, "PCI::Device#hide", bdf, sys_pci_switch_off(bdf)));
}

void mrb_ritevisor_pci_gem_init(mrb_state *mrb)
{
	struct RClass *pci = mrb_define_module(mrb, "PCI");

	mrb_define_module_function_id(mrb, pci, MRB_SYM(config_read), pci_config_read, MRB_ARGS_ARG(2, 1));
	mrb_define_module_function_id(mrb, pci, MRB_SYM(config_write), pci_config_write, MRB_ARGS_ARG(3, 1));
	mrb_define_module_function_id(mrb, pci, MRB_SYM(__bar), pci_bar, MRB_ARGS_REQ(2));
	mrb_define_module_function_id(mrb, pci, MRB_SYM(__switch_off), pci_switch_off, MRB_ARGS_REQ(1));
}

void mrb_ritevisor_pci_gem_final(mrb_state *mrb)
{
}
