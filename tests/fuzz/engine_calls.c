/*
 * tests/fuzz/engine_calls.c: methods that take a structured text or a count, on any text and number:
 * pack, sprintf, conversions, patterns, settings. One mruby serves many inputs.
 */
#include "engine.h"

#include <mruby/array.h>
#include <mruby/compile.h>
#include <mruby/error.h>
#include <mruby/string.h>
#include <mruby/variable.h>
#include <string.h>

#include "input.h"

#define RUNS_OF_ONE_STATE 500
#define TEXTS_BYTES_MAXIMUM 256

/* s, t: texts; n: an Integer; f: a Float. */
static const char calls[] =
	"$calls = ["
	"->(s, t, n, f) { s.unpack(t) }, ->(s, t, n, f) { [n, f, s, n, f, s].pack(t) },"
	"->(s, t, n, f) { t.unpack1(s, offset: n) }, ->(s, t, n, f) { s % [n, f, t, n] },"
	"->(s, t, n, f) { sprintf(s, f, f, n, t) }, ->(s, t, n, f) { s % {a: n, b: f} },"
	"->(s, t, n, f) { s.to_i(n % 40) }, ->(s, t, n, f) { Integer(s, n % 40) },"
	"->(s, t, n, f) { s.to_f }, ->(s, t, n, f) { Float(s) }, ->(s, t, n, f) { eval(s.to_f.to_s) },"
	"->(s, t, n, f) { s.split(t, n % 9) }, ->(s, t, n, f) { s.gsub(t, s) }, ->(s, t, n, f) { s.sub(t) { t } },"
	"->(s, t, n, f) { s.tr(t, s.reverse) }, ->(s, t, n, f) { s.delete(t).count(t) },"
	"->(s, t, n, f) { s.squeeze(t) }, ->(s, t, n, f) { s.center(n % 2000, t) }, ->(s, t, n, f) { s[n, n] },"
	"->(s, t, n, f) { s[n..] = t }, ->(s, t, n, f) { s[t] = t }, ->(s, t, n, f) { s.insert(n, t) },"
	"->(s, t, n, f) { s.index(t, n) }, ->(s, t, n, f) { s.rindex(t, n) }, ->(s, t, n, f) { s.byteslice(n, n) },"
	"->(s, t, n, f) { s.succ }, ->(s, t, n, f) { s.upto(t) { break } }, ->(s, t, n, f) { s.inspect.to_sym.inspect },"
	"->(s, t, n, f) { s.chars; s.codepoints; s.reverse }, ->(s, t, n, f) { s.each_line(t) { } },"
	"->(s, t, n, f) { s.partition(t); s.rpartition(t) }, ->(s, t, n, f) { s.start_with?(t); s.casecmp(t) },"
	"->(s, t, n, f) { s.setbyte(n, n); s.getbyte(n) }, ->(s, t, n, f) { n.to_s(f.to_i) },"
	"->(s, t, n, f) { f.round(n); f.floor(n) }, ->(s, t, n, f) { f.to_s; f.to_i; f.to_r },"
	"->(s, t, n, f) { n.digits(s.size) }, ->(s, t, n, f) { n.pow(s.size, s.hash) },"
	"->(s, t, n, f) { s.to_i(16) * t.to_i(16) / (n | 1) }, ->(s, t, n, f) { (s.to_i(36) << (n % 300)).to_s(7) },"
	"->(s, t, n, f) { Time.at(n, f).to_s }, ->(s, t, n, f) { Time.utc(n % 10000, s.size, t.size).to_a },"
	"->(s, t, n, f) { s.to_c; s.to_r }, ->(s, t, n, f) { [s, t, n, f].hash; [s, t] <=> [t, s] },"
	"->(s, t, n, f) { Array.new(n % 5000) { n }.values_at(n, f.to_i) }, ->(s, t, n, f) { [s] * (n % 3000) },"
	"->(s, t, n, f) { [n, s, t].fill(f, n, 3) }, ->(s, t, n, f) { [s, t][n, n] = [n] },"
	"->(s, t, n, f) { Random.new(n).bytes(n % 100) }, ->(s, t, n, f) { [s, t, n].permutation(n % 5).to_a },"
	"->(s, t, n, f) { setting(:a, 1) }, ->(s, t, n, f) { setting(:a, 1..2) }, ->(s, t, n, f) { setting(:a, [1]) },"
	"->(s, t, n, f) { setting(:a, 1.5) }, ->(s, t, n, f) { setting(:a, true); ARGV },"
	"->(s, t, n, f) { on(:pci_config_read, id: s, slot: t) { } }, ->(s, t, n, f) { on(:port_read, n, width: f) { } },"
	"->(s, t, n, f) { log s, a: t, b: n; log.error t; printf(s, t, n, f) },"
	"->(s, t, n, f) { Memory.read(n, t.size); Memory.write(n, s) }, ->(s, t, n, f) { Port.read8(n); Mmio.read(n) },"
	"->(s, t, n, f) { Regexp.new(t).match(s) }, ->(s, t, n, f) { s.gsub(Regexp.new(t), s) },"
	"->(s, t, n, f) { s.scan(Regexp.new(t)); s.split(Regexp.new(t), n % 9) },"
	"->(s, t, n, f) { eval(s) if s.size < 40 },"
	"]";

struct call {
	uint8_t number;
	mrb_int n;
	double f;
	const char *texts[2];
	size_t lengths[2];
};

static void define_calls(mrb_state *mrb, void *unused)
{
	(void)unused;
	mrb_load_string(mrb, calls);
}

static mrb_value perform(mrb_state *mrb, void *context)
{
	struct call *call = context;
	mrb_value list = mrb_gv_get(mrb, mrb_intern_lit(mrb, "$calls"));
	mrb_value arguments[4];

	if (!mrb_array_p(list))
		return mrb_nil_value();
	for (unsigned i = 0; i < 2; i++)
		arguments[i] = mrb_str_new(mrb, call->texts[i], (mrb_int)call->lengths[i]);
	arguments[2] = mrb_int_value(mrb, call->n);
	arguments[3] = mrb_float_value(mrb, call->f);
	return mrb_yield_argv(mrb, RARRAY_PTR(list)[call->number % RARRAY_LEN(list)], 4, arguments);
}

static void perform_protected(mrb_state *mrb, void *context)
{
	mrb_bool failed;

	mrb_protect_error(mrb, perform, context, &failed);
	mrb->exc = NULL;
}

/* `a=` and the first text are the settings. */
static void set_settings(const struct call *call)
{
	struct rv_engine_info *info = (struct rv_engine_info *)(uintptr_t)RV_ENGINE_INFO_ADDRESS;
	size_t length = call->lengths[0] < sizeof(info->settings) - 3 ? call->lengths[0]
								      : sizeof(info->settings) - 3;

	memcpy(info->settings, "a=", 2);
	memcpy(info->settings + 2, call->texts[0], length);
	info->settings[2 + length] = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length_bytes)
{
	static mrb_state *mrb;
	static unsigned runs;
	struct input input = {data, length_bytes};
	struct call call = {0};
	size_t split;
	int arena;

	if (length_bytes > TEXTS_BYTES_MAXIMUM)
		return 0;
	if (!mrb || runs++ % RUNS_OF_ONE_STATE == 0) {
		fuzz_engine_close();
		mrb = fuzz_engine_open();
		if (!mrb || !fuzz_engine_run(mrb, define_calls, NULL, 1))
			abort();
	}
	call.number = (uint8_t)input_number(&input, 1);
	call.n = (mrb_int)input_number(&input, 8) >> (input_number(&input, 1) & 63);
	input_take(&input, &call.f, sizeof(call.f));
	split = (size_t)input_number(&input, 1);
	call.lengths[0] = split < input.left ? split : input.left;
	call.lengths[1] = input.left - call.lengths[0];
	call.texts[0] = (const char *)input.bytes;
	call.texts[1] = call.texts[0] + call.lengths[0];
	set_settings(&call);
	arena = mrb_gc_arena_save(mrb);
	if (fuzz_engine_run(mrb, perform_protected, &call, call.number + 1u))
		mrb_gc_arena_restore(mrb, arena);
	else
		mrb = NULL;
	return 0;
}
