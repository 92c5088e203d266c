/*
 * arguments.c: the command line of the host programs:
 *   [--events FILE] [--setting NAME=VALUE]... [--verbose] [--report] [--diff] [--engine ELF]
 *   [--measure] SCRIPT [OTHER-SCRIPT]...
 * or --kinds, which lists the kinds of events.
 */
#include "arguments.h"

#include "report.h"
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void arguments_usage(void)
{
	fputs("usage: [--events FILE] [--setting NAME=VALUE]... [--verbose] [--report] [--diff]\n"
	      "       [--engine ELF] [--measure] SCRIPT [OTHER-SCRIPT]...\n",
	      stderr);
	exit(64);
}

static _Noreturn void arguments_list_kinds(void)
{
	report_kinds();
	exit(0);
}

static bool arguments_flag(struct arguments *arguments, const char *word)
{
	if (strcmp(word, "--verbose") == 0)
		arguments->verbose = true;
	else if (strcmp(word, "--measure") == 0)
		arguments->measure = true;
	else if (strcmp(word, "--report") == 0)
		report_begin();
	else if (strcmp(word, "--diff") == 0)
		report_begin_diff();
	else if (strcmp(word, "--kinds") == 0)
		arguments_list_kinds();
	else
		return false;
	return true;
}

static bool arguments_option(struct arguments *arguments, const char *word, const char *value)
{
	if (strcmp(word, "--events") == 0)
		arguments->events = value;
	else if (strcmp(word, "--engine") == 0)
		arguments->engine = value;
	else if (strcmp(word, "--setting") == 0)
		session_add_setting(value);
	else
		return false;
	return true;
}

struct arguments arguments_take(int argc, char **argv)
{
	struct arguments arguments = { 0 };
	bool have_script = false;

	session_map();
	for (int i = 1; i < argc; i++) {
		if (arguments_flag(&arguments, argv[i]))
			continue;
		if (argv[i][0] == '-') {
			if (i + 1 == argc || !arguments_option(&arguments, argv[i], argv[i + 1]))
				arguments_usage();
			i++;
			continue;
		}
		if (!session_add_script(argv[i]))
			exit(66);
		have_script = true;
	}
	if (!have_script)
		arguments_usage();
	if (arguments.events && !session_load_events(arguments.events))
		exit(66);
	session_show_log(arguments.verbose);
	return arguments;
}
