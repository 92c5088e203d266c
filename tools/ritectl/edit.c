/*
 * edit.c: a line editor: the arrows, Ctrl-A, Ctrl-E, Ctrl-U, Backspace, Tab, and the lines before.
 */
#include "edit.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define HISTORY 64
#define CONTROL(letter) ((letter) & 0x1f)

static char text[EDIT_LINE_BYTES];
static size_t used, at; /* bytes, and where the cursor is */
static const char *shown_prompt = "";
static char history[HISTORY][EDIT_LINE_BYTES];
static unsigned history_count, history_at; /* ever; which is shown */
static enum { PLAIN, ESCAPE, BRACKET } escape;
static bool is_terminal;
static struct termios before;

static void edit_restore(void)
{
	tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
}

void edit_begin(void)
{
	struct termios raw;

	is_terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;
	if (!is_terminal)
		return;
	atexit(edit_restore);
	raw = before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
	raw.c_iflag &= ~(tcflag_t)(ICRNL | IXON);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

static void edit_show(void)
{
	if (!is_terminal)
		return;
	printf("\r\033[K%s%.*s", shown_prompt, (int)used, text);
	if (at != used)
		printf("\033[%zuD", used - at);
	fflush(stdout);
}

void edit_prompt(const char *prompt)
{
	shown_prompt = prompt;
	edit_show();
}

void edit_hide(void)
{
	if (is_terminal)
		fputs("\r\033[K", stdout);
}

static void edit_insert(char c)
{
	if (used == sizeof(text) - 1)
		return;
	memmove(text + at + 1, text + at, used - at);
	text[at++] = c;
	used++;
}

static void edit_delete(size_t where)
{
	memmove(text + where, text + where + 1, used - where - 1);
	used--;
}

/* One of the lines before, or none behind the last. */
static void edit_recall(int step)
{
	unsigned to = history_at + (unsigned)step, oldest = history_count > HISTORY ? history_count - HISTORY : 0;

	if ((step < 0 && history_at == oldest) || to > history_count)
		return;
	history_at = to;
	used = 0;
	if (to != history_count) {
		used = strlen(history[to % HISTORY]);
		memcpy(text, history[to % HISTORY], used);
	}
	at = used;
}

static void edit_remember(void)
{
	if (used != 0) {
		memcpy(history[history_count % HISTORY], text, used);
		history[history_count % HISTORY][used] = '\0';
		history_count++;
	}
	history_at = history_count;
}

static void edit_move(char key)
{
	if (key == 'A')
		edit_recall(-1);
	else if (key == 'B')
		edit_recall(1);
	else if (key == 'C' && at < used)
		at++;
	else if (key == 'D' && at > 0)
		at--;
}

static enum edit_result edit_end_line(char line[EDIT_LINE_BYTES])
{
	text[used] = '\0';
	memcpy(line, text, used + 1);
	edit_remember();
	used = at = 0;
	if (is_terminal)
		fputc('\n', stdout);
	return EDIT_LINE;
}

static bool edit_is_of_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c != '\0' && strchr("_?!:@$", c) != NULL);
}

size_t edit_word(const char *line, size_t *of)
{
	size_t end = strlen(line), word = end, start;

	while (word > 0 && edit_is_of_word(line[word - 1]))
		word--;
	start = word;
	if (word > 0 && line[word - 1] == '.')
		start--;
	while (start < word && start > 0 && edit_is_of_word(line[start - 1]))
		start--;
	*of = end - start;
	return end - word;
}

/* How long the beginning is that all names have. */
static size_t edit_common(const char *names)
{
	size_t common = strcspn(names, " ");

	for (const char *name = names; *name != '\0';) {
		size_t length = strcspn(name, " "), same = 0;

		while (same < common && same < length && name[same] == names[same])
			same++;
		common = same;
		name += length + (name[length] == ' ');
	}
	return common;
}

static enum edit_result edit_ask(char line[EDIT_LINE_BYTES])
{
	memcpy(line, text, at);
	line[at] = '\0';
	return EDIT_ASK;
}

void edit_complete(const char *names)
{
	char before_cursor[EDIT_LINE_BYTES];
	size_t of, word, common = edit_common(names);

	(void)edit_ask(before_cursor);
	word = edit_word(before_cursor, &of);
	if (common <= word && *names != '\0' && strcspn(names, " ") != strlen(names)) {
		edit_hide();
		printf("%s\r\n", names);
	}
	for (size_t i = word; i < common; i++)
		edit_insert(names[i]);
}

static enum edit_result edit_key(char key, char line[EDIT_LINE_BYTES])
{
	if (key == '\r' || key == '\n')
		return edit_end_line(line);
	if (!is_terminal) {
		edit_insert(key);
		return EDIT_NOTHING;
	}
	if (key == CONTROL('C')) {
		used = at = 0;
		fputs("^C\n", stdout);
		return EDIT_CANCEL;
	}
	if (key == CONTROL('D') && used == 0)
		return EDIT_END;
	if (key == '\t')
		return edit_ask(line);
	if ((key == '\b' || key == 0x7f) && at > 0)
		edit_delete(--at);
	else if (key == CONTROL('D') && at < used)
		edit_delete(at);
	else if (key == CONTROL('A'))
		at = 0;
	else if (key == CONTROL('E'))
		at = used;
	else if (key == CONTROL('U'))
		used = at = 0;
	else if ((unsigned char)key >= ' ' && key != 0x7f)
		edit_insert(key);
	return EDIT_NOTHING;
}

/* The arrows are ESC [ A to D. */
static enum edit_result edit_take(char key, char line[EDIT_LINE_BYTES])
{
	enum edit_result result = EDIT_NOTHING;

	if (escape == ESCAPE && key == '[') {
		escape = BRACKET;
	} else if (escape == BRACKET) {
		edit_move(key);
		if (key >= '@')
			escape = PLAIN;
	} else if (is_terminal && key == '\033') {
		escape = ESCAPE;
	} else {
		escape = PLAIN;
		result = edit_key(key, line);
	}
	if (result == EDIT_NOTHING)
		edit_show();
	return result;
}

enum edit_result edit_read(int milliseconds, char line[EDIT_LINE_BYTES])
{
	struct pollfd wait = { .fd = STDIN_FILENO, .events = POLLIN };
	enum edit_result result = EDIT_NOTHING;
	char key;

	if (poll(&wait, 1, milliseconds) <= 0)
		return EDIT_NOTHING;
	do {
		if (read(STDIN_FILENO, &key, 1) != 1)
			return used != 0 ? edit_end_line(line) : EDIT_END;
		result = edit_take(key, line);
	} while (result == EDIT_NOTHING && poll(&wait, 1, 0) > 0);
	return result;
}
