/*
 * error.c: negative results of system calls as Ruby exceptions that say what to do.
 */
#include "engine/engine.h"

struct error_text {
	int number;
	const char *text;
};

static const struct error_text error_texts[] = {
	{ RV_EPERM, "not allowed: it belongs to the hypervisor, or could harm it" },
	{ RV_ENOENT, "there is no such thing" },
	{ RV_E2BIG, "too long for one call: split it" },
	{ RV_EAGAIN, "not now: ask inside a hook's block, while its event is open" },
	{ RV_ENOMEM, "out of memory: raise the engine's heap quota or keep less" },
	{ RV_EACCES, "given up by `powers` at the script's top level: name it there to keep it" },
	{ RV_EFAULT, "nothing answers there: the address or register does not exist" },
	{ RV_EBUSY, "taken by another script or driver: use another range, or turn that hook off" },
	{ RV_EEXIST, "it exists already" },
	{ RV_EINVAL, "this width or alignment is not possible here: use 1, 2, 4 or 8 bytes, aligned" },
	{ RV_ENOSPC, "the table is full: turn hooks off that are no longer needed" },
	{ RV_ERANGE, "outside what this machine has" },
	{ RV_ENOSYS, "this hypervisor does not offer it" },
	{ RV_ENODATA, "the size of this BAR is not known: its device came after the boot; set the hook before the guest "
		      "switches it on" },
	{ RV_ENOTSUP, "this CPU or machine cannot do it" },
};

static const char *error_text(int64_t number)
{
	for (size_t i = 0; i < ARRAY_LENGTH(error_texts); i++) {
		if (error_texts[i].number == number)
			return error_texts[i].text;
	}
	return "unknown error";
}

/* 0x1f0 and the like; mrb_raisef has no %x. */
static const char *error_hex(uint64_t value, char buffer[19])
{
	char *digit = &buffer[18];

	*digit = '\0';
	do {
		*--digit = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (value);
	*--digit = 'x';
	*--digit = '0';
	return digit;
}

_Noreturn void engine_raise(mrb_state *mrb, const char *what, uint64_t address, int64_t result)
{
	struct RClass *class = mrb_class_get(mrb, "AccessError");
	char buffer[19];

	mrb_raisef(mrb, class, "%s %s: %s (error %i)", what, error_hex(address, buffer),
		   error_text(-result), (mrb_int)-result);
	__builtin_unreachable();
}
