/*
 * tests/fuzz/engine_script.c: any text as a script: it is compiled and run, then gets events for its
 * hooks.
 */
#include "engine.h"

#include <string.h>

#define SCRIPT_BYTES_MAXIMUM 65536

static void run_script(mrb_state *mrb, void *context)
{
	enum engine_status status;

	if (engine_run_script(mrb, context, &status))
		engine_run_hooks(mrb);
	else if (mrb->exc)
		engine_report(mrb, "", mrb_obj_value(mrb->exc));
	engine_run_at_exit(mrb);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length_bytes)
{
	struct rv_engine_info *info = (struct rv_engine_info *)(uintptr_t)RV_ENGINE_INFO_ADDRESS;
	struct rv_script *script = &info->scripts[0];
	char *source = (char *)(uintptr_t)RV_ENGINE_SCRIPT_ADDRESS;
	mrb_state *mrb;

	if (length_bytes > SCRIPT_BYTES_MAXIMUM)
		return 0;
	memcpy(source, data, length_bytes);
	source[length_bytes] = '\0';
	strcpy(script->name, "fuzz.rb");
	script->source = RV_ENGINE_SCRIPT_ADDRESS;
	script->length_bytes = length_bytes;
	info->nr_scripts = 1;
	mrb = fuzz_engine_open();
	if (mrb)
		fuzz_engine_run(mrb, run_script, script, length_bytes + 1);
	fuzz_engine_close();
	return 0;
}
