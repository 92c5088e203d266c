/*
 * kinds.c: what can be hooked, from the table of kinds that this program was built with, and the PCI functions
 * that the guest's kernel tells of.
 */
#define RV_KINDS_DEFINE
#include "ritectl.h"

#include <dirent.h>
#include <fnmatch.h>
#include <string.h>

#include "rv/kinds.h"

#define PCI_DEVICES "/sys/bus/pci/devices"
#define PCI_SEGMENT "0000:" /* the one that slots are of */

static void kinds_print_fields(const struct rv_kind *kind, uint32_t flag, const char *title, const char *mark)
{
	bool first = true;

	for (uint32_t i = 0; i < kind->nr_fields; i++) {
		const struct rv_field *field = &kind->fields[i];

		if ((field->flags & RV_FIELD_HIDDEN) || !(field->flags & flag))
			continue;
		fprintf(settings.output, "%s%s%s", first ? title : ", ", field->name,
			flag == RV_FIELD_READER && (field->flags & RV_FIELD_WRITABLE) ? " =" : mark);
		first = false;
	}
	if (!first)
		fputc('\n', settings.output);
}

/* The names of fields that have the flag. */
static void kinds_print_names(const struct rv_kind *kind, uint32_t flag, const char *title)
{
	const char *separator = "";

	fprintf(settings.output, ",\"%s\":[", title);
	for (uint32_t i = 0; i < kind->nr_fields; i++) {
		if ((kind->fields[i].flags & RV_FIELD_HIDDEN) || !(kind->fields[i].flags & flag))
			continue;
		fprintf(settings.output, "%s\"%s\"", separator, kind->fields[i].name);
		separator = ",";
	}
	fputc(']', settings.output);
}

static void kinds_print(const char *name, const struct rv_kind *kind, bool fields)
{
	if (settings.json) {
		fputs("{\"type\":\"kind\",\"data\":{\"name\":", settings.output);
		output_json_text(name, strlen(name));
		fputs(",\"summary\":", settings.output);
		output_json_text(kind->summary, strlen(kind->summary));
		if (fields) {
			kinds_print_names(kind, RV_FIELD_FILTER, "filters");
			kinds_print_names(kind, RV_FIELD_READER, "event");
		}
		fputs("}}\n", settings.output);
		return;
	}
	fprintf(settings.output, "%s\n", name);
	if (!fields)
		return;
	fprintf(settings.output, "    %s\n", kind->summary);
	kinds_print_fields(kind, RV_FIELD_FILTER, "    filters: ", ":");
	kinds_print_fields(kind, RV_FIELD_READER, "    event:   ", "");
}

/* KIND:SLOT for each PCI function, where the kind is about these. */
static void kinds_show_functions(const struct rv_kind *kind, const char *pattern, bool fields)
{
	struct dirent **entries;
	int count = rv_field_named(kind, "function") < kind->nr_fields ? scandir(PCI_DEVICES, &entries, NULL, alphasort) : 0;
	char name[64];

	for (int i = 0; i < count; i++) {
		if (strncmp(entries[i]->d_name, PCI_SEGMENT, strlen(PCI_SEGMENT)) != 0)
			continue;
		snprintf(name, sizeof(name), "%s:%.20s", kind->name, entries[i]->d_name + strlen(PCI_SEGMENT));
		if (fnmatch(pattern, name, 0) == 0)
			kinds_print(name, kind, fields);
	}
}

int show_kinds(const char *pattern, bool fields)
{
	for (uint32_t i = RV_EVENT_NONE + 1; i < RV_EVENT_KIND_COUNT; i++) {
		const struct rv_kind *kind = &rv_kinds[i];

		if (rv_kind_has(i, RV_KIND_OWN_WORD))
			continue;
		if (fnmatch(pattern, kind->name, 0) == 0)
			kinds_print(kind->name, kind, fields);
		kinds_show_functions(kind, pattern, fields);
	}
	output_flush();
	return STATUS_OK;
}
