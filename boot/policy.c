/*
 * boot/policy.c: finds policies among the modules.
 */
#include "boot/policy.h"

#include "boot/boot_info.h"
#include "boot/options.h"
#include "core/log.h"
#include "core/string.h"
#include "rv/policy.h"

static bool policy_wanted;
static char policy_why[128]; /* empty: nothing is known to be wrong */

/* With or without ".rb". */
static bool policy_name_is(const char *name, const char *wanted, size_t length)
{
	return strncmp(name, wanted, length) == 0 &&
	       (name[length] == '\0' || strcmp(name + length, ".rb") == 0);
}

/* Marks the modules of that name. False: there is none. */
static bool policy_require(const char *name, size_t length)
{
	bool found = false;

	for (size_t i = 0; i < boot_info.nr_modules; i++) {
		struct boot_module *module = &boot_info.modules[i];

		if (module->kind == BOOT_MODULE_SCRIPT && policy_name_is(module->name, name, length))
			found = module->policy = true;
	}
	return found;
}

static void policy_require_all(const char *names)
{
	while (*names != '\0') {
		size_t length = 0;

		while (names[length] != '\0' && names[length] != ' ')
			length++;
		policy_wanted = true;
		if (!policy_require(names, length) && policy_why[0] == '\0')
			print_format(policy_why, sizeof(policy_why), "require=%.*s: no such script was loaded",
				     (int)length, names);
		names += length;
		while (*names == ' ')
			names++;
	}
}

void policy_find(void)
{
	policy_wanted = false;
	policy_why[0] = '\0';
	if (boot_options.rescue)
		return;
	for (size_t i = 0; i < boot_info.nr_modules; i++) {
		struct boot_module *module = &boot_info.modules[i];

		module->policy = module->kind == BOOT_MODULE_SCRIPT &&
				 rv_is_policy((const char *)module->data, module->length_bytes);
		policy_wanted |= module->policy;
	}
	policy_require_all(boot_options.required);
	policy_wanted |= boot_info.is_policy_left_out || boot_info.command_line_cut ||
			 boot_options.required_over;
	if (boot_info.command_line_cut || boot_options.required_over)
		string_copy(policy_why, "the boot line, or what it says by require=, is too long",
			    sizeof(policy_why));
	else if (policy_wanted && boot_info.nr_modules_over != 0)
		string_copy(policy_why, "there are too many scripts", sizeof(policy_why));
	else if (boot_info.is_policy_left_out)
		string_copy(policy_why, "a policy is a module of no kind that is known", sizeof(policy_why));
}

bool policy_is_wanted(void)
{
	return policy_wanted;
}

const char *policy_hindrance(void)
{
	return policy_wanted && policy_why[0] != '\0' ? policy_why : NULL;
}
