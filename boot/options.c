/*
 * boot/options.c: reads the boot line by boot/options_table.h. A word that is no option of ours is a
 * setting for the scripts (boot/settings.c).
 */
#include "boot/options.h"

#include "boot/encrypt.h"
#include "boot/vpn.h"
#include "boot/options_limits.h"
#include "boot/panic_test.h"
#include "core/console.h"
#include "core/log.h"
#include "core/string.h"
#include "rv/abi.h"

_Static_assert(option_panic_by_maximum == PANIC_TEST_END - 1, "each way to panic");
_Static_assert(option_budget_us_maximum == RV_BUDGET_US_MAXIMUM, "a budget that every hook takes");

#define OPTION_TEXT(name)
#define OPTION_FLAG(name, member, value)
#define OPTION_NUMBER(name, member, standard, minimum, maximum) .member = standard,
struct boot_options boot_options = {
	.screen = true,
#include "boot/options_table.h"
};
#undef OPTION_NUMBER

#define OPTION_NUMBER(name, member, standard, minimum, maximum)                                    \
	{ #name "=", &boot_options.member, minimum, maximum },
static const struct {
	const char *name;
	uint64_t *number; /* with K, M or G behind it */
	uint64_t minimum, maximum;
} options_numbers[] = {
#include "boot/options_table.h"
};
#undef OPTION_NUMBER
#undef OPTION_FLAG

#define OPTION_NUMBER(name, member, standard, minimum, maximum)
#define OPTION_FLAG(name, member, value) { #name, &boot_options.member, value },
static const struct {
	const char *name;
	bool *flag;
	bool value;
} options_flags[] = {
#include "boot/options_table.h"
};
#undef OPTION_NUMBER
#undef OPTION_FLAG
#undef OPTION_TEXT

#define OPTION_NUMBER(name, member, standard, minimum, maximum) #name,
#define OPTION_FLAG(name, member, value) #name,
#define OPTION_TEXT(name) #name,
static const char *const options_names[] = {
#include "boot/options_table.h"
};

const char *options_name(size_t index)
{
	return index < ARRAY_LENGTH(options_names) ? options_names[index] : NULL;
}

static bool options_number(const char *word, size_t length)
{
	for (size_t i = 0; i < ARRAY_LENGTH(options_numbers); i++) {
		size_t name = strlen(options_numbers[i].name);
		uint64_t value;

		if (length < name || strncmp(word, options_numbers[i].name, name) != 0)
			continue;
		if (!string_to_size(word + name, length - name, &value) ||
		    value < options_numbers[i].minimum || value > options_numbers[i].maximum)
			log_error("option %.*s: give a number from %lu to %lu; the default stays",
				  (int)length, word, options_numbers[i].minimum,
				  options_numbers[i].maximum);
		else
			*options_numbers[i].number = value;
		return true;
	}
	return false;
}

static bool options_word_is(const char *word, size_t length, const char *name)
{
	return strlen(name) == length && strncmp(word, name, length) == 0;
}

static bool options_flag(const char *word, size_t length)
{
	for (size_t i = 0; i < ARRAY_LENGTH(options_flags); i++) {
		if (options_word_is(word, length, options_flags[i].name)) {
			*options_flags[i].flag = options_flags[i].value;
			return true;
		}
	}
	return false;
}

static bool options_log(const char *word, size_t length)
{
	static const char *const levels[] = { "error", "warning", "notice", "info", "debug" };

	if (length > 8 && strncmp(word, "console=", 8) == 0) {
		if (!console_set_port(word + 8, length - 8)) {
			console_set_port("com1", 4);
			log_error("option %.*s: give com1 to com4, a port such as 0x3f8, debug or none",
				  (int)length, word);
		}
		return true;
	}
	if (length >= 4 && strncmp(word, "log=", 4) == 0) {
		log_stamped = !options_word_is(word, length, "log=plain");
		if (log_stamped && !options_word_is(word, length, "log=stamped"))
			log_error("option %.*s: give plain or stamped", (int)length, word);
		return true;
	}
	if (length <= 9 || strncmp(word, "loglevel=", 9) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_LENGTH(levels); i++) {
		if (options_word_is(word + 9, length - 9, levels[i])) {
			log_maximum = (enum log_level)i;
			return true;
		}
	}
	log_error("option %.*s: give error, warning, notice, info or debug", (int)length, word);
	return true;
}

/* What is not understood is the strictest, so that a slip of the pen leaves nothing open. */
static bool options_iommu(const char *word, size_t length)
{
	if (length < 6 || strncmp(word, "iommu=", 6) != 0)
		return false;
	if (options_word_is(word, length, "iommu=guest"))
		boot_options.iommu = IOMMU_WISH_GUEST;
	else if (options_word_is(word, length, "iommu=off"))
		boot_options.iommu = IOMMU_WISH_OFF;
	else
		boot_options.iommu = IOMMU_WISH_OWN;
	if (boot_options.iommu == IOMMU_WISH_OWN && !options_word_is(word, length, "iommu=own"))
		log_error("option %.*s: give own, guest or off; taken for own", (int)length, word);
	return true;
}

/* Which of some words follows a name; -1: none of them. */
static int options_choice(const char *word, size_t length, const char *const choices[], size_t nr_choices)
{
	for (size_t i = 0; i < nr_choices; i++) {
		if (options_word_is(word, length, choices[i]))
			return (int)i;
	}
	return -1;
}

/* Of these too what is not understood is the strictest. */
static bool options_control(const char *word, size_t length)
{
	static const char *const levels[] = { "control=off", "control=read", "control=load", "control=policy" };
	static const char *const sleeps[] = { "sleep=deny", "sleep=allow", "sleep=policy" };
	static const char *const auths[] = { "auth=root", "auth=open", "auth=key" };
	int choice;

	if (length >= 8 && strncmp(word, "control=", 8) == 0) {
		choice = options_choice(word, length, levels, ARRAY_LENGTH(levels));
		boot_options.control = choice < 0 ? CONTROL_OFF : (enum control_level)choice;
		if (choice < 0)
			log_error("option %.*s: give off, read, load or policy; taken for off", (int)length, word);
		return true;
	}
	if (length >= 6 && strncmp(word, "sleep=", 6) == 0) {
		choice = options_choice(word, length, sleeps, ARRAY_LENGTH(sleeps));
		boot_options.sleep = choice < 0 ? SLEEP_DENY : (enum sleep_wish)choice;
		if (choice < 0)
			log_error("option %.*s: give deny, allow or policy; taken for deny", (int)length, word);
		return true;
	}
	if (length < 5 || strncmp(word, "auth=", 5) != 0)
		return false;
	choice = options_choice(word, length, auths, ARRAY_LENGTH(auths));
	boot_options.auth = choice < 0 ? CONTROL_AUTH_ROOT : (enum control_auth)choice;
	if (choice < 0)
		log_error("option %.*s: give root, key or open; taken for root", (int)length, word);
	return true;
}

/* Keys stay texts, which only the program that checks signatures reads. One that is too long is cut, so that it is none:
 * then no key of its list is good; more than there is room for are counted, with the same effect. */
static void options_key(const char *key, size_t length, char keys[][VERIFY_KEY_BYTES], unsigned *nr_keys)
{
	if (*nr_keys < VERIFY_KEYS_MAXIMUM)
		memcpy(keys[*nr_keys], key, length < VERIFY_KEY_BYTES ? length : VERIFY_KEY_BYTES - 1);
	*nr_keys += *nr_keys <= VERIFY_KEYS_MAXIMUM;
}

static bool options_keys(const char *word, size_t length)
{
	static const char trusted[] = "trusted_key=", control[] = "control_key=";
	const size_t begin = sizeof(trusted) - 1;

	_Static_assert(sizeof(trusted) == sizeof(control), "one length");
	if (length >= begin && strncmp(word, trusted, begin) == 0) {
		boot_options.signatures.required = true; /* whoever names a key wants signatures */
		options_key(word + begin, length - begin, boot_options.signatures.keys,
			    &boot_options.signatures.nr_keys);
		return true;
	}
	if (length < begin || strncmp(word, control, begin) != 0)
		return false;
	options_key(word + begin, length - begin, boot_options.control_keys.keys, &boot_options.control_keys.nr_keys);
	return true;
}

/* One that is none is the highest, so that a slip of the pen lets nothing old in. */
static bool options_lowest_serial(const char *word, size_t length)
{
	static const char name[] = "lowest_serial=";
	const size_t begin = sizeof(name) - 1;

	if (length < begin || strncmp(word, name, begin) != 0)
		return false;
	if (!string_to_number(word + begin, length - begin, &boot_options.signatures.lowest_serial)) {
		boot_options.signatures.lowest_serial = UINT64_MAX;
		log_error("option %.*s: give a number; no script's serial will do", (int)length, word);
	}
	return true;
}

/* What it means is seen when the wire is started. */
static bool options_wire(const char *word, size_t length)
{
	if (length < 5 || strncmp(word, "wire=", 5) != 0)
		return false;
	if (length - 5 >= sizeof(boot_options.wire)) {
		log_error("option %.*s: give com1 to com4, or a port such as 0x2e8", (int)length, word);
		return true;
	}
	memcpy(boot_options.wire, word + 5, length - 5);
	boot_options.wire[length - 5] = '\0';
	return true;
}

/* What they mean is seen when they are started. */
static bool options_services(const char *word, size_t length)
{
	static const char name[] = "services=";
	const size_t begin = sizeof(name) - 1;

	if (length < begin || strncmp(word, name, begin) != 0)
		return false;
	if (length - begin >= sizeof(boot_options.services)) {
		log_error("option %.*s: the names take %zu bytes at most", (int)length, word,
			  sizeof(boot_options.services) - 1);
		return true;
	}
	memcpy(boot_options.services, word + begin, length - begin);
	boot_options.services[length - begin] = '\0';
	return true;
}

/* For the prompt, which was before us (boot/passphrase.h). */
static bool options_keymap(const char *word, size_t length)
{
	return length >= 7 && strncmp(word, "keymap=", 7) == 0;
}

/* Adds a word to a list of them. False: it does not fit. */
static bool options_append(char *list, size_t list_bytes, const char *word, size_t length)
{
	size_t used = strlen(list);

	if (used + length + 2 > list_bytes)
		return false;
	if (used != 0)
		list[used++] = ' ';
	memcpy(list + used, word, length);
	list[used + length] = '\0';
	return true;
}

static void options_setting(const char *word, size_t length)
{
	if (!options_append(boot_options.settings, sizeof(boot_options.settings), word, length))
		log_error("option %.*s: settings of scripts take %zu bytes at most", (int)length, word,
			  sizeof(boot_options.settings));
}

/* A name that is missing, or has no room, is not forgotten: boot/policy.c stops the boot. */
static bool options_require(const char *word, size_t length)
{
	static const char name[] = "require=";
	size_t begin = sizeof(name) - 1;

	if (length < begin || strncmp(word, name, begin) != 0)
		return options_word_is(word, length, "require") && (boot_options.required_over = true);
	if (length == begin || !options_append(boot_options.required, sizeof(boot_options.required),
					       word + begin, length - begin))
		boot_options.required_over = true;
	return true;
}

void options_parse(const char *command_line)
{
	console_set_port("com1", 4);
	while (*command_line != '\0') {
		size_t length = 0;

		while (command_line[length] != '\0' && command_line[length] != ' ')
			length++;
		if (length != 0 && !options_log(command_line, length) &&
		    !options_require(command_line, length) && !options_iommu(command_line, length) &&
		    !options_control(command_line, length) && !options_wire(command_line, length) &&
		    !options_keys(command_line, length) && !options_lowest_serial(command_line, length) &&
		    !options_services(command_line, length) && !options_keymap(command_line, length) &&
		    !encrypt_option(command_line, length) && !vpn_option(command_line, length) &&
		    !options_flag(command_line, length) && !options_number(command_line, length))
			options_setting(command_line, length);
		command_line += length;
		while (*command_line == ' ')
			command_line++;
	}
}
