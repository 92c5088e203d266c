/*
 * tools/hwcheck/hwcheck.c: the hardware report as a program for Linux, in words or as JSON. It is
 * linked statically, so that it can be copied to the machine in question by itself.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "rv/version.h"
#include "tools/hwcheck/facts.h"

#define STATUS_CANNOT_RUN 1
#define STATUS_USAGE 2
#define STATUS_NOT_KNOWN 3

static const char usage[] =
	"usage: ritevisor hwcheck [--json] [--root DIR] [--version]\n"
	"\n"
	"Says whether Ritevisor can run on this machine, what it would do without, and why.\n"
	"Works without root, and finds out more with it; for the CPU's registers: modprobe msr.\n"
	"\n"
	"  --json      print one JSON object instead of text\n"
	"  --root DIR  look at DIR/proc, DIR/sys, DIR/dev instead, and at the files DIR/cpuid and\n"
	"              DIR/msr (tools/hwcheck/facts.h)\n"
	"\n"
	"The exit status is 0 if it can run, 1 if it cannot, 3 if that is not known.\n";

static void print_text(const struct hardware_line *line, void *context)
{
	(void)context;
	printf("%-4s  %s\n", hardware_status_word(line->status), line->text);
	if (line->advice[0] != '\0')
		printf("      %s\n", line->advice);
}

static void print_quoted(const char *text)
{
	putchar('"');
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void print_json(const struct hardware_line *line, void *context)
{
	bool *first = context;
	const struct {
		const char *key, *value;
	} members[] = {
		{ "check", line->name }, { "status", hardware_status_word(line->status) },
		{ "text", line->text }, { "advice", line->advice },
	};

	printf("%s\n    {", *first ? "" : ",");
	*first = false;
	for (size_t i = 0; i < ARRAY_LENGTH(members); i++) {
		printf("%s\"%s\": ", i == 0 ? "" : ", ", members[i].key);
		print_quoted(members[i].value);
	}
	putchar('}');
}

static enum hardware_answer print_report(const struct hardware_source *source, bool json)
{
	static const char *const words[] = { "false", "true", "null" };
	enum hardware_answer answer;
	bool first = true;

	if (!json)
		return hardware_check(source, print_text, NULL);
	printf("{\n  \"checks\": [");
	answer = hardware_check(source, print_json, &first);
	printf("\n  ],\n  \"can_run\": %s\n}\n", words[answer]);
	return answer;
}

static int complain(const char *what, const char *value)
{
	fprintf(stderr, "ritevisor hwcheck: error: %s %s; see --help\n", what, value);
	return STATUS_USAGE;
}

int main(int argc, char **argv)
{
	static const int statuses[] = { STATUS_CANNOT_RUN, 0, STATUS_NOT_KNOWN };
	const char *root = "";
	enum hardware_answer answer;
	struct stat status;
	bool json = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			fputs(usage, stdout);
			return 0;
		}
		if (strcmp(argv[i], "--version") == 0) {
			puts("hwcheck " RV_VERSION);
			return 0;
		}
		if (strcmp(argv[i], "--json") == 0)
			json = true;
		else if (strcmp(argv[i], "--root") == 0 && i + 1 < argc)
			root = argv[++i];
		else
			return complain("cannot use", argv[i]);
	}
	if (root[0] != '\0' && (stat(root, &status) != 0 || !S_ISDIR(status.st_mode)))
		return complain("no such folder:", root);
	answer = print_report(facts_read(root), json);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "ritevisor hwcheck: error: cannot write: %s\n", strerror(errno));
		return STATUS_USAGE;
	}
	return statuses[answer];
}
