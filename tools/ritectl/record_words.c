/*
 * record_words.c: the command line of `ritectl record`: which kinds, which addresses.
 */
#include "live.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "rv/usb.h"

static _Noreturn void record_misused(const char *what, const char *why)
{
	fail(STATUS_USAGE, "record: %s: %s; ritectl --help", what, why);
}

static uint64_t record_number(const char *text, char **end, uint64_t maximum)
{
	unsigned long long value = strtoull(text, end, 0);

	if (*end == text || value > maximum)
		record_misused(text, "give a number");
	return value;
}

/* A word of which nothing is left behind the number. */
static unsigned record_plain_number(const char *option, const char *text, unsigned maximum)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 0);

	if (end == text || *end != '\0' || value == 0 || value > maximum)
		fail(STATUS_USAGE, "record: %s %s: give a number from 1 to %u", option, text, maximum);
	return (unsigned)value;
}

static void record_add_hook(struct record_wish *wish, uint32_t kind, const char *range)
{
	struct record_hook *hook = &wish->hooks[wish->nr_hooks];
	char *end;

	if (wish->nr_hooks == RECORD_HOOKS)
		record_misused("-e", "too many kinds");
	*hook = (struct record_hook){ .kind = kind, .is_ranged = range != NULL };
	if (range != NULL) {
		hook->first = hook->last = record_number(range, &end, UINT64_MAX);
		if (*end == '-')
			hook->last = record_number(end + 1, &end, UINT64_MAX);
		if (*end != '\0' || hook->last < hook->first)
			record_misused(range, "KIND:FIRST or KIND:FIRST-LAST");
	}
	wish->nr_hooks++;
}

static bool record_fits(const char *pattern, const struct rv_kind *kind)
{
	return fnmatch(pattern, kind->name, 0) == 0 || (kind->group != NULL && fnmatch(pattern, kind->group, 0) == 0);
}

/* KIND[:FIRST[-LAST]]. What only a script can have, such as times, is recorded of those. */
static void record_take_kind(struct record_wish *wish, char *word)
{
	char *range = strchr(word, ':');
	bool any = fnmatch(word, "trace", 0) == 0;

	if (range != NULL)
		*range++ = '\0';
	if (any)
		wish->kinds |= 1u << RV_EVENT_NONE;
	for (uint32_t kind = RV_EVENT_NONE + 1; kind < RV_EVENT_KIND_COUNT; kind++) {
		if (!record_fits(word, &rv_kinds[kind]))
			continue;
		any = true;
		wish->kinds |= UINT64_C(1) << kind;
		if (!rv_kind_has(kind, RV_KIND_PLAIN) && (range != NULL || !rv_kind_has(kind, RV_KIND_MEMORY)))
			record_add_hook(wish, kind, range);
	}
	if (!any)
		record_misused(word, "there is no such kind (ritectl -l)");
}

static void record_take_kinds(struct record_wish *wish, const char *list)
{
	char *copy = strdup(list), *rest = copy, *word;

	while ((word = strsep(&rest, ",")) != NULL)
		record_take_kind(wish, word);
	free(copy);
}

/* Of a format that takes some kinds only, those that are usual, whoever hooks them. */
static void record_take_format(struct record_wish *wish)
{
	for (uint32_t kind = RV_EVENT_NONE + 1; kind < RV_EVENT_KIND_COUNT; kind++) {
		if (!wish->format->is_usual(kind))
			continue;
		wish->kinds |= UINT64_C(1) << kind;
		record_add_hook(wish, kind, NULL);
	}
}

/* What scripts see and say, but for times, of which their own collectors have some. */
static void record_take_usual(struct record_wish *wish)
{
	for (uint32_t kind = RV_EVENT_NONE; kind < RV_EVENT_KIND_COUNT; kind++) {
		if (kind == RV_EVENT_NONE || !rv_kind_has(kind, RV_KIND_PLAIN))
			wish->kinds |= UINT64_C(1) << kind;
	}
}

static void record_set_format(struct record_wish *wish, const char *name)
{
	wish->format = live_format_named(name);
	if (wish->format == NULL && strcmp(name, "ctf") != 0)
		record_misused(name, "formats are ctf, text, json and pcapng; ritevisor convert makes others of ctf");
}

static void record_set_nic(const char *word)
{
	char *end;

	settings.nic = (uint32_t)record_number(word, &end, RV_NIC_LAST);
	if (*end != '\0')
		record_misused(word, "--nic has the number of a card, as Nic.each tells it");
}

static void record_set_usb(const char *word)
{
	char *end;

	settings.usb = (uint32_t)record_number(word, &end, RV_USB_CONTROLLERS_MAXIMUM);
	if (*end != '\0' || settings.usb == 0)
		record_misused(word, "--usb has the number of a USB bus: 1 is the first controller's");
}

static void record_take_option(struct record_wish *wish, const char *option, const char *word)
{
	if (is_option(option, "-e", "--events"))
		record_take_kinds(wish, word);
	else if (is_option(option, "-o", "--output"))
		wish->output = word;
	else if (is_option(option, "-f", "--format"))
		record_set_format(wish, word);
	else if (strcmp(option, "--buffer") == 0)
		wish->nr_packets = (record_plain_number(option, word, 1920) + 3) / 4;
	else if (strcmp(option, "--payload") == 0)
		wish->payload_bytes = record_plain_number(option, word, TRACE_PAYLOAD_BYTES_MAXIMUM);
	else if (strcmp(option, "--seconds") == 0)
		wish->seconds = record_plain_number(option, word, 86400);
	else if (strcmp(option, "--nic") == 0)
		record_set_nic(word);
	else if (strcmp(option, "--usb") == 0)
		record_set_usb(word);
	else
		record_misused(option, "there is no such option");
}

/* What is not said. A packet without its bytes is nothing for those who read packets. */
static void record_complete(struct record_wish *wish)
{
	bool takes_some = wish->format != NULL && wish->format->takes != NULL;

	if (wish->output == NULL && wish->format == NULL)
		record_misused("-o", "say where to: a folder that is made, or - for a pipe");
	if (settings.nic != NIC_ANY && wish->format != &live_pcapng)
		record_misused("--nic", "it goes with -f pcapng");
	if (settings.usb != 0 && (wish->format != &live_pcapng || settings.nic != NIC_ANY))
		record_misused("--usb", "it goes with -f pcapng, and without --nic");
	if (wish->output == NULL)
		wish->output = "-";
	if (wish->kinds == 0 && takes_some)
		record_take_format(wish);
	if (wish->kinds == 0)
		record_take_usual(wish);
	if (wish->payload_bytes == 0 && takes_some)
		wish->payload_bytes = TRACE_PAYLOAD_BYTES_MAXIMUM;
}

int record_perform(int count, char **word)
{
	struct record_wish wish = { .output = NULL };

	for (; count > 0 && word[0][0] == '-'; count--, word++) {
		if (strcmp(word[0], "--metadata") == 0 && count == 1)
			return record_metadata();
		if (is_option(word[0], "-q", "--quiet")) {
			settings.quiet = true;
			continue;
		}
		if (count < 2)
			record_misused(word[0], "it needs something behind it, or is no option");
		record_take_option(&wish, word[0], word[1]);
		count--;
		word++;
	}
	record_complete(&wish);
	wish.command = count > 0 ? word : NULL;
	return record_run(&wish);
}
