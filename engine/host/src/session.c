/*
 * session.c: plays an .events file: device set-up, accesses of the guest, expectations.
 */
#include "session.h"

#include "events.h"
#include "play.h"
#include "report.h"

#include "core/log.h"
#include "rv/errno.h"
#include "rv/kinds.h"
#include "rv/powers.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t session_events, session_errors;
void (*session_on_delivery)(bool begins, const struct rv_event *event);

static struct play session_play;	/* what the guest does */
static struct words session_words;	/* the line that it came from */
static int session_failures;
static struct report_event session_seen;	/* session_play, for the report */
static int session_expected_exit;

static char *session_log_text;
static size_t session_log_bytes, session_log_cursor;
static bool session_log_shown;

static void session_fail(const char *format, const char *wanted, const char *got)
{
	char text[1024];
	int position = snprintf(text, sizeof(text), "%s: ", events_position());

	snprintf(text + position, sizeof(text) - (size_t)position, format, wanted, got);
	if (report_is_on())
		report_failure(text);
	else
		fprintf(stderr, "%s\n", text);
	session_failures++;
}

void session_show_log(bool show)
{
	session_log_shown = show;
}

static void session_log_append(const char *text, size_t length)
{
	session_log_text = realloc(session_log_text, session_log_bytes + length + 1);
	if (!session_log_text)
		abort();
	memcpy(session_log_text + session_log_bytes, text, length);
	session_log_bytes += length;
	session_log_text[session_log_bytes] = '\0';
	if (session_log_shown)
		fwrite(text, 1, length, stdout);
}

void session_log(uint32_t level, const char *text, size_t length_bytes)
{
	static const char *const names[] = { "error: ", "warning: ", "notice: ", "", "debug: " };

	report_log(level, text, length_bytes);
	if (level <= RV_LOG_DEBUG)
		session_log_append(names[level], strlen(names[level]));
	session_log_append(text, length_bytes);
	if (level <= RV_LOG_DEBUG)
		session_log_append("\n", 1);
}

/* What the hypervisor's own code says. */
void log_line(enum log_level level, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	session_log((uint32_t)level, text, strlen(text));
}

/* `log TEXT`: the text stands in the log, after what the last `log` line found. */
static void session_expect_log(const char *text)
{
	const char *rest = session_log_text ? session_log_text + session_log_cursor : "";
	const char *found = strstr(rest, text);

	if (found)
		session_log_cursor = (size_t)(found + strlen(text) - session_log_text);
	else
		session_fail("the log lacks \"%s\"; it says:\n%s", text, rest);
}

static void session_expect_no_log(const char *text)
{
	if (session_log_text && strstr(session_log_text, text))
		session_fail("the log has \"%s\"%s", text, "");
}

static void session_expect_hooks(const struct words *words)
{
	char have[16];

	snprintf(have, sizeof(have), "%u", host_hook_count());
	if (words->count < 2 || strcmp(words->word[1], have) != 0)
		session_fail("expected %s hooks, there are %s", words->rest, have);
}

/* Lines that are neither set-up nor events. False: it was none of ours. */
static bool session_expectation(const struct words *words)
{
	if (strcmp(words->word[0], "log") == 0)
		session_expect_log(words->rest);
	else if (strcmp(words->word[0], "nolog") == 0)
		session_expect_no_log(words->rest);
	else if (strcmp(words->word[0], "hooks") == 0)
		session_expect_hooks(words);
	else if (strcmp(words->word[0], "exit") == 0)
		session_expected_exit = atoi(words->rest);
	else
		return false;
	return true;
}

/* Without what the line expects. */
static void session_report_event(const char *outcome)
{
	char line[WORDS_LINE_BYTES];
	char *arrow;

	if (!report_is_on() || session_words.count == 0)
		return;
	snprintf(line, sizeof(line), "%s %s", session_words.word[0], session_words.rest);
	arrow = strstr(line, "->");
	if (arrow)
		*arrow = '\0';
	for (size_t length = strlen(line); length > 0 && line[length - 1] == ' '; length--)
		line[length - 1] = '\0';
	session_seen.line = line;
	session_seen.expected = events_expected(&session_words);
	session_seen.recorded = events_line_recorded();
	session_seen.asked_in_vain = session_play.asked_in_vain;
	session_seen.outcome = outcome;
	session_seen.failed = session_play.failed;
	session_seen.ended = session_play.done || session_play.accepted;
	report_event(&session_seen);
}

_Noreturn void session_end(int status, const char *reason)
{
	struct words words;

	if (session_play.hook != NULL) {
		session_play.failed = status != 0;
		session_report_event(reason);
	}
	while (events_next(&words)) {
		if (session_expectation(&words))
			continue;
		session_fail("the engine ended (%s) before this line: %s", reason, words.rest);
		break;
	}
	report_end(status, reason);
	if (status != session_expected_exit && !report_is_on()) {
		char numbers[64];

		snprintf(numbers, sizeof(numbers), "%d, expected %d", status,
			 session_expected_exit);
		session_fail("exit status %s (%s)", numbers, reason);
	}
	fflush(stdout);
	exit(session_failures ? 1 : 0);
}

static void session_check_outcome(void)
{
	char outcome[128];
	const char *why;

	play_finish(&session_play);
	play_describe(&session_play, outcome, sizeof(outcome));
	why = events_compare(&session_words, outcome, session_play.hooked, session_play.failed);
	session_seen.fits = why == NULL;
	if (why && !report_diff())
		session_fail("expected %s, but the guest saw: %s", why, outcome);
	session_report_event(outcome);
	if (session_log_shown && session_words.count > 0)
		printf("%s %s%s=> %s\n", session_words.word[0], session_words.rest,
		       session_words.rest[0] ? " " : "", outcome);
}

static struct rv_event *session_event(void)
{
	return (struct rv_event *)(uintptr_t)RV_ENGINE_EVENT_ADDRESS;
}

/* Gives the event to the next hook. False: none wants it. */
static bool session_deliver(void)
{
	if (!play_open(&session_play, session_event()))
		return false;
	if (session_seen.nr_hooks < REPORT_HOOKS_MAXIMUM)
		session_seen.hooks[session_seen.nr_hooks++] = session_play.hook->id;
	session_events++;
	if (session_on_delivery)
		session_on_delivery(true, session_event());
	return true;
}

/* Takes the verdict of the open event. */
static void session_close_event(void)
{
	if (session_on_delivery)
		session_on_delivery(false, session_event());
	session_errors += !play_close(&session_play, session_event());
}

/* Goes on with what the guest does: true when another hook wants it. */
static bool session_next_hook(void)
{
	if (session_play.hook != NULL)
		session_close_event();
	if (session_deliver())
		return true;
	session_check_outcome();
	return false;
}

static bool session_loaded;	/* the top level has ended */
static uint32_t session_powers_kept = RV_POWERS_ALL;

/* The first call says that the script's top level has ended. */
static void session_report_loaded(void)
{
	if (!session_loaded)
		report_hooks();
	session_loaded = true;
}

int64_t session_keep_powers(uint64_t powers)
{
	if ((powers & ~(uint64_t)RV_POWERS_ALL) != 0)
		return -RV_EINVAL;
	session_powers_kept &= (uint32_t)powers;
	return 0;
}

uint32_t session_powers(void)
{
	return session_loaded ? session_powers_kept : RV_POWERS_ALL;
}

int64_t session_begin_policy(void)
{
	struct rv_engine_info *info = (struct rv_engine_info *)(uintptr_t)RV_ENGINE_INFO_ADDRESS;

	if (info->policy)
		return 0;
	if (session_loaded)
		return -RV_EAGAIN;
	if (host_hook_count() != 0)
		return -RV_EBUSY;
	info->policy = 1;
	return 0;
}

bool session_keeps(const struct hook *hook)
{
	const struct rv_engine_info *info = (const struct rv_engine_info *)(uintptr_t)RV_ENGINE_INFO_ADDRESS;

	return info->policy && session_loaded && hook_keeps_denying(hook);
}

int64_t session_next_event(void)
{
	struct rv_event event;

	session_report_loaded();
	if (session_play.hook != NULL && session_next_hook())
		return 0;
	while (events_next(&session_words)) {
		if (session_expectation(&session_words))
			continue;
		session_seen = (struct report_event){ 0 };
		switch (events_line(&session_words, &event)) {
		case EVENTS_SET_UP:
			break;
		case EVENTS_EVENT:
			if (!play_begin(&session_play, &event, events_line_recorded()))
				session_fail("cannot read the data of: %s %s", session_words.word[0],
					     session_words.rest);
			if (session_next_hook())
				return 0;
			break;
		default:
			session_fail("cannot understand: %s %s", session_words.word[0],
				     session_words.rest);
		}
	}
	session_end(session_expected_exit, "end of the events");
}

int64_t session_fetch(void)
{
	const struct hook *hook = session_play.hook;

	if (hook == NULL || hook->source->fetch == NULL)
		return -RV_EAGAIN;
	return hook->source->fetch(session_event(), &session_play.origin);
}

int64_t session_resize(uint64_t bytes)
{
	return play_resize(&session_play, bytes);
}

int64_t session_data(uint64_t offset, void *buffer, uint64_t length_bytes, bool write)
{
	return play_data(&session_play, offset, buffer, length_bytes, write);
}

int64_t session_registers(void)
{
	if (session_play.hook == NULL)
		return -RV_EAGAIN;
	events_registers(&session_event()->registers);
	session_event()->flags |= RV_EVENT_REGISTERS;
	return 0;
}
