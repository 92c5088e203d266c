/*
 * repl.c: a script that grows line by line. Its engine is its own; what it hooks is in force until it ends. Tab asks it, too,
 * what it knows that begins like a word; only names, constants and variables are looked up for that, and no method is called.
 */
#include "ritectl.h"

#include <stdlib.h>
#include <string.h>

#include "edit.h"
#include "rv/kinds.h"

#define REPL_POLL_MS 100
#define MORE "\xe2\x80\xa6 more\n" /* what the script below writes when a text is not complete */
#define ASK "\001" /* before a word that Tab is about: the script below writes what begins like it on a line */

static char repl_text[] =
	"__repl = binding\n"
	"Hook.__hear(:input, budget: 5.seconds) do\n"
	"  if Hook.__text.start_with?(\"\\001\")\n"
	"    begin\n"
	"      __of, __dot, __word = Hook.__text[1..-1].rpartition('.')\n"
	"      if __dot.empty?\n"
	"        __names = methods + __repl.local_variables + Object.constants + global_variables\n"
	"      else\n"
	"        __known = __repl.local_variables.include?(__of.to_sym) || 'A' <= __of[0] && __of[0] <= 'Z' || '@$'.include?(__of[0])\n"
	"        __of = __known ? eval(__of, __repl, '(repl)') : nil\n"
	"        __names = __known ? __of.methods + (__of.is_a?(Module) ? __of.constants : []) : []\n"
	"      end\n"
	"      __names = __names.map(&:to_s).select { |__name| __name.start_with?(__word) && !__name.start_with?('__') }\n"
	"      puts __names.uniq.sort.first(200).join(' ')\n"
	"    rescue Exception\n"
	"      puts\n"
	"    end\n"
	"    next\n"
	"  end\n"
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
	char *names; /* what is told goes there: repl_ask() */
	unsigned number;
	char prompt[24];
};

static void repl_prompt(struct repl *repl)
{
	snprintf(repl->prompt, sizeof(repl->prompt), "rite:%03u%c ", repl->number, repl->used != 0 ? '*' : '>');
	edit_prompt(repl->prompt);
}

/* A line of names, of which the first few thousand bytes are enough. */
static void repl_take_names(struct repl *repl, const char *text, size_t length)
{
	size_t used = strlen(repl->names), room = CONTROL_DATA_BYTES - 1 - used;

	if (length > 0 && text[length - 1] == '\n')
		length--;
	memcpy(repl->names + used, text, length < room ? length : room);
	repl->names[used + (length < room ? length : room)] = '\0';
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
			if (repl->names != NULL) {
				repl_take_names(repl, (const char *)text, record.length_bytes);
			} else if (record.length_bytes == strlen(MORE) && memcmp(text, MORE, strlen(MORE)) == 0) {
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

/* Kinds of events begin with a colon, and are known here; for all else the script is asked. */
static void repl_find_kinds(const char *word, size_t length, char *names)
{
	size_t used = 0;

	for (uint32_t kind = 1; kind < RV_EVENT_KIND_COUNT; kind++) {
		const char *name = rv_kinds[kind].name;

		if (strncmp(name, word + 1, length - 1) == 0 && !rv_kind_has(kind, RV_KIND_OWN_WORD))
			used += (size_t)snprintf(names + used, CONTROL_DATA_BYTES - used, "%s:%s", used == 0 ? "" : " ", name);
	}
}

/* Tab, behind that. */
static void repl_ask(struct repl *repl, const char *before)
{
	static char names[CONTROL_DATA_BYTES];
	size_t of, word = edit_word(before, &of), length = strlen(before);

	names[0] = '\0';
	if (word != 0 && before[length - word] == ':') {
		repl_find_kinds(before + length - word, word, names);
	} else if (of != 0 && of < sizeof(names) - 1) {
		repl_print(repl);
		message->argument[0] = repl->script->handle;
		memcpy(message->data, ASK, 1);
		memcpy(message->data + 1, before + length - of, of);
		if (call(CONTROL_INPUT, (uint32_t)of + 1) == 0) {
			repl->names = names;
			repl_print(repl);
			repl->names = NULL;
		}
	}
	edit_complete(names);
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
		else if (result == EDIT_ASK)
			repl_ask(repl, line);
		else
			repl_print(repl);
		if (result == EDIT_LINE || result == EDIT_CANCEL || result == EDIT_ASK)
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
