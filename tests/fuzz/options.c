/*
 * tests/fuzz/options.c: any text as the boot command line.
 */
#include "boot/options.h"

#include "core/console.h"
#include "core/log.h"
#include "core/string.h"
#include "input.h"

#define WORDS_BYTES 2048

enum log_level log_maximum;
bool log_stamped;

void log_line(enum log_level level, const char *format, ...)
{
	(void)level;
	(void)format;
}

bool console_set_port(const char *name, size_t length_bytes)
{
	return length_bytes != 0 && name[length_bytes - 1] != '9';
}

static void check_range(uint64_t value, uint64_t minimum, uint64_t maximum)
{
	FUZZ_MUST(value >= minimum && value <= maximum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length_bytes)
{
	const struct boot_options before = boot_options;
	char *line = malloc(length_bytes + 1);

	if (!line || length_bytes > WORDS_BYTES) {
		free(line);
		return 0;
	}
	memcpy(line, data, length_bytes);
	line[length_bytes] = '\0';
	options_parse(line);
	check_range(boot_options.memory_bytes, MIB(8), MIB(256));
	check_range(boot_options.heap_bytes, KIB(384), MIB(128));
	if (boot_options.budget_us != 0) /* said */
		check_range(boot_options.budget_us, 10, 10000000);
	if (boot_options.load_budget_ms != 0)
		check_range(boot_options.load_budget_ms, 1, 600000);
	check_range(boot_options.boot_drive, 0, 0xff);
	FUZZ_MUST(memchr(boot_options.settings, 0, sizeof(boot_options.settings)) != NULL);
	boot_options = before;
	free(line);
	return 0;
}
