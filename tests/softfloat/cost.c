/*
 * cost.c - the cost of soft-float helpers in instructions, counted by single-stepping.
 *
 * Usage: cost. One line a function: mean over operands of everyday size (the common path), and
 * the most one call took. The call and the return are counted, the loading of arguments is not.
 */
#include "engine_libc.h"
#include "generate.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAMPLES 200

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

static uint64_t allocate(uint64_t a, uint64_t b)
{
	(void)b;
	return (uint64_t)engine_malloc(a % 400);
}

static uint64_t allocate_and_free(uint64_t a, uint64_t b)
{
	(void)b;
	engine_free(engine_malloc(a % 400));
	return 0;
}

static const struct {
	const char *name;
	binary_t function;
	enum operand_kind kind;
} functions[] = {
	{ "add", engine___adddf3, OPERAND_DOUBLE },
	{ "subtract", engine___subdf3, OPERAND_DOUBLE },
	{ "multiply", engine___muldf3, OPERAND_DOUBLE },
	{ "divide", engine___divdf3, OPERAND_DOUBLE },
	{ "less", engine___ltdf2, OPERAND_DOUBLE },
	{ "greater_equal", engine___gedf2, OPERAND_DOUBLE },
	{ "equal", engine___eqdf2, OPERAND_DOUBLE },
	{ "from_int32", engine___floatsidf, OPERAND_INTEGER },
	{ "from_int64", engine___floatdidf, OPERAND_INTEGER },
	{ "to_int32", engine___fixdfsi, OPERAND_DOUBLE },
	{ "to_int64", engine___fixdfdi, OPERAND_DOUBLE },
	{ "square_root", engine_sqrt, OPERAND_DOUBLE },
	{ "floor", engine_floor, OPERAND_DOUBLE },
	{ "round", engine_round, OPERAND_DOUBLE },
	{ "fmod", engine_fmod, OPERAND_DOUBLE },
	{ "sin", engine_sin, OPERAND_DOUBLE },
	{ "cos", engine_cos, OPERAND_DOUBLE },
	{ "tan", engine_tan, OPERAND_DOUBLE },
	{ "atan", engine_atan, OPERAND_DOUBLE },
	{ "atan2", engine_atan2, OPERAND_DOUBLE },
	{ "exp", engine_exp, OPERAND_DOUBLE },
	{ "log", engine_log, OPERAND_DOUBLE },
	{ "log2", engine_log2, OPERAND_DOUBLE },
	{ "log10", engine_log10, OPERAND_DOUBLE },
	{ "pow", engine_pow, OPERAND_DOUBLE },
	{ "cbrt", engine_cbrt, OPERAND_DOUBLE },
	{ "hypot", engine_hypot, OPERAND_DOUBLE },
	{ "sinh", engine_sinh, OPERAND_DOUBLE },
	{ "tanh", engine_tanh, OPERAND_DOUBLE },
	{ "erf", engine_erf, OPERAND_DOUBLE },
	{ "tgamma", engine_tgamma, OPERAND_DOUBLE },
	{ "format_17", format_17, OPERAND_DOUBLE },
	{ "format_shortest", format_shortest, OPERAND_DOUBLE },
	{ "read_17", read_17, OPERAND_DOUBLE },
	{ "malloc", allocate, OPERAND_INTEGER },
	{ "malloc_free", allocate_and_free, OPERAND_INTEGER },
};

#define FUNCTIONS (sizeof(functions) / sizeof(functions[0]))

/* Values scripts compute with: 0.01 to 100, positive for the sake of log and sqrt. */
static uint64_t everyday_double(struct generator *generator)
{
	double scale = (double)(generate_random(generator) >> 11) * 0x1p-53;
	double value = 0.01 + scale * scale * 100.0;

	return bits_of(value);
}

/* Where the child tells its parent that a call begins and ends. */
__attribute__((noinline)) static uint64_t call_measured(binary_t function, uint64_t a, uint64_t b)
{
	uint64_t result;

	__asm__ volatile("int3\n\tcall *%[function]\n\tint3"
			 : "=a" (result), "+D" (a), "+S" (b)
			 : [function] "r" (function)
			 : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
	return result;
}

static void child_run(void)
{
	struct generator generator = { .state = 12345 };
	static char text[64];

	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	for (size_t i = 0; i < FUNCTIONS; i++) {
		for (int sample = 0; sample < SAMPLES; sample++) {
			uint64_t a = everyday_double(&generator);
			uint64_t b = everyday_double(&generator);

			if (functions[i].kind == OPERAND_INTEGER) {
				a = generate_random(&generator) >> 40;
			} else if (functions[i].function == read_17) {
				snprintf(text, sizeof(text), "%.17g", value_of(a));
				a = (uint64_t)text;
			} else if (sample % 2 == 1 && i < 2) {
				b ^= 1ULL << 63;
			}
			call_measured(functions[i].function, a, b);
		}
	}
	_exit(0);
}

/* Continue or step the child; false when it has ended. */
static bool child_go(pid_t child, int request)
{
	int status;

	if (ptrace((enum __ptrace_request)request, child, NULL, NULL) != 0
	    || waitpid(child, &status, 0) != child)
		return false;
	return WIFSTOPPED(status);
}

static bool child_at_breakpoint(pid_t child, uint64_t *address)
{
	struct user_regs_struct registers;

	if (ptrace(PTRACE_GETREGS, child, NULL, &registers) != 0)
		return false;
	*address = registers.rip;
	return true;
}

int main(void)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		child_run();
	waitpid(child, &status, 0);
	for (size_t i = 0; i < FUNCTIONS; i++) {
		unsigned long total = 0;
		unsigned long most = 0;

		for (int sample = 0; sample < SAMPLES; sample++) {
			unsigned long steps = 0;
			uint64_t start;
			uint64_t place;

			/* The child stops at its first int3; the second is after the call. */
			if (sample + (int)i > 0 && !child_go(child, PTRACE_CONT))
				return 1;
			if (!child_at_breakpoint(child, &start))
				return 1;
			do {
				if (!child_go(child, PTRACE_SINGLESTEP)
				    || !child_at_breakpoint(child, &place))
					return 1;
				steps++;
			} while (place < start + 2 || place > start + 4
				 || *(const unsigned char *)place != 0xcc);
			/* Step over the second int3. */
			if (!child_go(child, PTRACE_SINGLESTEP))
				return 1;
			total += steps;
			if (steps > most)
				most = steps;
		}
		printf("%-16s mean %6lu  most %6lu\n", functions[i].name, total / SAMPLES, most);
		fflush(stdout);
	}
	return 0;
}
