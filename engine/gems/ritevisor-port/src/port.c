/*
 * port.c: module Port: the machine's I/O ports, past all hooks.
 */
#include "engine/engine.h"

#include <mruby/presym.h>

void mrb_ritevisor_port_gem_init(mrb_state *mrb);
void mrb_ritevisor_port_gem_final(mrb_state *mrb);

static mrb_value port_read(mrb_state *mrb, uint64_t width_bytes, const char *what)
{
	uint64_t port = engine_to_unsigned(mrb, mrb_get_arg1(mrb), 0xffff, "port");

	return mrb_int_value(mrb, engine_check(mrb, what, port, sys_port_read(port, width_bytes)));
}

static mrb_value port_write(mrb_state *mrb, uint64_t width_bytes, const char *what)
{
	mrb_value port_value, data;
	uint64_t port, bits;

	mrb_get_args(mrb, "oo", &port_value, &data);
	port = engine_to_unsigned(mrb, port_value, 0xffff, "port");
	bits = engine_to_unsigned(mrb, data, (1ull << width_bytes * 8) - 1, "value");
	engine_check(mrb, what, port, sys_port_write(port, width_bytes, bits));
	return data;
}

#define PORT_ACCESSORS(bits) \
	static mrb_value port_read##bits(mrb_state *mrb, mrb_value self) \
	{ \
		return port_read(mrb, bits / 8, "Port.read" #bits); \
	} \
	static mrb_value port_write##bits(mrb_state *mrb, mrb_value self) \
	{ \
		return port_write(mrb, bits / 8, "Port.write" #bits); \
	}

PORT_ACCESSORS(8)
PORT_ACCESSORS(16)
PORT_ACCESSORS(32)

void mrb_ritevisor_port_gem_init(mrb_state *mrb)
{
	struct RClass *port = mrb_define_module(mrb, "Port");

	mrb_define_module_function_id(mrb, port, MRB_SYM(read8), port_read8, MRB_ARGS_REQ(1));
	mrb_define_module_function_id(mrb, port, MRB_SYM(read16), port_read16, MRB_ARGS_REQ(1));
	mrb_define_module_function_id(mrb, port, MRB_SYM(read32), port_read32, MRB_ARGS_REQ(1));
	mrb_define_module_function_id(mrb, port, MRB_SYM(write8), port_write8, MRB_ARGS_REQ(2));
	mrb_define_module_function_id(mrb, port, MRB_SYM(write16), port_write16, MRB_ARGS_REQ(2));
	mrb_define_module_function_id(mrb, port, MRB_SYM(write32), port_write32, MRB_ARGS_REQ(2));
}

void mrb_ritevisor_port_gem_final(mrb_state *mrb)
{
}
