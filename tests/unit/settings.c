/*
 * tests/unit/settings.c: words of the boot line that nobody knows are told, those that somebody may read
 * are not.
 */
#include "boot/settings.h"

#include <stdarg.h>
#include <stdio.h>

#include "boot/boot_info.h"
#include "boot/options.h"
#include "core/console.h"
#include "core/log.h"
#include "fake_machine.h"
#include "unit.h"

struct boot_info boot_info;
enum log_level log_maximum;
bool log_stamped;
uint8_t *fake_memory;

static char told[512];
static unsigned warnings;

void log_line(enum log_level level, const char *format, ...)
{
	va_list arguments;

	UNIT_CHECK(level == LOG_WARNING || level == LOG_ERROR);
	va_start(arguments, format);
	vsnprintf(told, sizeof(told), format, arguments);
	va_end(arguments);
	warnings++;
}

bool console_set_port(const char *name, size_t length_bytes)
{
	(void)name;
	return length_bytes != 0;
}

static void check(const char *line, const char *script)
{
	size_t length = strlen(script);

	warnings = 0;
	told[0] = '\0';
	boot_options.settings[0] = '\0';
	memcpy(fake_memory + 0x1000, script, length);
	boot_info.nr_modules = 1;
	boot_info.modules[0] = (struct boot_module){.kind = BOOT_MODULE_SCRIPT, .data = 0x1000,
						    .length_bytes = length};
	options_parse(line);
	settings_check();
}

static void test_declared(void)
{
	check("summary memory=64M", "");
	UNIT_EQUAL(warnings, 0);
	check("ports=1 trace.ports=2 depth=3 x", "a = setting(:ports, 1)\nsetting 'depth'; setting \"x\"");
	UNIT_EQUAL(warnings, 0);
	check("anything at=all", "puts ARGV");
	UNIT_EQUAL(warnings, 0);
	check("anything", "Machine.settings.each {}");
	UNIT_EQUAL(warnings, 0);
}

static void test_unknown(void)
{
	check("strcit", "");
	UNIT_EQUAL(warnings, 1);
	UNIT_CHECK(strstr(told, "strcit") && strstr(told, "is it strict?"));
	check("port=1", "setting(:ports)");
	UNIT_CHECK(strstr(told, "is it ports?") != NULL);
	check("trace.prots=1", "setting(:ports)");
	UNIT_CHECK(strstr(told, "is it ports?") != NULL);
	check("xyzzy", "setting(:ports)");
	UNIT_EQUAL(warnings, 1);
	UNIT_CHECK(strstr(told, "is it") == NULL);
	check("one_of_more_than_thirty_one_letters=1", "setting(:one_of_more_than_thirty_one_letters)");
	UNIT_EQUAL(warnings, 0);
}

/* A text that ends anywhere is read no further. */
static void test_ends(void)
{
	static const char text[] = "setting(:ports, ARGV";

	for (size_t length = 0; length < sizeof(text); length++) {
		char *script = malloc(length + 1);

		memcpy(script, text, length);
		script[length] = '\0';
		check("nothing", script);
		UNIT_EQUAL(warnings, length < sizeof(text) - 1);
		free(script);
	}
}

static void test_limits(void)
{
	check("budget_us=20000000", "");
	UNIT_EQUAL(warnings, 1);
	UNIT_EQUAL(boot_options.budget_us, 0);
	check("budget_us=10000000", "");
	UNIT_EQUAL(warnings, 0);
	UNIT_EQUAL(boot_options.budget_us, 10000000);
}

int main(void)
{
	fake_memory = aligned_alloc(MIB(2), FAKE_MEMORY_BYTES);
	unit_run("settings_declared", test_declared);
	unit_run("settings_unknown", test_unknown);
	unit_run("settings_ends", test_ends);
	unit_run("settings_limits", test_limits);
	return unit_failed;
}
