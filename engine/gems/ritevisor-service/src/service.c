/*
 * service.c: what class Service has in C.
 */
#include "engine/engine.h"

#include "rv/errno.h"
#include "rv/service.h"

#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/presym.h>
#include <mruby/string.h>
#include <string.h>

void mrb_ritevisor_service_gem_init(mrb_state *mrb);
void mrb_ritevisor_service_gem_final(mrb_state *mrb);

static const struct {
	int number;
	const char *text;
} service_errors[] = {
	{ RV_ENOENT, "there is no such service" },
	{ RV_ENOTSUP, "it has nothing to do with scripts" },
	{ RV_EACCES, "given up by `powers` at the script's top level: name :service there to keep it" },
	{ RV_E2BIG, "a record has 4096 bytes at most" },
	{ RV_ENOMEM, "the hypervisor has not enough memory: give more with memory=" },
};

static const char *service_error(int64_t number)
{
	for (size_t i = 0; i < sizeof(service_errors) / sizeof(service_errors[0]); i++) {
		if (service_errors[i].number == number)
			return service_errors[i].text;
	}
	return "unknown error";
}

static void service_check(mrb_state *mrb, const char *what, int64_t result)
{
	if (result < 0)
		mrb_raisef(mrb, mrb_class_get(mrb, "AccessError"), "%s: %s (error %i)", what, service_error(-result),
			   (mrb_int)-result);
}

/* Service.__info(position) -> [name, flags, starts, turns, cycles, memory, moves, stops]; nil behind the last */
static mrb_value service_info(mrb_state *mrb, mrb_value self)
{
	struct rv_service_info info;
	mrb_value values[8];

	if (sys_service((uint64_t)mrb_as_int(mrb, mrb_get_arg1(mrb)), &info) < 0)
		return mrb_nil_value();
	values[0] = mrb_str_new(mrb, info.name, (mrb_int)strnlen(info.name, sizeof(info.name)));
	values[1] = mrb_fixnum_value((mrb_int)info.flags);
	values[2] = engine_from_u64(mrb, info.starts);
	values[3] = engine_from_u64(mrb, info.turns);
	values[4] = engine_from_u64(mrb, info.cycles);
	values[5] = engine_from_u64(mrb, info.memory_bytes);
	values[6] = engine_from_u64(mrb, info.moves);
	values[7] = engine_from_u64(mrb, info.stops);
	return mrb_ary_new_from_values(mrb, 8, values);
}

/* Service.__write(position, tag, bytes) -> false: not now */
static mrb_value service_write(mrb_state *mrb, mrb_value self)
{
	mrb_value tag, bytes;
	mrb_int position;
	int64_t result;

	mrb_get_args(mrb, "ioS", &position, &tag, &bytes);
	result = sys_service_write((uint64_t)position, (uint32_t)engine_to_unsigned(mrb, tag, UINT32_MAX, "tag"),
				   RSTRING_PTR(bytes), (uint64_t)RSTRING_LEN(bytes));
	if (result == -RV_EAGAIN)
		return mrb_false_value();
	service_check(mrb, "Service#write", result);
	return mrb_true_value();
}

/* Service.__read(position) -> [bytes, tag]; nil: there is none */
static mrb_value service_read(mrb_state *mrb, mrb_value self)
{
	mrb_value text = mrb_str_new(mrb, NULL, RV_SERVICE_BYTES), values[2];
	uint32_t tag = 0;
	int64_t result = sys_service_read((uint64_t)mrb_as_int(mrb, mrb_get_arg1(mrb)), RSTRING_PTR(text),
					  RV_SERVICE_BYTES, &tag);

	if (result == -RV_EAGAIN)
		return mrb_nil_value();
	service_check(mrb, "Service#read", result);
	values[0] = mrb_str_resize(mrb, text, (mrb_int)result);
	values[1] = mrb_fixnum_value((mrb_int)tag);
	return mrb_ary_new_from_values(mrb, 2, values);
}

void mrb_ritevisor_service_gem_init(mrb_state *mrb)
{
	struct RClass *service = mrb_define_class(mrb, "Service", mrb->object_class);

	mrb_define_class_method_id(mrb, service, MRB_SYM(__info), service_info, MRB_ARGS_REQ(1));
	mrb_define_class_method_id(mrb, service, MRB_SYM(__write), service_write, MRB_ARGS_REQ(3));
	mrb_define_class_method_id(mrb, service, MRB_SYM(__read), service_read, MRB_ARGS_REQ(1));
}

void mrb_ritevisor_service_gem_final(mrb_state *mrb)
{
}
