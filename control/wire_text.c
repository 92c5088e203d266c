/*
 * control/wire_text.c: a human at the wire, whose lines become the messages that tools send.
 */
#include "control/control_internal.h"
#include "control/wire_internal.h"
#include "core/log.h"
#include "core/string.h"

#define TEXT_LOG_BYTES 2048 /* of the log's end */
#define TEXT_LOG_TURNS 64   /* more than the log holds */

static const char text_help[] =
	"help | version | list | stats | log (its end) | unload NAME | continue (a CPU that an NMI has stopped)\n"
	"Tools send frames: ritectl --wire.\n";

/* What is written so far. */
struct text_answer {
	char *text;
	size_t used, room;
	struct vcpu *vcpu;
	struct control_message message;
};

static struct text_answer text_answer; /* whoever has wire_turn() to himself */

/* Terminals want a carriage return too. */
static void text_put(struct text_answer *answer, const char *text, size_t length_bytes)
{
	for (size_t i = 0; i < length_bytes; i++) {
		if (answer->room - answer->used < 2)
			return;
		if (text[i] == '\n')
			answer->text[answer->used++] = '\r';
		answer->text[answer->used++] = text[i];
	}
}

static void text_say(struct text_answer *answer, const char *text)
{
	text_put(answer, text, strlen(text));
}

static int64_t text_ask(struct text_answer *answer, enum control_command command, uint32_t data_bytes)
{
	answer->message.version = CONTROL_VERSION;
	answer->message.command = command;
	answer->message.data_bytes = data_bytes;
	return control_perform(&answer->message, sizeof(answer->message), WIRE_SPACE, answer->vcpu);
}

static void text_version(struct text_answer *answer)
{
	(void)text_ask(answer, CONTROL_HELLO, 0);
	text_say(answer, "Ritevisor ");
	text_put(answer, (const char *)answer->message.data, answer->message.data_bytes);
	text_say(answer, "\n");
}

static void text_entry(struct text_answer *answer, const struct control_entry *entry)
{
	static const char *const states[] = { "loading", "in force", "ended", "denies" };
	char line[160];

	print_format(line, sizeof(line), "%-24s %-9s hooks %u, events %lu, errors %lu\n", entry->name,
		     entry->phase < 4 ? states[entry->phase] : "?", entry->hooks, entry->events, entry->errors);
	text_say(answer, line);
}

static void text_list(struct text_answer *answer)
{
	struct control_entry entry;
	int64_t count;

	answer->message.argument[0] = 0;
	while ((count = text_ask(answer, CONTROL_LIST, 0)) > 0) {
		for (int64_t i = 0; i < count; i++) {
			memcpy(&entry, answer->message.data + (size_t)i * sizeof(entry), sizeof(entry));
			text_entry(answer, &entry);
		}
	}
}

static void text_stats(struct text_answer *answer)
{
	char line[120];

	if (text_ask(answer, CONTROL_STATISTICS, 0) < 0)
		return;
	print_format(line, sizeof(line), "free pages %lu, exits %lu, lost on the wire %lu\n", answer->message.argument[0],
		     answer->message.argument[1], answer->message.argument[3]);
	text_say(answer, line);
}

static void text_log(struct text_answer *answer)
{
	uint64_t end;

	answer->message.argument[0] = 0;
	/* Others may write on meanwhile. */
	for (unsigned i = 0; i < TEXT_LOG_TURNS; i++) {
		if (text_ask(answer, CONTROL_LOG, 0) != 0 || answer->message.data_bytes == 0)
			break;
	}
	end = answer->message.argument[0];
	answer->message.argument[0] = end > TEXT_LOG_BYTES ? end - TEXT_LOG_BYTES : 0;
	if (text_ask(answer, CONTROL_LOG, 0) == 0)
		text_put(answer, (const char *)answer->message.data, answer->message.data_bytes);
}

static void text_unload(struct text_answer *answer, const char *name)
{
	char line[60];
	int64_t result;

	answer->message.argument[0] = 0;
	memcpy(answer->message.data, name, strlen(name));
	result = text_ask(answer, CONTROL_UNLOAD, (uint32_t)strlen(name));
	print_format(line, sizeof(line), result == 0 ? "unloaded\n" : "no: error %ld\n", result);
	text_say(answer, line);
}

static void text_perform(struct text_answer *answer, const char *line)
{
	if (strcmp(line, "list") == 0)
		text_list(answer);
	else if (strcmp(line, "stats") == 0)
		text_stats(answer);
	else if (strcmp(line, "log") == 0)
		text_log(answer);
	else if (strncmp(line, "unload ", 7) == 0)
		text_unload(answer, line + 7);
	else if (strcmp(line, "continue") == 0)
		text_say(answer, text_ask(answer, CONTROL_CONTINUE, 0) == 0 ? "goes on\n" : "nothing is stopped\n");
	else if (strcmp(line, "version") == 0)
		text_version(answer);
	else
		text_say(answer, text_help);
}

size_t wire_answer_line(const char *line, char *text, size_t text_bytes, struct vcpu *vcpu)
{
	struct text_answer *answer = &text_answer;

	memset(answer, 0, sizeof(*answer));
	answer->text = text;
	answer->room = text_bytes;
	answer->vcpu = vcpu;
	if (strcmp(line, "version") != 0 && text_ask(answer, CONTROL_OPEN, 0) != 0) {
		text_say(answer, control_auth == CONTROL_AUTH_KEY ? "a key is asked for: ritectl --wire ... --key FILE\n"
								  : "too many sessions\n");
		return answer->used;
	}
	text_perform(answer, line);
	(void)text_ask(answer, CONTROL_CLOSE, 0);
	return answer->used;
}
