/*
 * report.c: an exception in the log, with its backtrace.
 *
 * Reporting must work when the heap is nearly gone and when the script has redefined #message or
 * #inspect: everything that may raise runs protected, and a fixed text takes its place.
 */
#include "engine/engine.h"

#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/error.h>
#include <mruby/internal.h>
#include <mruby/string.h>
#include <string.h>

enum { REPORT_BACKTRACE_LINES = 12, REPORT_LINE_BYTES = 512, REPORT_MESSAGE_BYTES = 440 };

struct report_line {
	char text[REPORT_LINE_BYTES];
	size_t length;
};

static void report_append(struct report_line *line, const char *text, size_t length)
{
	size_t room = REPORT_LINE_BYTES - line->length;

	if (length > room)
		length = room;
	memcpy(line->text + line->length, text, length);
	line->length += length;
}

static void report_append_value(struct report_line *line, mrb_value value, const char *otherwise)
{
	if (mrb_string_p(value))
		report_append(line, RSTRING_PTR(value), (size_t)RSTRING_LEN(value));
	else
		report_append(line, otherwise, strlen(otherwise));
}

static mrb_value report_message(mrb_state *mrb, void *exception)
{
	return mrb_obj_as_string(mrb, mrb_funcall(mrb, *(mrb_value *)exception, "message", 0));
}

static mrb_value report_class(mrb_state *mrb, void *exception)
{
	return mrb_str_new_cstr(mrb, mrb_obj_classname(mrb, *(mrb_value *)exception));
}

static mrb_value report_backtrace(mrb_state *mrb, void *exception)
{
	return mrb_exc_backtrace(mrb, *(mrb_value *)exception);
}

/* Runs body protected; nil when it raised. */
static mrb_value report_try(mrb_state *mrb, mrb_protect_error_func *body, mrb_value *exception)
{
	mrb_bool failed = FALSE;
	mrb_value value = mrb_protect_error(mrb, body, exception, &failed);

	mrb->exc = NULL;
	return failed ? mrb_nil_value() : value;
}

static bool report_ends_with(mrb_value line, const char *name)
{
	size_t length = mrb_string_p(line) ? (size_t)RSTRING_LEN(line) : 0, wanted = strlen(name);

	return length >= wanted && memcmp(RSTRING_END(line) - wanted, name, wanted) == 0;
}

/* Below this is the event loop, or that of at_exit's blocks, which is of no interest. */
static bool report_is_loop(mrb_value line)
{
	return report_ends_with(line, ":in __run") || report_ends_with(line, ":in __run_at_exit");
}

static void report_log_backtrace(mrb_value backtrace)
{
	mrb_int lines = RARRAY_LEN(backtrace);

	for (mrb_int i = 0; i < lines && i < REPORT_BACKTRACE_LINES; i++) {
		struct report_line line = { .length = 0 };

		if (report_is_loop(RARRAY_PTR(backtrace)[i]))
			return;
		report_append(&line, "  from ", 7);
		report_append_value(&line, RARRAY_PTR(backtrace)[i], "?");
		engine_log(RV_LOG_ERROR, line.text, line.length);
	}
	if (lines > REPORT_BACKTRACE_LINES)
		engine_log_string(RV_LOG_ERROR, "  from ...");
}

void engine_report(mrb_state *mrb, const char *context, mrb_value exception)
{
	int arena = mrb_gc_arena_save(mrb);
	mrb_value name = report_try(mrb, report_class, &exception);
	mrb_value message = report_try(mrb, report_message, &exception);
	mrb_value backtrace = report_try(mrb, report_backtrace, &exception);
	struct report_line line = { .length = 0 };

	report_append(&line, context, strlen(context));
	if (mrb_array_p(backtrace) && RARRAY_LEN(backtrace) > 0) {
		report_append_value(&line, RARRAY_PTR(backtrace)[0], "?");
		report_append(&line, ": ", 2);
	}
	report_append_value(&line, message, "(no message)");
	if (line.length > REPORT_MESSAGE_BYTES) {
		line.length = REPORT_MESSAGE_BYTES;
		report_append(&line, "...", 3);
	}
	report_append(&line, " (", 2);
	report_append_value(&line, name, "exception");
	report_append(&line, ")", 1);
	engine_log(RV_LOG_ERROR, line.text, line.length);
	if (mrb_array_p(backtrace))
		report_log_backtrace(backtrace);
	mrb_gc_arena_restore(mrb, arena);
}
