/*
 * tests/unit/policy.c: which scripts are policies, and what is said to be wrong before any runs.
 */
#include "boot/policy.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "boot/boot_info.h"
#include "boot/options.h"
#include "core/console.h"
#include "core/log.h"
#include "rv/policy.h"
#include "unit.h"

struct boot_info boot_info;
enum log_level log_maximum;
bool log_stamped;

void log_line(enum log_level level, const char *format, ...)
{
	(void)level;
	(void)format;
}

int print_format(char *buffer, size_t buffer_bytes, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(buffer, buffer_bytes, format, arguments);
	va_end(arguments);
	return length;
}

bool console_set_port(const char *name, size_t length_bytes)
{
	(void)name;
	return length_bytes != 0;
}

static bool is_policy(const char *text)
{
	return rv_is_policy(text, strlen(text));
}

static void test_text(void)
{
	UNIT_CHECK(is_policy("policy!"));
	UNIT_CHECK(is_policy("\xef\xbb\xbfpolicy!\non(:cpuid) {"));
	UNIT_CHECK(is_policy("# what it is\n\t policy!\n"));
	UNIT_CHECK(is_policy("x = 1\r\npolicy! # here"));
	UNIT_CHECK(is_policy("powers :log; policy!"));
	UNIT_CHECK(is_policy("x = (1\npolicy!")); /* no Ruby */
	UNIT_CHECK(!is_policy(""));
	UNIT_CHECK(!is_policy("policy"));
	UNIT_CHECK(!is_policy("# policy!\nputs 'policy!'\n"));
	UNIT_CHECK(!is_policy("a policy!\n"));
	UNIT_CHECK(!rv_is_policy("policy!", 6));
}

/* One script and a line of options; whether a policy is wanted, and the hindrance. */
static void expect(const char *name, const char *text, const char *line, bool wanted, const char *why)
{
	boot_options.required[0] = '\0';
	boot_options.required_over = boot_options.rescue = false;
	boot_info.nr_modules = 1;
	boot_info.modules[0] = (struct boot_module){ .kind = BOOT_MODULE_SCRIPT, .data = (uint64_t)text,
						     .length_bytes = strlen(text) };
	strcpy(boot_info.modules[0].name, name);
	options_parse(line);
	policy_find();
	UNIT_EQUAL(policy_is_wanted(), wanted);
	UNIT_CHECK((policy_hindrance() == NULL) == (why == NULL));
	if (why != NULL && policy_hindrance() != NULL)
		UNIT_EQUAL(strncmp(policy_hindrance(), why, strlen(why)), 0);
	if (why == NULL)
		UNIT_EQUAL(boot_info.modules[0].policy, wanted);
}

static void test_wanted(void)
{
	char line[700] = "require=";

	expect("a.rb", "puts 1", "", false, NULL);
	expect("a.rb", "policy!", "", true, NULL);
	expect("a.rb", "policy!", "rescue require=b", false, NULL);
	expect("a.rb", "puts 1", "require=a", true, NULL);
	expect("a.rb", "puts 1", "summary require=a.rb memory=64M", true, NULL);
	expect("a.rb", "puts 1", "require=a require=b", true, "require=b: no such script");
	expect("a.rb", "puts 1", "require=", true, "the boot line");
	expect("a.rb", "puts 1", "require", true, "the boot line");
	expect("a.rbx", "puts 1", "require=a", true, "require=a: no such");
	expect("a.rb", "puts 1", "require=a.r", true, "require=a.r: no such");
	memset(line + 8, 'x', 600);
	expect("a.rb", "puts 1", line, true, "the boot line");
	boot_info.command_line_cut = true;
	expect("a.rb", "puts 1", "", true, "the boot line");
	boot_info.command_line_cut = false;
	boot_info.nr_modules_over = 1;
	expect("a.rb", "puts 1", "", false, NULL);
	expect("a.rb", "policy!", "", true, "there are too many");
	boot_info.nr_modules_over = 0;
	boot_info.nr_modules_unknown = 1;
	boot_info.is_policy_left_out = true;
	expect("a.rb", "puts 1", "", true, "a policy is a module of no kind");
}

int main(void)
{
	unit_run("policy_text", test_text);
	unit_run("policy_wanted", test_wanted);
	return unit_failed;
}
