/*
 * cost.c - the cost of soft-float helpers in instructions, counted by single-stepping.
 *
 * Usage: cost. One line a function: NAME_instructions MEAN MOST, over operands of everyday size
 * (the common path). The call and the return are counted, the loading of arguments is not.
 */
#include "engine_libc.h"
#include "generate.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define SAMPLES 40
/* call, mov, ret */
#define EMPTY_CALL 3

typedef uint64_t (*binary_t)(uint64_t a, uint64_t b);

enum operand_kind { OPERAND_DOUBLE, OPERAND_INTEGER };

uint64_t engine___adddf3(uint64_t a, uint64_t b);
uint64_t engine___subdf3(uint64_t a, uint64_t b);
uint64_t engine___muldf3(uint64_t a, uint64_t b);
uint64_t engine___divdf3(uint64_t a, uint64_t b);
uint64_t engine___ltdf2(uint64_t a, uint64_t b);
uint64_t engine___gedf2(uint64_t a, uint64_t b);
uint64_t engine___eqdf2(uint64_t a, uint64_t b);
uint64_t engine___floatsidf(uint64_t a, uint64_t b);
uint64_t engine___floatdidf(uint64_t a, uint64_t b);
uint64_t engine___fixdfsi(uint64_t a, uint64_t b);
uint64_t engine___fixdfdi(uint64_t a, uint64_t b);
uint64_t engine_sqrt(uint64_t a, uint64_t b);
uint64_t engine_floor(uint64_t a, uint64_t b);
uint64_t engine_round(uint64_t a, uint64_t b);
uint64_t engine_fmod(uint64_t a, uint64_t b);
uint64_t engine_sin(uint64_t a, uint64_t b);
uint64_t engine_cos(uint64_t a, uint64_t b);
uint64_t engine_tan(uint64_t a, uint64_t b);
uint64_t engine_atan(uint64_t a, uint64_t b);
uint64_t engine_atan2(uint64_t a, uint64_t b);
uint64_t engine_exp(uint64_t a, uint64_t b);
uint64_t engine_log(uint64_t a, uint64_t b);
uint64_t engine_log2(uint64_t a, uint64_t b);
uint64_t engine_log10(uint64_t a, uint64_t b);
uint64_t engine_pow(uint64_t a, uint64_t b);
uint64_t engine_cbrt(uint64_t a, uint64_t b);
uint64_t engine_hypot(uint64_t a, uint64_t b);
uint64_t engine_sinh(uint64_t a, uint64_t b);
uint64_t engine_tanh(uint64_t a, uint64_t b);
uint64_t engine_erf(uint64_t a, uint64_t b);
uint64_t engine_tgamma(uint64_t a, uint64_t b);
int engine_mrb_format_float(uint64_t value, char *text, size_t size, char format, int precision,
			    char sign);
int engine_engine_format_float_shortest(uint64_t value, char *text, size_t size, char format,
					int precision, char sign);
_Bool engine_mrb_read_float(const char *text, char **end, uint64_t *value);
void *engine_malloc(size_t size);
void engine_free(void *pointer);

static uint64_t format_17(uint64_t a, uint64_t b)
{
	static char text[64];

	(void)b;
	return (uint64_t)engine_mrb_format_float(a, text, sizeof(text), 'g', 17, 0);
}

static uint64_t format_shortest(uint64_t a, uint64_t b)
{
	static char text[64];

	(void)b;
	return (uint64_t)engine_engine_format_float_shortest(a, text, sizeof(text), 'g', 15, 0);
}

static uint64_t read_17(uint64_t a, uint64_t b)
{
	uint64_t value;

	(void)b;
	engine_mrb_read_float((const char *)a, NULL, &value);
	return value;
}

static uint64_t allocate_and_free(uint64_t a, uint64_t b)
{
	(void)b;
	engine_free(engine_malloc(a % 64));
	return 0;
}

static const struct {
	const char *name;
	binary_t function;
	enum operand_kind kind;
} functions[] = {
	{ "softfloat_add", engine___adddf3, OPERAND_DOUBLE },
	{ "softfloat_subtract", engine___subdf3, OPERAND_DOUBLE },
	{ "softfloat_multiply", engine___muldf3, OPERAND_DOUBLE },
	{ "softfloat_divide", engine___divdf3, OPERAND_DOUBLE },
	{ "softfloat_less", engine___ltdf2, OPERAND_DOUBLE },
	{ "softfloat_greater_equal", engine___gedf2, OPERAND_DOUBLE },
	{ "softfloat_equal", engine___eqdf2, OPERAND_DOUBLE },
	{ "softfloat_from_int32", engine___floatsidf, OPERAND_INTEGER },
	{ "softfloat_from_int64", engine___floatdidf, OPERAND_INTEGER },
	{ "softfloat_to_int32", engine___fixdfsi, OPERAND_DOUBLE },
	{ "softfloat_to_int64", engine___fixdfdi, OPERAND_DOUBLE },
	{ "softfloat_square_root", engine_sqrt, OPERAND_DOUBLE },
	{ "softfloat_floor", engine_floor, OPERAND_DOUBLE },
	{ "softfloat_round", engine_round, OPERAND_DOUBLE },
	{ "softfloat_fmod", engine_fmod, OPERAND_DOUBLE },
	{ "math_sin", engine_sin, OPERAND_DOUBLE },
	{ "math_cos", engine_cos, OPERAND_DOUBLE },
	{ "math_tan", engine_tan, OPERAND_DOUBLE },
	{ "math_atan", engine_atan, OPERAND_DOUBLE },
	{ "math_atan2", engine_atan2, OPERAND_DOUBLE },
	{ "math_exp", engine_exp, OPERAND_DOUBLE },
	{ "math_log", engine_log, OPERAND_DOUBLE },
	{ "math_log2", engine_log2, OPERAND_DOUBLE },
	{ "math_log10", engine_log10, OPERAND_DOUBLE },
	{ "math_pow", engine_pow, OPERAND_DOUBLE },
	{ "math_cbrt", engine_cbrt, OPERAND_DOUBLE },
	{ "math_hypot", engine_hypot, OPERAND_DOUBLE },
	{ "math_sinh", engine_sinh, OPERAND_DOUBLE },
	{ "math_tanh", engine_tanh, OPERAND_DOUBLE },
	{ "math_erf", engine_erf, OPERAND_DOUBLE },
	{ "math_tgamma", engine_tgamma, OPERAND_DOUBLE },
	{ "float_format_17", format_17, OPERAND_DOUBLE },
	{ "float_format_shortest", format_shortest, OPERAND_DOUBLE },
	{ "float_read_17", read_17, OPERAND_DOUBLE },
	{ "heap_malloc_free", allocate_and_free, OPERAND_INTEGER },
};

#define FUNCTIONS (sizeof(functions) / sizeof(functions[0]))

/* Values scripts compute with: 0.01 to 100, positive for the sake of log and sqrt. */
static uint64_t everyday_double(struct generator *generator)
{
	double scale = (double)(generate_random(generator) >> 11) * 0x1p-53;
	double value = 0.01 + scale * scale * 100.0;

	return bits_of(value);
}

static volatile unsigned long steps;

/* Each instruction executed with the trap flag set ends in one SIGTRAP. */
static void count_step(int signal)
{
	(void)signal;
	steps++;
}

/* TF is set for the instruction after POPFQ on: the call, the function, and four to clear TF. */
__attribute__((noinline)) static uint64_t call_stepped(binary_t function, uint64_t a, uint64_t b)
{
	uint64_t result;

	__asm__ volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\t"
			 "call *%[function]\n\t"
			 "pushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq"
			 : "=a" (result), "+D" (a), "+S" (b)
			 : [function] "r" (function)
			 : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
	return result;
}

static uint64_t do_nothing(uint64_t a, uint64_t b)
{
	(void)b;
	return a;
}

static unsigned long count_instructions(binary_t function, uint64_t a, uint64_t b)
{
	/* The first call of an allocation fetches memory; the common path is the next one. */
	function(a, b);
	steps = 0;
	call_stepped(function, a, b);
	return steps;
}

int main(void)
{
	struct generator generator = { .state = 12345 };
	static char text[64];
	unsigned long around;

	signal(SIGTRAP, count_step);
	/* an empty function is its call and return, which stay counted */
	around = count_instructions(do_nothing, 0, 0) - EMPTY_CALL;
	for (size_t i = 0; i < FUNCTIONS; i++) {
		unsigned long total = 0;
		unsigned long most = 0;

		for (int sample = 0; sample < SAMPLES; sample++) {
			uint64_t a = everyday_double(&generator);
			uint64_t b = everyday_double(&generator);
			unsigned long taken;

			if (functions[i].kind == OPERAND_INTEGER) {
				a = generate_random(&generator) >> 40;
			} else if (functions[i].function == read_17) {
				snprintf(text, sizeof(text), "%.17g", value_of(a));
				a = (uint64_t)text;
			} else if (sample % 2 == 1 && i < 2) {
				b ^= 1ULL << 63;
			}
			taken = count_instructions(functions[i].function, a, b) - around;
			total += taken;
			if (taken > most)
				most = taken;
		}
		printf("%s_instructions %lu %lu\n", functions[i].name, total / SAMPLES, most);
		fflush(stdout);
	}
	return 0;
}
