/*
 * tests/uefi/say.c: output of the UEFI programs for tests.
 */
#include "tests/uefi/test.h"

#include <stdarg.h>

#include "core/console.h"
#include "core/log.h"

void say(const char *format, ...)
{
	char line[256];
	va_list arguments;
	size_t used;

	console_set_port("com1", 4);
	va_start(arguments, format);
	used = (size_t)print_format_list(line, sizeof(line) - 1, format, arguments);
	va_end(arguments);
	line[used++] = '\n';
	console_write(line, used);
}
