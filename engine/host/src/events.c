/*
 * events.c: the lines of an .events file.
 */
#include "events.h"

#include "vmm/pci_identity.h"
#include "machine.h"
#include "play_frame.h"
#include "session.h"

#include "rv/kinds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS_BYTES_MAXIMUM = 1 << 25, EVENTS_BYTES_FIRST = 1 << 16 };

static char *events_text;	/* what is left of the file */
static char events_name[256];
static int events_number;
static struct rv_registers events_guest;
static struct recorded events_recorded; /* of the line that was taken last */

const char *events_position(void)
{
	static char position[300];

	snprintf(position, sizeof(position), "%s:%d", events_name, events_number);
	return position;
}

/* Takes the next line off *text. False if it is too long. */
static bool events_take_line(char **text, struct words *words)
{
	size_t length = strcspn(*text, "\n");
	char line[WORDS_LINE_BYTES + 1];

	snprintf(line, sizeof(line), "%.*s", (int)length, *text);
	*text += length + ((*text)[length] == '\n');
	return words_split(words, recorded_take(&events_recorded, line));
}

const struct recorded *events_line_recorded(void)
{
	return &events_recorded;
}

bool events_payload(void *buffer, size_t room_bytes)
{
	return recorded_payload(&events_recorded, events_name, buffer, room_bytes);
}

static bool events_is(const struct words *words, const char *word)
{
	return strcmp(words->word[0], word) == 0;
}

bool events_next(struct words *words)
{
	while (events_text && *events_text) {
		events_number++;
		(void)events_take_line(&events_text, words);
		if (words->count > 0 && !events_is(words, "setting") && !events_is(words, "script"))
			return true;
	}
	return false;
}

/* `script FILE` stands beside the .events file. */
static bool events_add_script(const char *events_path, const char *name)
{
	const char *slash = strrchr(events_path, '/');
	char path[512];

	snprintf(path, sizeof(path), "%.*s%s", slash ? (int)(slash - events_path + 1) : 0,
		 events_path, name);
	return session_add_script(path);
}

static bool events_act_early(const char *path)
{
	char *text = events_text;

	for (int number = 1; *text; number++) {
		struct words words;
		bool fits = events_take_line(&text, &words);
		bool early = words.count > 0 &&
			     (events_is(&words, "setting") || events_is(&words, "script"));

		if (!fits || (early && words.count != 2)) {
			fprintf(stderr, "%s:%d: %s\n", path, number,
				fits ? "setting and script take one word" : "the line is too long");
			return false;
		}
		if (early && events_is(&words, "setting"))
			session_add_setting(words.word[1]);
		else if (early && !events_add_script(path, words.word[1]))
			return false;
	}
	return true;
}

/* All that is in the file, or one byte more than the most, and a NUL: *bytes is how many. */
static char *events_read(FILE *file, size_t *bytes)
{
	size_t room = EVENTS_BYTES_FIRST, have = 0, more;
	char *text = NULL;

	do {
		room = room * 2 <= EVENTS_BYTES_MAXIMUM ? room * 2 : EVENTS_BYTES_MAXIMUM + 1;
		text = realloc(text, room + 1);
		if (!text)
			abort();
		more = fread(text + have, 1, room - have, file);
		have += more;
	} while (more != 0 && have <= EVENTS_BYTES_MAXIMUM);
	text[have] = '\0';
	*bytes = have;
	return text;
}

bool session_load_events(const char *path)
{
	FILE *file = fopen(path, "rb");
	size_t have;

	if (!file) {
		perror(path);
		return false;
	}
	snprintf(events_name, sizeof(events_name), "%s", path);
	events_text = events_read(file, &have);
	if (ferror(file) || have > EVENTS_BYTES_MAXIMUM || memchr(events_text, '\0', have)) {
		fprintf(stderr, "%s: not a text of at most %d bytes\n", path, EVENTS_BYTES_MAXIMUM);
		fclose(file);
		return false;
	}
	fclose(file);
	return events_act_early(path);
}

/* The number at place `index`, or otherwise; sets *ok to false if it is no number. */
static uint64_t events_number_at(const struct words *words, int index, uint64_t otherwise, bool *ok)
{
	uint64_t number = otherwise;

	if (index < words->count && strcmp(words->word[index], "->") != 0 &&
	    !words_number(words->word[index], &number))
		*ok = false;
	return number;
}

/* port ADDRESS = VALUE [WIDTH]; mmio, msr and leaf alike. */
static bool events_set_register(const struct words *words)
{
	bool ok = true;
	uint64_t address = events_number_at(words, 1, 0, &ok);
	uint64_t value = events_number_at(words, 3, 0, &ok);

	if (words->count < 4 || strcmp(words->word[2], "=") != 0 || !ok)
		return false;
	if (events_is(words, "port"))
		machine_port_write((uint16_t)address,
				   (unsigned int)events_number_at(words, 4, 1, &ok), value);
	else if (events_is(words, "mmio"))
		return machine_mmio(address, &value, events_number_at(words, 4, 4, &ok), true);
	else
		machine_msr_set((uint32_t)address, value);
	return ok;
}

/* leaf LEAF SUBLEAF = EAX EBX ECX EDX */
static bool events_set_leaf(const struct words *words)
{
	uint32_t registers[4];
	bool ok = words->count == 8;

	for (int i = 0; i < 4; i++)
		registers[i] = (uint32_t)events_number_at(words, 4 + i, 0, &ok);
	if (ok)
		machine_cpuid_set((uint32_t)events_number_at(words, 1, 0, &ok),
				  (uint32_t)events_number_at(words, 2, 0, &ok), registers);
	return ok;
}

/* pci SLOT VENDOR:DEVICE CLASS */
static bool events_set_pci(const struct words *words)
{
	unsigned int vendor, device, class;
	uint16_t bdf;

	if (words->count < 4 || !words_slot(words->word[1], &bdf) ||
	    sscanf(words->word[2], "%x:%x", &vendor, &device) != 2 ||
	    sscanf(words->word[3], "%x", &class) != 1)
		return false;
	pci_identity_forget();
	machine_pci_add(bdf, (uint16_t)vendor, (uint16_t)device, class);
	return true;
}

/* register NAME = VALUE, for rax, rip, cr3 and rsp. */
static bool events_set_guest(const struct words *words)
{
	bool ok = words->count == 4;
	uint64_t value = events_number_at(words, 3, 0, &ok);

	if (!ok)
		return false;
	if (strcmp(words->word[1], "rax") == 0)
		events_guest.rax = value;
	else if (strcmp(words->word[1], "rip") == 0)
		events_guest.rip = value;
	else if (strcmp(words->word[1], "cr3") == 0)
		events_guest.cr3 = value;
	else if (strcmp(words->word[1], "rsp") == 0)
		events_guest.rsp = value;
	else
		return false;
	return true;
}

void events_registers(struct rv_registers *registers)
{
	*registers = events_guest;
}

/* A text of several fields, "00:1f.2". */
static bool events_fill_text(const struct rv_kind *kind, const struct rv_text *text, const char *word,
			     struct rv_event *event)
{
	for (size_t i = 0; i <= strlen(text->separators); i++) {
		const struct rv_field *field = &kind->fields[rv_field_named(kind, text->fields[i])];
		char *end;
		unsigned long number = strtoul(word, &end, 16);

		if (end == word || number > field->last || *end != text->separators[i])
			return false;
		rv_field_set(field, event, number);
		word = end + 1;
	}
	return true;
}

static bool events_fill_command(const struct rv_field *field, const char *word, struct rv_event *event)
{
	uint32_t command = 0;

	while (command < RV_DISK_COMMAND_COUNT && strcmp(rv_disk_command_name(command), word) != 0)
		command++;
	if (command < RV_DISK_COMMAND_COUNT)
		rv_field_set(field, event, RV_DISK_COMMAND_BIT(command));
	return command < RV_DISK_COMMAND_COUNT;
}

static bool events_fill_number(const struct rv_field *field, const char *word, struct rv_event *event)
{
	uint64_t number;

	if (field->flags & RV_FIELD_COMMAND)
		return events_fill_command(field, word, event);
	if ((field->flags & RV_FIELD_DISK) && rv_disk_named(word) <= RV_DISK_LAST) {
		rv_field_set(field, event, rv_disk_named(word));
		return true;
	}
	if (!words_number(word, &number))
		return false;
	if (number > (field->last != 0 ? field->last : rv_field_ones(field)) &&
	    !((field->flags & RV_FIELD_OPTIONAL) && number == rv_field_ones(field)))
		return false;
	if ((field->flags & RV_FIELD_BITS) && (number == 0 || (number & (number - 1)) != 0))
		return false;
	rv_field_set(field, event, number);
	return true;
}

/* What the word of that name, of the kind's `words`, says. */
static bool events_fill_word(const struct rv_kind *kind, const char *name, const char *word,
			     struct rv_event *event)
{
	uint32_t field;

	for (uint32_t i = 0; i < kind->nr_texts; i++) {
		if (strcmp(kind->texts[i].name, name) == 0)
			return events_fill_text(kind, &kind->texts[i], word, event);
	}
	field = rv_field_named(kind, name);
	return field < kind->nr_fields && events_fill_number(&kind->fields[field], word, event);
}

/* KIND and the words that its events have, of which the last may be left out. */
static bool events_fill(const struct words *words, struct rv_event *event)
{
	const struct rv_kind *kind = &rv_kinds[event->kind];
	struct words names;
	int next = 1;

	for (uint32_t i = 0; i < kind->nr_fields; i++)
		rv_field_set(&kind->fields[i], event, kind->fields[i].sample);
	if (event->kind == RV_EVENT_NET_TX || event->kind == RV_EVENT_NET_RX)
		play_frame_fill(event);
	words_split(&names, kind->words);
	for (int i = 0; i < names.count; i++, next++) {
		if (next == words->count || strcmp(words->word[next], "->") == 0)
			return i > 0;
		if (!events_fill_word(kind, names.word[i], words->word[next], event))
			return false;
	}
	return next == words->count || strcmp(words->word[next], "->") == 0;
}

enum events_result events_line(const struct words *words, struct rv_event *event)
{
	bool ok;

	if (words->count == WORDS_MAXIMUM || events_recorded.wrong)
		return EVENTS_UNKNOWN;
	*event = (struct rv_event){ .kind = rv_kind_named(words->word[0]) };
	if (event->kind)
		return events_fill(words, event) ? EVENTS_EVENT : EVENTS_UNKNOWN;
	if (events_is(words, "port") || events_is(words, "mmio") || events_is(words, "msr"))
		ok = events_set_register(words);
	else if (events_is(words, "leaf"))
		ok = events_set_leaf(words);
	else if (events_is(words, "pci"))
		ok = events_set_pci(words);
	else if (events_is(words, "frame"))
		ok = words->count == 2 && play_frame_line(words->word[1]);
	else
		ok = events_is(words, "register") && events_set_guest(words);
	return ok ? EVENTS_SET_UP : EVENTS_UNKNOWN;
}

static bool events_word_fits(const char *wanted, const char *got)
{
	uint64_t a, b;

	if (strcmp(wanted, "*") == 0 || strcmp(wanted, got) == 0)
		return true;
	return words_number(wanted, &a) && words_number(got, &b) && a == b;
}

static bool events_all_fit(const struct words *words, int from, const char *outcome, bool hooked,
			   bool failed)
{
	struct words got;
	int next = 0;

	words_split(&got, outcome);
	for (int i = from; i < words->count; i++) {
		if (strcmp(words->word[i], "unhooked") == 0) {
			if (hooked)
				return false;
		} else if (strcmp(words->word[i], "error") == 0) {
			if (!failed)
				return false;
		} else if (next >= got.count || !events_word_fits(words->word[i], got.word[next++])) {
			return false;
		}
	}
	return true;
}

const char *events_expected(const struct words *words)
{
	const char *arrow = strstr(words->rest, "->");

	return arrow ? arrow + 2 + strspn(arrow + 2, " \t") : "";
}

const char *events_compare(const struct words *words, const char *outcome, bool hooked,
			   bool failed)
{
	const char *arrow = strstr(words->rest, "->");

	for (int i = 1; i < words->count; i++) {
		if (strcmp(words->word[i], "->") != 0)
			continue;
		return events_all_fit(words, i + 1, outcome, hooked, failed) ? NULL : arrow;
	}
	return NULL;
}
