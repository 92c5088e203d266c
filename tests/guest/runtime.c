/*
 * tests/guest/runtime.c: from entry to guest_main(), the command line's options, and the few
 * functions that the compiler calls by itself.
 */
#include "guest.h"

/* Multiboot 1 information, 3.3. */
struct multiboot_information {
	uint32_t flags, memory_lower, memory_upper, boot_device, command_line;
};
#define MULTIBOOT_COMMAND_LINE 0x4u

static char command_line[512];

void guest_start(const struct multiboot_information *information);

void guest_start(const struct multiboot_information *information)
{
	const char *line = "";

	if (information->flags & MULTIBOOT_COMMAND_LINE)
		line = (const char *)(uintptr_t)information->command_line;
	serial_init();
	fault_init();
	option_init(line);
	guest_print("guest: started, options: %s\n", command_line);
	guest_main();
	guest_print("guest: done\n");
	guest_power_off();
}

void option_init(const char *line)
{
	size_t length = strlen(line);

	if (length >= sizeof(command_line))
		length = sizeof(command_line) - 1;
	memcpy(command_line, line, length);
	command_line[length] = '\0';
}

/* The text behind `name=`, NULL if there is none. */
static const char *option_find(const char *name)
{
	size_t length = strlen(name);

	for (const char *p = command_line; *p; p++) {
		bool word = p == command_line || p[-1] == ' ';

		if (word && memcmp(p, name, length) == 0 && p[length] == '=')
			return p + length + 1;
	}
	return NULL;
}

const char *number_parse(const char *text, uint64_t *value)
{
	unsigned base = 10;

	if (text[0] == '0' && text[1] == 'x') {
		base = 16;
		text += 2;
	}
	for (*value = 0;; text++) {
		unsigned digit;

		if (*text >= '0' && *text <= '9')
			digit = (unsigned)(*text - '0');
		else if (base == 16 && *text >= 'a' && *text <= 'f')
			digit = (unsigned)(*text - 'a' + 10);
		else
			return text;
		*value = *value * base + digit;
	}
}

bool option_number(const char *name, uint64_t *value)
{
	const char *text = option_find(name);

	if (!text)
		return false;
	number_parse(text, value);
	return true;
}

uint64_t option_number_or(const char *name, uint64_t value_if_absent)
{
	option_number(name, &value_if_absent);
	return value_if_absent;
}

bool option_range(const char *name, uint64_t *first, uint64_t *last)
{
	const char *text = option_find(name);

	if (!text)
		return false;
	text = number_parse(text, first);
	if (*text != '-')
		return false;
	number_parse(text + 1, last);
	return true;
}

bool option_text(const char *name, char *value, size_t value_bytes)
{
	const char *text = option_find(name);
	size_t i = 0;

	if (!text)
		return false;
	for (; text[i] && text[i] != ' ' && i + 1 < value_bytes; i++)
		value[i] = text[i];
	value[i] = '\0';
	return true;
}

bool option_word(unsigned number, char *word, size_t word_bytes)
{
	const char *p = command_line;
	size_t length = 0;

	for (; number && *p; p++)
		if (*p == ' ')
			number--;
	if (!*p)
		return false;
	for (; p[length] && p[length] != ' ' && length + 1 < word_bytes; length++)
		word[length] = p[length];
	word[length] = '\0';
	return true;
}

void *memcpy(void *to, const void *from, size_t length_bytes)
{
	void *result = to;

	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(length_bytes) : : "memory");
	return result;
}

void *memset(void *to, int byte, size_t length_bytes)
{
	void *result = to;

	__asm__ volatile("rep stosb" : "+D"(to), "+c"(length_bytes) : "a"(byte) : "memory");
	return result;
}

int memcmp(const void *left, const void *right, size_t length_bytes)
{
	const uint8_t *l = left, *r = right;

	for (; length_bytes; length_bytes--, l++, r++)
		if (*l != *r)
			return *l - *r;
	return 0;
}

size_t strlen(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	return length;
}
