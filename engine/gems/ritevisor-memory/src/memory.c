/*
 * memory.c: module Memory: the RAM of the guest by guest-physical address.
 */
#include "engine/engine.h"
#include "engine/vm/string.h"

#include <mruby/presym.h>
#include <mruby/string.h>
#include <string.h>

void mrb_ritevisor_memory_gem_init(mrb_state *mrb);
void mrb_ritevisor_memory_gem_final(mrb_state *mrb);

enum { MEMORY_READ_MAXIMUM_BYTES = 1 << 20 };

/* Memory.read(address, bytes) -> a binary String */
static mrb_value memory_read(mrb_state *mrb, mrb_value self)
{
	mrb_value address_value, text;
	mrb_int bytes;
	uint64_t address;

	mrb_get_args(mrb, "oi", &address_value, &bytes);
	address = engine_to_u64(mrb, address_value);
	if (bytes < 0 || bytes > MEMORY_READ_MAXIMUM_BYTES)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "a read takes 0 to %i bytes, not %i",
			   (mrb_int)MEMORY_READ_MAXIMUM_BYTES, bytes);
	text = string_new_binary(mrb, NULL, bytes);
	if (bytes > 0)
		engine_check(mrb, "Memory.read", address,
			     sys_memory_read(address, RSTRING_PTR(text), (uint64_t)bytes));
	return text;
}

/* Memory.write(address, string) -> number of bytes */
static mrb_value memory_write(mrb_state *mrb, mrb_value self)
{
	mrb_value address_value, text;
	uint64_t address;

	mrb_get_args(mrb, "oS", &address_value, &text);
	address = engine_to_u64(mrb, address_value);
	if (RSTRING_LEN(text) > 0)
		engine_check(mrb, "Memory.write", address,
			     sys_memory_write(address, RSTRING_PTR(text),
					      (uint64_t)RSTRING_LEN(text)));
	return mrb_int_value(mrb, RSTRING_LEN(text));
}

static mrb_value memory_read_integer(mrb_state *mrb, uint64_t width_bytes, const char *what)
{
	uint64_t address = engine_to_u64(mrb, mrb_get_arg1(mrb)), value = 0;

	engine_check(mrb, what, address, sys_memory_read(address, &value, width_bytes));
	return engine_from_u64(mrb, value);
}

static mrb_value memory_write_integer(mrb_state *mrb, uint64_t width_bytes, const char *what)
{
	mrb_value address_value, data;
	uint64_t address, bits;

	mrb_get_args(mrb, "oo", &address_value, &data);
	address = engine_to_u64(mrb, address_value);
	bits = engine_to_unsigned(mrb, data,
				  width_bytes == 8 ? UINT64_MAX : (1ull << width_bytes * 8) - 1,
				  "value");
	engine_check(mrb, what, address, sys_memory_write(address, &bits, width_bytes));
	return data;
}

#define MEMORY_ACCESSORS(bits) \
	static mrb_value memory_read##bits(mrb_state *mrb, mrb_value self) \
	{ \
		return memory_read_integer(mrb, bits / 8, "Memory.read" #bits); \
	} \
	static mrb_value memory_write##bits(mrb_state *mrb, mrb_value self) \
	{ \
		return memory_write_integer(mrb, bits / 8, "Memory.write" #bits); \
	}

MEMORY_ACCESSORS(8)
MEMORY_ACCESSORS(16)
MEMORY_ACCESSORS(32)
MEMORY_ACCESSORS(64)

void mrb_ritevisor_memory_gem_init(mrb_state *mrb)
{
	struct RClass *memory = mrb_define_module(mrb, "Memory");

	mrb_define_module_function_id(mrb, memory, MRB_SYM(read), memory_read, MRB_ARGS_REQ(2));
	mrb_define_module_function_id(mrb, memory, MRB_SYM(write), memory_write, MRB_ARGS_REQ(2));
#define MEMORY_DEFINE(bits) \
	mrb_define_module_function(mrb, memory, "read" #bits, memory_read##bits, MRB_ARGS_REQ(1)); \
	mrb_define_module_function(mrb, memory, "write" #bits, memory_write##bits, MRB_ARGS_REQ(2))
	MEMORY_DEFINE(8);
	MEMORY_DEFINE(16);
	MEMORY_DEFINE(32);
	MEMORY_DEFINE(64);
}

void mrb_ritevisor_memory_gem_final(mrb_state *mrb)
{
}
