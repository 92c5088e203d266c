/*
 * loader.c: compiles scripts on the machine and runs them; `require_relative` among those that
 * were loaded with this engine.
 */
#include "internal.h"

#include <mruby/compile.h>
#include <mruby/error.h>
#include <mruby/internal.h>
#include <mruby/presym.h>
#include <mruby/proc.h>
#include <mruby/string.h>
#include <stdio.h>
#include <string.h>

/* Scripts that ran or run, so that each runs once. */
static bool loader_loaded[RV_SCRIPTS_MAXIMUM];

static uint32_t loader_script_count(void)
{
	uint32_t count = engine_info()->nr_scripts;

	return count < RV_SCRIPTS_MAXIMUM ? count : RV_SCRIPTS_MAXIMUM;
}

static bool loader_name_matches(const struct rv_script *script, const char *name, size_t length)
{
	size_t have = strnlen(script->name, RV_SCRIPT_NAME_BYTES);

	if (have < length || memcmp(script->name, name, length) != 0)
		return false;
	return have == length || (have == length + 3 && memcmp(script->name + length, ".rb", 3) == 0);
}

const struct rv_script *engine_find_script(const char *name, size_t length_bytes)
{
	const struct rv_engine_info *info = engine_info();

	/* Scripts have no folders here. */
	for (size_t i = length_bytes; i-- > 0;) {
		if (name[i] == '/') {
			name += i + 1;
			length_bytes -= i + 1;
			break;
		}
	}
	for (uint32_t i = 0; i < loader_script_count(); i++) {
		if (loader_name_matches(&info->scripts[i], name, length_bytes))
			return &info->scripts[i];
	}
	return NULL;
}

/* A parser that ran out of memory counts errors of which it has no text. */
static void loader_report_syntax(const char *name, const struct mrb_parser_state *parser)
{
	size_t kept = sizeof(parser->error_buffer) / sizeof(parser->error_buffer[0]);
	char line[512];

	for (size_t i = 0; i < parser->nerr && i < kept; i++) {
		const struct mrb_parser_message *message = &parser->error_buffer[i];

		if (message->message)
			snprintf(line, sizeof(line), "%s:%u:%d: %s", name, message->lineno,
				 message->column, message->message);
		else
			snprintf(line, sizeof(line), "%s: %s", name, memory_quota_text());
		engine_log_string(RV_LOG_ERROR, line);
		if (!message->message)
			return;
	}
}

/* The compiled script, or NULL after its errors were logged. */
static struct RProc *loader_compile(mrb_state *mrb, mrb_ccontext *context,
				    const struct rv_script *script)
{
	const char *source = (const char *)(uintptr_t)script->source;
	size_t length_bytes = (size_t)script->length_bytes;
	struct mrb_parser_state *parser;
	struct RProc *proc = NULL;

	/* Some editors begin UTF-8 with a byte order mark. */
	if (length_bytes >= 3 && memcmp(source, "\xef\xbb\xbf", 3) == 0) {
		source += 3;
		length_bytes -= 3;
	}
	parser = mrb_parse_nstring(mrb, source, length_bytes, context);
	if (!parser) {
		engine_log_string(RV_LOG_ERROR, "script: out of memory while parsing");
		return NULL;
	}
	if (parser->tree && parser->nerr == 0) {
		proc = mrb_generate_code(mrb, parser);
		if (!proc)
			engine_log_string(RV_LOG_ERROR, "script: cannot generate code (too complex)");
	} else {
		loader_report_syntax(script->name, parser);
	}
	mrb_parser_free(parser);
	return proc;
}

static struct RProc *loader_compile_in_context(mrb_state *mrb, const struct rv_script *script)
{
	mrb_ccontext *context = mrb_ccontext_new(mrb);
	struct RProc *proc;

	if (!context)
		return NULL;
	mrb_ccontext_filename(mrb, context, script->name);
	context->capture_errors = TRUE;
	proc = loader_compile(mrb, context, script);
	mrb_ccontext_free(mrb, context);
	return proc;
}

bool engine_run_script(mrb_state *mrb, const struct rv_script *script, enum engine_status *status)
{
	struct RProc *proc;

	loader_loaded[script - engine_info()->scripts] = true;
	proc = loader_compile_in_context(mrb, script);
	if (!proc) {
		*status = ENGINE_STATUS_SYNTAX;
		return false;
	}
	MRB_PROC_SET_TARGET_CLASS(proc, mrb->object_class);
	mrb_top_run(mrb, proc, mrb_top_self(mrb), 1);
	*status = mrb->exc ? ENGINE_STATUS_SCRIPT : ENGINE_STATUS_OK;
	return !mrb->exc;
}

/* True if the named script was run now, false if it ran before. */
static mrb_value loader_require_relative(mrb_state *mrb, mrb_value self)
{
	const struct rv_script *script;
	enum engine_status status;
	struct RProc *proc;
	const char *name;
	mrb_int length;

	mrb_get_args(mrb, "s", &name, &length);
	script = engine_find_script(name, (size_t)length);
	if (!script)
		mrb_raisef(mrb, mrb_class_get(mrb, "LoadError"),
			   "cannot load such script: %l (load it with --script, or as a module of the "
			   "boot loader)", name, (size_t)length);
	if (loader_loaded[script - engine_info()->scripts])
		return mrb_false_value();
	loader_loaded[script - engine_info()->scripts] = true;
	proc = loader_compile_in_context(mrb, script);
	status = proc ? ENGINE_STATUS_OK : ENGINE_STATUS_SYNTAX;
	if (status != ENGINE_STATUS_OK)
		mrb_raisef(mrb, E_SCRIPT_ERROR, "%s has syntax errors, see the log", script->name);
	MRB_PROC_SET_TARGET_CLASS(proc, mrb->object_class);
	mrb_yield_with_class(mrb, mrb_obj_value(proc), 0, NULL, mrb_top_self(mrb),
			     mrb->object_class);
	return mrb_true_value();
}

void loader_init(mrb_state *mrb)
{
	struct RClass *kernel = mrb->kernel_module;

	memset(loader_loaded, 0, sizeof(loader_loaded));
	mrb_define_method_id(mrb, kernel, MRB_SYM(require_relative), loader_require_relative,
			  MRB_ARGS_REQ(1));
}
