/*
 * boot/settings.c: finds which settings scripts declare, in their text: `setting(:name, default)` is how
 * (docs/machine.md), and a word that is mistyped would else say nothing. It warns only.
 */
#include "boot/settings.h"

#include "boot/boot_info.h"
#include "boot/options.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"

#define NAME_LENGTH_MAXIMUM 31
#define NEAR_DISTANCE 2 /* letters missing, too many or wrong */

struct name {
	const char *text;
	size_t length;
};

/* The word's name, and what fits it best so far. */
struct settings_search {
	struct name name;
	struct name nearest;
	size_t distance;
};

static bool settings_is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static size_t settings_minimum(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance, one row at a time. */
static size_t settings_distance(struct name a, struct name b)
{
	size_t row[NAME_LENGTH_MAXIMUM + 1];

	if (a.length == b.length && strncmp(a.text, b.text, a.length) == 0)
		return 0;
	if (a.length > NAME_LENGTH_MAXIMUM || b.length > NAME_LENGTH_MAXIMUM)
		return NAME_LENGTH_MAXIMUM;
	for (size_t i = 0; i <= b.length; i++)
		row[i] = i;
	for (size_t i = 1; i <= a.length; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t k = 1; k <= b.length; k++) {
			size_t changed = diagonal + (a.text[i - 1] != b.text[k - 1]);

			diagonal = row[k];
			row[k] = settings_minimum(changed, settings_minimum(row[k], row[k - 1]) + 1);
		}
	}
	return row[b.length];
}

static void settings_offer(struct settings_search *search, struct name name)
{
	size_t distance = settings_distance(search->name, name);

	if (distance < search->distance) {
		search->distance = distance;
		search->nearest = name;
	}
}

static void settings_offer_options(struct settings_search *search)
{
	const char *name;

	for (size_t i = 0; (name = options_name(i)) != NULL; i++)
		settings_offer(search, (struct name){ name, strlen(name) });
}

static bool settings_has(struct name text, size_t at, const char *word)
{
	size_t length = strlen(word);

	return length <= text.length - at && strncmp(text.text + at, word, length) == 0;
}

/* The name that follows `setting` at that place; empty if it is none that is written out. */
static struct name settings_read(struct name text, size_t at)
{
	struct name name;

	at += strlen("setting");
	while (at < text.length && (text.text[at] == ' ' || text.text[at] == '('))
		at++;
	if (at < text.length && (text.text[at] == ':' || text.text[at] == '"' || text.text[at] == '\''))
		at++;
	name = (struct name){ text.text + at, 0 };
	while (at + name.length < text.length && settings_is_name(name.text[name.length]))
		name.length++;
	return name;
}

/* Does the script read words in a way that tells no names? */
static bool settings_offer_script(struct settings_search *search, struct name text)
{
	for (size_t at = 0; at < text.length; at++) {
		if (settings_has(text, at, "ARGV") || settings_has(text, at, "Machine.settings"))
			return true;
		if (settings_has(text, at, "setting"))
			settings_offer(search, settings_read(text, at));
	}
	return false;
}

/* Looks at all scripts; false: whatever the word is, one may take it. */
static bool settings_look(struct settings_search *search)
{
	for (size_t i = 0; i < boot_info.nr_modules; i++) {
		const struct boot_module *module = &boot_info.modules[i];

		if (module->kind == BOOT_MODULE_SCRIPT &&
		    settings_offer_script(search, (struct name){ memory_direct(module->data),
								  module->length_bytes }))
			return false;
	}
	settings_offer_options(search);
	return true;
}

/* `name`, `name=value` and `script.name=value` */
static void settings_check_word(const char *word, size_t length)
{
	struct settings_search search = { .name = { word, 0 }, .distance = NEAR_DISTANCE + 1 };

	while (search.name.length < length && search.name.text[search.name.length] != '=') {
		if (search.name.text[search.name.length++] != '.')
			continue;
		search.name.text += search.name.length;
		length -= search.name.length;
		search.name.length = 0;
	}
	if (!settings_look(&search) || search.distance == 0)
		return;
	if (search.nearest.text != NULL)
		log_warning("boot option %.*s: there is none, and no script has such a setting; is it "
			    "%.*s?", (int)search.name.length, search.name.text,
			    (int)search.nearest.length, search.nearest.text);
	else
		log_warning("boot option %.*s: there is none, and no script has such a setting",
			    (int)search.name.length, search.name.text);
}

void settings_check(void)
{
	const char *word = boot_options.settings;

	while (*word != '\0') {
		size_t length = 0;

		while (word[length] != '\0' && word[length] != ' ')
			length++;
		settings_check_word(word, length);
		word += length;
		while (*word == ' ')
			word++;
	}
}
