/*
 * boot/uefi/config.c: the parser of ritevisor.conf.
 */
#include "boot/uefi/config.h"

#include "core/string.h"

void config_set_defaults(struct config *config, bool is_sealed)
{
	memset(config, 0, sizeof(*config));
	string_copy(config->hypervisor, "ritevisor.elf", sizeof(config->hypervisor));
	string_copy(config->engine, "engine.elf", sizeof(config->engine));
	config->rescue_key_ms = is_sealed ? 0 : 500;
	config->attempts = is_sealed ? 0 : 3;
}

static bool config_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* What is refused leaves everything as it was: a file's other lines count all the same. */

/* Adds words to a command line; false if they do not fit. */
static bool config_join(char *to, size_t to_bytes, const char *words)
{
	size_t used = strlen(to);

	if (used + 1 + strlen(words) + 1 > to_bytes)
		return false;
	if (used != 0)
		to[used++] = ' ';
	string_copy(to + used, words, to_bytes - used);
	for (; to[used] != '\0'; used++) {
		if (to[used] == '\t')
			to[used] = ' ';
	}
	return true;
}

static bool config_copy(char *to, size_t to_bytes, const char *value)
{
	if (*value == '\0' || strlen(value) >= to_bytes)
		return false;
	string_copy(to, value, to_bytes);
	return true;
}

static bool config_number(uint64_t *to, uint64_t maximum, const char *value)
{
	uint64_t number;

	if (!string_to_number(value, strlen(value), &number) || number > maximum)
		return false;
	*to = number;
	return true;
}

static bool config_add(char names[][CONFIG_NAME_BYTES], size_t *count, size_t maximum, const char *value)
{
	if (*count == maximum || !config_copy(names[*count], CONFIG_NAME_BYTES, value))
		return false;
	++*count;
	return true;
}

/* "rescue", or with a value. */
static bool config_rescue(struct config *config, const char *value)
{
	uint64_t number = 1;

	if (value != NULL && !config_number(&number, 1, value))
		return false;
	config->rescue = number != 0;
	return true;
}

/* value: NULL for a line without "=". */
static bool config_set(struct config *config, const char *key, const char *value)
{
	if (strcmp(key, "rescue") == 0)
		return config_rescue(config, value);
	if (value == NULL)
		return false;
	if (strcmp(key, "options") == 0)
		return config_join(config->options, sizeof(config->options), value);
	if (strcmp(key, "script") == 0)
		return config_add(config->scripts, &config->nr_scripts, RV_SCRIPTS_MAXIMUM, value);
	if (strcmp(key, "file") == 0)
		return config_add(config->files, &config->nr_files, BOOT_FILES_MAXIMUM, value);
	if (strcmp(key, "chain") == 0)
		return config_copy(config->chain, sizeof(config->chain), value);
	if (strcmp(key, "chain_options") == 0)
		return config_join(config->chain_options, sizeof(config->chain_options), value);
	if (strcmp(key, "hypervisor") == 0)
		return config_copy(config->hypervisor, sizeof(config->hypervisor), value);
	if (strcmp(key, "engine") == 0)
		return config_copy(config->engine, sizeof(config->engine), value);
	if (strcmp(key, "rescue_key_ms") == 0)
		return config_number(&config->rescue_key_ms, CONFIG_RESCUE_KEY_MS_MAXIMUM, value);
	if (strcmp(key, "attempts") == 0)
		return config_number(&config->attempts, UINT64_MAX, value);
	return false;
}

/* One line, which is changed. */
static bool config_line(char *line, struct config *config)
{
	size_t length = strlen(line);
	char *value = NULL, *key_end;

	while (length != 0 && config_is_space(line[length - 1]))
		line[--length] = '\0';
	while (config_is_space(*line))
		line++;
	if (*line == '\0' || *line == '#')
		return true;
	for (key_end = line; *key_end != '\0' && *key_end != '='; key_end++)
		;
	if (*key_end == '=') {
		value = key_end + 1;
		while (config_is_space(*value))
			value++;
	}
	while (key_end > line && config_is_space(key_end[-1]))
		key_end--;
	*key_end = '\0';
	return config_set(config, line, value);
}

unsigned config_parse(const char *text, struct config *config)
{
	unsigned number = 0, wrong = 0;

	/* Editors may begin a file with the mark of UTF-8. */
	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	while (*text != '\0') {
		char line[CONFIG_LINE_LENGTH_MAXIMUM + 1];
		size_t length = 0;

		while (text[length] != '\0' && text[length] != '\n')
			length++;
		number++;
		if (length > CONFIG_LINE_LENGTH_MAXIMUM) {
			wrong = wrong != 0 ? wrong : number;
		} else {
			memcpy(line, text, length);
			line[length] = '\0';
			if (!config_line(line, config) && wrong == 0)
				wrong = number;
		}
		text += length + (text[length] == '\n');
	}
	return wrong;
}
