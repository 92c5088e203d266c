/*
 * repl.c: a script that grows line by line. Its engine is its own; what it hooks is in force until it ends.
 */
#include "ritectl.h"

#include <stdlib.h>
#include <string.h>

#include "edit.h"

#define REPL_POLL_MS 100
#define MORE "\xe2\x80\xa6 more\n" /* what the script below writes when a text is not complete */

static char repl_text[] =
	"__repl = binding\n"
	"Hook.__hear(:input, budget: 5.seconds) do\n"
	"  begin\n"
	"    __value = eval(Hook.__text, __repl, '(repl)')\n"
	"    __repl.local_variable_set(:_, __value)\n"
	"    puts \"=> #{__value.inspect}\"\n"
	"  rescue SyntaxError => __error\n"
	"    __open = ['unexpected end of file', 'meets end of file', 'anywhere before EOF']\n"
	"    __is_open = __open.any? { |__word| __error.message.include?(__word) }\n"
	"    puts __is_open ? \"\\u{2026} more\" : \"#{__error.message} (SyntaxError)\"\n"
	"  rescue Exception => __error\n"
	"    puts \"#{__error.message} (#{__error.class})\"\n"
	"    (__error.backtrace || []).each { |__line| puts \"\\t#{__line}\" if __line.start_with?('(repl)') }\n"
	"  end\n"
	"end\n";

/* What was typed so far, and is not complete. */
struct repl {
	struct script *script;
	char text[CONTROL_DATA_BYTES];
	size_t used;
	bool wants_more;
	unsigned number;
	char prompt[24];
};

static void repl_prompt(struct repl *repl)
{
	snprintf(repl->prompt, sizeof(repl->prompt), "rite:%03u%c ", repl->number, repl->used != 0 ? '*' : '>');
	edit_prompt(repl->prompt);
}

/* Prints what has come, but for the mark. */
static void repl_print(struct repl *repl)
{
	struct control_record record;
	bool hidden = false;

	while (script_take(repl->script)) {
		for (size_t at = 0; message->data_bytes - at >= sizeof(record);) {
			const uint8_t *text = message->data + at + sizeof(record);

			memcpy(&record, message->data + at, sizeof(record));
			if (record.length_bytes == strlen(MORE) && memcmp(text, MORE, strlen(MORE)) == 0) {
				repl->wants_more = true;
			} else {
				if (!hidden)
					edit_hide();
				hidden = true;
				output_records(repl->script->name, message->data + at,
					       sizeof(record) + record.length_bytes);
			}
			at += sizeof(record) + record.length_bytes;
		}
	}
	if (hidden)
		repl_prompt(repl);
}

static void repl_send(struct repl *repl)
{
	int64_t result;

	repl->wants_more = false;
	message->argument[0] = repl->script->handle;
	memcpy(message->data, repl->text, repl->used);
	result = call(CONTROL_INPUT, (uint32_t)repl->used);
	repl_print(repl);
	if (result != 0)
		fprintf(stderr, "ritectl: it did not come to its end: %s\n", call_error(result));
	if (!repl->wants_more)
		repl->used = 0;
	repl->number++;
}

static void repl_add(struct repl *repl, const char *line)
{
	size_t length = strlen(line);

	if (length + 1 > sizeof(repl->text) - repl->used) {
		fprintf(stderr, "ritectl: what is typed at a time has at most %zu bytes\n", sizeof(repl->text));
		repl->used = 0;
		return;
	}
	memcpy(repl->text + repl->used, line, length);
	repl->text[repl->used + length] = '\n';
	repl->used += length + 1;
	if (length != 0 || repl->used > 1)
		repl_send(repl);
	else
		repl->used = 0;
}

static void repl_go_on(struct repl *repl)
{
	static char line[EDIT_LINE_BYTES];
	enum edit_result result = EDIT_NOTHING;

	repl_prompt(repl);
	while (result != EDIT_END && !stopped && !script_has_ended(repl->script)) {
		result = edit_read(REPL_POLL_MS, line);
		if (result == EDIT_LINE)
			repl_add(repl, line);
		else if (result == EDIT_CANCEL)
			repl->used = 0;
		else
			repl_print(repl);
		if (result == EDIT_LINE || result == EDIT_CANCEL)
			repl_prompt(repl);
	}
	edit_hide();
}

int repl_run(void)
{
	struct source source = { .name = "repl", .text = repl_text, .length_bytes = strlen(repl_text) };
	struct script script = { .handle = 0 };
	static struct repl repl = { .number = 1 };

	script_watch_signals();
	script_start(&script, &source, CONTROL_LEND);
	script_await_load(&script);
	repl.script = &script;
	edit_begin();
	repl_go_on(&repl);
	return script_leave(&script);
}
