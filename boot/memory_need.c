/*
 * boot/memory_need.c: the table of who asks for how much of our memory.
 */
#include "boot/memory_need.h"

#include "boot/options_limits.h"
#include "core/log.h"
#include "core/string.h"

/* What a boot brings in. */
enum {
	WITH_ALL = 1 << 0,	/* each boot */
	WITH_SCRIPTS = 1 << 1,
	WITH_LIVE = 1 << 2,	/* scripts that are loaded while the guest runs */
	WITH_SERVICES = 1 << 3,
	WITH_ENCRYPTION = 1 << 4,
	WITH_TUNNEL = 1 << 5,
};

static const struct {
	const char *word; /* the beginning of an option */
	uint32_t with;
} memory_words[] = {
	{ "control=load", WITH_LIVE },
	{ "control=policy", WITH_LIVE },
	{ "services=", WITH_SERVICES },
	{ "encrypt=", WITH_ENCRYPTION },
	{ "vpn=", WITH_TUNNEL },
};

/* A row counts if one of `with` is there. */
static const struct memory_row {
	const char *what;
	uint64_t bytes;	      /* if no option says so */
	const char *option;   /* NULL, or: what its number is in the place of */
	uint32_t with;
	bool is_each;	      /* of each script at boot */
} memory_rows[] = {
	/* Image, page tables, CPUs with their stacks, nested tables, the log. */
	{ "itself", MIB(16), NULL, WITH_ALL, false },
	/* Queues in the place of the guest's, and 64 requests of 128 KiB on their way (mediator/bounce.h). */
	{ "requests of devices", MIB(8), NULL, WITH_SCRIPTS | WITH_LIVE | WITH_ENCRYPTION | WITH_TUNNEL, false },
	/* An engine has a copy of what is open, a stack, and of its heap what it has used: one of them may use all. */
	{ "engines", MIB(1), NULL, WITH_SCRIPTS, true },
	{ "a script's heap", option_heap_standard, "heap=", WITH_SCRIPTS, false },
	{ "a live script", option_live_heap_standard, "live_heap=", WITH_LIVE, false },
	{ "another", option_live_heap_standard, "live_heap=", WITH_LIVE, false },
	{ "services", MIB(1), NULL, WITH_SERVICES, false },
	/* All that the guest has on its way goes through memory of ours. */
	{ "encrypted disks", MIB(24), NULL, WITH_ENCRYPTION, false },
	{ "the tunnel", MIB(2), NULL, WITH_TUNNEL, false },
};

/* The next word of options: its length, and *word is where it begins; 0: there is none. */
static size_t memory_next_word(const char **word)
{
	size_t length = 0;

	while (**word == ' ')
		(*word)++;
	while ((*word)[length] != '\0' && (*word)[length] != ' ')
		length++;
	return length;
}

static bool memory_starts_with(const char *word, size_t length, const char *start)
{
	return length >= strlen(start) && strncmp(word, start, strlen(start)) == 0;
}

/* The last number of that option, `otherwise` if there is none that is in its bounds. */
static uint64_t memory_option(const char *options, const char *name, uint64_t minimum, uint64_t otherwise)
{
	const char *word = options;
	uint64_t result = otherwise, bytes;
	size_t length;

	for (; (length = memory_next_word(&word)) != 0; word += length) {
		if (memory_starts_with(word, length, name) &&
		    string_to_size(word + strlen(name), length - strlen(name), &bytes) && bytes >= minimum &&
		    bytes <= option_memory_maximum)
			result = bytes;
	}
	return result;
}

static uint32_t memory_count_scripts(const struct boot_info *info)
{
	uint32_t count = 0;

	for (size_t i = 0; i < info->nr_modules; i++)
		count += info->modules[i].kind == BOOT_MODULE_SCRIPT;
	return count;
}

static uint32_t memory_find_with(const struct boot_info *info)
{
	uint32_t with = WITH_ALL | (memory_count_scripts(info) != 0 ? WITH_SCRIPTS : 0);
	const char *word = info->command_line;
	size_t length;

	for (; (length = memory_next_word(&word)) != 0; word += length) {
		for (size_t i = 0; i < ARRAY_LENGTH(memory_words); i++) {
			if (memory_starts_with(word, length, memory_words[i].word))
				with |= memory_words[i].with;
		}
	}
	return with;
}

/* Modules are moved into our memory, all of them. */
static uint64_t memory_module_bytes(const struct boot_info *info)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < info->nr_modules; i++)
		bytes += align_up(info->modules[i].length_bytes, PAGE_BYTES);
	return align_up(bytes, MIB(1));
}

static uint64_t memory_row_bytes(const struct memory_row *row, const struct boot_info *info, uint32_t with)
{
	uint64_t bytes = row->bytes;

	if (!(row->with & with))
		return 0;
	if (row->option != NULL)
		bytes = align_up(memory_option(info->command_line, row->option, 1, bytes), MIB(1));
	return row->is_each ? bytes * memory_count_scripts(info) : bytes;
}

/* One more part of the text. */
static void memory_say(char *text, size_t text_bytes, uint64_t bytes, const char *what)
{
	size_t length = strlen(text);

	if (bytes != 0)
		print_format(text + length, text_bytes - length, "%s%u MiB %s", length != 0 ? ", " : "",
			     (unsigned)(bytes >> 20), what);
}

uint64_t memory_need_describe(const struct boot_info *info, char *text, size_t text_bytes)
{
	uint64_t sum = memory_module_bytes(info), bytes;
	uint32_t with = memory_find_with(info);

	text[0] = '\0';
	for (size_t i = 0; i < ARRAY_LENGTH(memory_rows); i++) {
		bytes = memory_row_bytes(&memory_rows[i], info, with);
		sum += bytes;
		memory_say(text, text_bytes, bytes, memory_rows[i].what);
	}
	memory_say(text, text_bytes, memory_module_bytes(info), "modules");
	return align_up(sum < option_memory_maximum ? sum : option_memory_maximum, MIB(2));
}

uint64_t memory_need_bytes(const struct boot_info *info)
{
	char text[8];
	uint64_t asked = memory_need_describe(info, text, sizeof(text));

	return align_up(memory_option(info->command_line, "memory=", option_memory_minimum, asked), MIB(2));
}
