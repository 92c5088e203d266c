/*
 * tests/engine/engine.c: a script engine that understands a few commands instead of Ruby, one a
 * line of its script:
 *   do ACTION [ARGUMENT]                  at once
 *   hook KIND FIRST LAST POLICY ACTION [ARGUMENT]
 *                                         when the event comes; POLICY: pass, deny, disable, observe
 *   check                                 tries every system call, prints ok and not ok lines
 *   fuzz COUNT SEED                       random system calls
 *   # ...                                 a comment
 * Actions are in action.c. Numbers are decimal, or hexadecimal after 0x.
 */
#define RV_KINDS_DEFINE
#include "tests/spec.h"
#include "engine.h"

static struct action engine_actions[ENGINE_HOOKS_MAXIMUM];
static uint64_t engine_nr_actions;

_Noreturn void engine_main(const struct rv_engine_info *info);
void *memset(void *to, int value, size_t length_bytes);
void *memcpy(void *restrict to, const void *restrict from, size_t length_bytes);

void *memset(void *to, int value, size_t length_bytes)
{
	uint8_t *at = to;

	for (size_t i = 0; i < length_bytes; i++)
		((volatile uint8_t *)at)[i] = (uint8_t)value;
	return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t length_bytes)
{
	for (size_t i = 0; i < length_bytes; i++)
		((volatile uint8_t *)to)[i] = ((const uint8_t *)from)[i];
	return to;
}

bool engine_equal(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static size_t engine_format_number(char *to, uint64_t number)
{
	size_t length = 0;

	to[length++] = '0';
	to[length++] = 'x';
	for (int shift = 60; shift >= 0; shift -= 4) {
		unsigned digit = number >> shift & 0xf;

		if (digit != 0 || length > 2 || shift == 0)
			to[length++] = "0123456789abcdef"[digit];
	}
	return length;
}

void engine_print(const char *format, const char *text, uint64_t number)
{
	char line[256];
	size_t length = 0;

	for (; *format != '\0' && length < sizeof(line) - 20; format++) {
		if (*format != '%') {
			line[length++] = *format;
		} else if (*++format == 's') {
			for (const char *p = text; *p != '\0' && length < sizeof(line) - 20; p++)
				line[length++] = *p;
		} else {
			length += engine_format_number(line + length, number);
		}
	}
	line[length++] = '\n';
	system_call(RV_SYS_LOG, RV_LOG_PLAIN, (uint64_t)line, length, 0);
}

void engine_expect(const char *name, int64_t got, int64_t wanted)
{
	if (got == wanted)
		engine_print("engine: ok %s", name, 0);
	else
		engine_print("engine: not ok %s: got %x", name, (uint64_t)got);
}

/* The next word of a line into `word`; returns where the rest starts. */
static const char *engine_word(const char *at, char *word, size_t word_bytes)
{
	size_t length = 0;

	while (*at == ' ' || *at == '\t')
		at++;
	while (*at != '\0' && *at != '\n' && *at != ' ' && *at != '\t') {
		if (length + 1 < word_bytes)
			word[length++] = *at;
		at++;
	}
	word[length] = '\0';
	return at;
}

static const char *engine_number(const char *at, uint64_t *number)
{
	char word[32];
	const char *p = word;
	uint64_t base = 10;

	at = engine_word(at, word, sizeof(word));
	*number = 0;
	if (p[0] == '0' && p[1] == 'x') {
		base = 16;
		p += 2;
	}
	for (; *p != '\0'; p++)
		*number = *number * base + (uint64_t)(*p <= '9' ? *p - '0' : (*p | 0x20) - 'a' + 10);
	return at;
}

static const char *engine_action(const char *at, struct action *action)
{
	at = engine_word(at, action->name, sizeof(action->name));
	return engine_number(at, &action->argument);
}

static uint32_t engine_find(const char *const *names, uint32_t count, const char *name)
{
	uint32_t i = 0;

	while (i < count && !engine_equal(names[i], name))
		i++;
	return i;
}

/* A timer has FIRST alone. PCI: FIRST is in the units of pci_address(), and the hook is for its function
 * alone. */
static struct rv_hook_spec engine_spec(uint32_t kind, uint64_t first, uint64_t last)
{
	struct rv_hook_spec spec;

	if (kind == RV_EVENT_TIMER)
		last = first;
	if (kind != RV_EVENT_PCI_CONFIG_READ && kind != RV_EVENT_PCI_CONFIG_WRITE)
		return spec_of(kind, first, last);
	spec = spec_of(kind, first & 0xfff, last & 0xfff);
	spec_add(&spec, "bus", UINT64_MAX, first >> 20, first >> 20);
	spec_add(&spec, "device", UINT64_MAX, first >> 15 & 0x1f, first >> 15 & 0x1f);
	spec_add(&spec, "function", UINT64_MAX, first >> 12 & 7, first >> 12 & 7);
	return spec;
}

static const char *engine_hook(const char *at)
{
	static const char *const policies[] = { "pass", "deny", "disable", "observe" };
	struct rv_hook_spec spec;
	uint64_t first, last;
	char word[32];
	int64_t id;

	at = engine_word(at, word, sizeof(word));
	at = engine_number(at, &first);
	at = engine_number(at, &last);
	spec = engine_spec(rv_kind_named(word), first, last);
	at = engine_word(at, word, sizeof(word));
	spec.on_error = engine_find(policies, ARRAY_LENGTH(policies), word);
	if (spec.on_error == 3) {
		spec.on_error = 0;
		spec.observe = 1;
	}
	spec.cookie = engine_nr_actions;
	at = engine_action(at, &engine_actions[engine_nr_actions++]);
	id = system_call(RV_SYS_HOOK_ADD, (uint64_t)&spec, 0, 0, 0);
	if (id < 0)
		engine_print("engine: not ok hook: %s %x", word, (uint64_t)id);
	return at;
}

static void engine_run_line(const char *at)
{
	struct action action;
	uint64_t count, seed;
	char word[32];

	at = engine_word(at, word, sizeof(word));
	if (engine_equal(word, "do")) {
		engine_action(at, &action);
		action_perform(&action);
	} else if (engine_equal(word, "hook")) {
		engine_hook(at);
	} else if (engine_equal(word, "check")) {
		check_system_calls();
	} else if (engine_equal(word, "fuzz")) {
		at = engine_number(at, &count);
		engine_number(at, &seed);
		fuzz_system_calls(count, seed);
	} else if (word[0] != '\0' && word[0] != '#') {
		engine_print("engine: not ok command %s", word, 0);
	}
}

_Noreturn void engine_main(const struct rv_engine_info *info)
{
	const char *at = (const char *)info->scripts[info->script_index].source;

	while (*at != '\0') {
		engine_run_line(at);
		while (*at != '\0' && *at++ != '\n')
			;
	}
	for (;;) {
		next_event();
		action_perform(&engine_actions[engine_event()->cookie % ENGINE_HOOKS_MAXIMUM]);
	}
}
