/*
 * tests/guest/edge.c: instructions that a hypervisor may intercept, where they, their successors or
 * their buffers lie at the end of a page or segment, are very long, or have just been changed.
 */
#include "run.h"

#include "instruction.h"

#define CODE RUN_WINDOW
#define PAGE_BYTES 0x1000u
#define SECOND_PAGE (RUN_WINDOW + PAGE_BYTES)
#define LENGTH_MAXIMUM 15
#define LIMIT 0x7ffu /* of the small code segment, which begins at CODE */

/* The page behind holds nothing: that is what the guest is told, after the instruction. */
static void test_page_end(const struct snippet *snippet)
{
	uint64_t start = SECOND_PAGE - snippet->length_bytes;
	struct run run;

	snippet_prepare();
	snippet_place(snippet, start, &run);
	run_map(SECOND_PAGE, 0);
	run_code(&run);
	run_map(SECOND_PAGE, RUN_PRESENT | RUN_WRITABLE | RUN_USER);
	if (run.vector == VECTOR_PF && run.cr2 == SECOND_PAGE && run.rip == SECOND_PAGE)
		run.vector = VECTOR_BP; /* that is the good end here */
	snippet_report("at the end of a page", snippet, &run, true);
}

/* Its own last byte is missing: nothing of it happens. */
static void test_page_cut(const struct snippet *snippet)
{
	uint64_t start = SECOND_PAGE - snippet->length_bytes + 1;
	struct run run;

	if (snippet->length_bytes < 2)
		return;
	snippet_prepare();
	snippet_place(snippet, start, &run);
	run_map(SECOND_PAGE, 0);
	run_code(&run);
	run_map(SECOND_PAGE, RUN_PRESENT | RUN_WRITABLE | RUN_USER);
	run_report("cut by the end of a page", snippet->name, &run,
		   run.vector == VECTOR_PF && run.cr2 == SECOND_PAGE && run.rip == start &&
			   run.rax == snippet->rax && run.rcx == snippet->rcx &&
			   run.rdi == snippet->rdi && run.rsi == snippet->rsi);
	snippet_place(snippet, start, &run);
	run_code(&run);
	snippet_report("across pages", snippet, &run, true);
}

/* With as many prefixes as there may be, and one more. */
static void test_length(const struct snippet *snippet)
{
	unsigned nr_prefixes = LENGTH_MAXIMUM - snippet->length_bytes;
	struct run run;

	for (unsigned extra = 0; extra < 2; extra++) {
		snippet_prepare();
		snippet_place(snippet, CODE + nr_prefixes + extra, &run);
		memset((void *)(uintptr_t)CODE, 0x3e, nr_prefixes + extra); /* DS */
		run.rip = CODE;
		run_code(&run);
		if (extra == 0)
			snippet_report("15 bytes", snippet, &run, true);
		else
			run_report("16 bytes", snippet->name, &run,
				   run.vector == VECTOR_GP && run.error_code == 0 &&
					   run.rip == CODE && run.rax == snippet->rax);
	}
}

/* The last byte of a code segment, and a segment that ends within the instruction. */
static void test_limit(const struct snippet *snippet)
{
	uint64_t start = LIMIT + 1 - snippet->length_bytes;
	struct run run;

	run_limit(CODE, LIMIT);
	snippet_prepare();
	snippet_place(snippet, CODE + start, &run);
	run.rip = start;
	run.cs = RUN_LIMITED_CODE32;
	run_code(&run);
	if (run.vector == VECTOR_GP && run.error_code == 0 && run.rip == LIMIT + 1)
		run.vector = VECTOR_BP;
	else
		run.vector = -1;
	snippet_report("at the end of a segment", snippet, &run, true);
	if (snippet->length_bytes < 2)
		return;
	snippet_place(snippet, CODE + start + 1, &run);
	run.rip = start + 1;
	run.cs = RUN_LIMITED_CODE32;
	run_code(&run);
	run_report("cut by the end of a segment", snippet->name, &run,
		   run.vector == VECTOR_GP && run.error_code == 0 && run.rip == start + 1 &&
			   run.rax == snippet->rax);
}

/* Repeated string I/O whose elements, some of them across the border, lie on two pages. */
static void test_page_crossing(const char *name, uint8_t opcode, unsigned width_bytes, bool backwards)
{
	const unsigned count = 99, bytes = count * width_bytes;
	uint64_t first = RUN_BUFFER + PAGE_BYTES - bytes / 2 - 1;
	uint8_t *memory = (uint8_t *)(uintptr_t)first;
	uint32_t wanted = width_bytes == 1 ? in8(RUN_PORT) : width_bytes == 2 ? in16(RUN_PORT)
									     : in32(RUN_PORT);
	uint8_t *code = (uint8_t *)(uintptr_t)CODE;
	uint64_t start = backwards ? first + bytes - width_bytes : first;
	struct run run = {.rcx = count, .rdx = RUN_PORT, .rip = CODE, .rsi = start, .rdi = start};
	bool is_input = opcode < 0x6e;
	unsigned wrong = 0;

	*code++ = 0xf3;
	if (width_bytes == 2)
		*code++ = 0x66;
	*code++ = opcode;
	*code = 0xcc;
	memset(memory - 8, 0x11, bytes + 16);
	run.rflags = backwards ? RFLAGS_DF : 0;
	run_code(&run);
	for (unsigned i = 0; is_input && i < count; i++)
		wrong += memcmp(memory + i * width_bytes, &wanted, width_bytes) != 0;
	wrong += memory[-1] != 0x11 || memory[bytes] != 0x11;
	start = backwards ? first - width_bytes : first + bytes;
	run_report("string across pages", name, &run,
		   run.vector == VECTOR_BP && run.rcx == 0 && wrong == 0 &&
			   (is_input ? run.rdi : run.rsi) == start);
}

/* The second page is not there: up to the element that would need it, then a page fault. */
static void test_page_missing(const char *name, uint8_t opcode)
{
	uint64_t border = RUN_BUFFER + PAGE_BYTES, start = border - 3 * 4 - 2;
	uint8_t *code = (uint8_t *)(uintptr_t)CODE;
	struct run run = {.rcx = 8, .rdx = RUN_PORT, .rip = CODE, .rsi = start, .rdi = start};
	bool is_input = opcode < 0x6e;

	*code++ = 0xf3;
	*code++ = opcode;
	*code = 0xcc;
	memset((void *)(uintptr_t)start, 0x11, 14);
	run_map(border, 0);
	run_code(&run);
	run_map(border, RUN_PRESENT | RUN_WRITABLE | RUN_USER);
	run_report("string into no page", name, &run,
		   run.vector == VECTOR_PF && run.cr2 == border && run.rip == CODE && run.rcx == 5 &&
			   run.error_code == (is_input ? 2 : 0) &&
			   (is_input ? run.rdi : run.rsi) == border - 2 &&
			   *(uint16_t *)(uintptr_t)(border - 2) == 0x1111);
}

/* 32-bit addresses in 64-bit code: the upper half does not count, and becomes zero. */
static void test_address_size(void)
{
	static const uint8_t code[] = {0x67, 0xf3, 0x6c, 0xcc};
	struct run run = {
		.rcx = UINT64_C(0x500000002),
		.rdx = RUN_PORT,
		.rdi = UINT64_C(0x700000000) | RUN_BUFFER,
		.rip = CODE,
	};

	snippet_prepare();
	memcpy((void *)(uintptr_t)CODE, code, sizeof(code));
	memset((void *)(uintptr_t)RUN_BUFFER, 0, 4);
	run_code(&run);
	run_report("address size", "rep insb", &run,
		   run.vector == VECTOR_BP && run.rcx == 0 && run.rdi == RUN_BUFFER + 2 &&
			   *(uint32_t *)(uintptr_t)RUN_BUFFER == RUN_PORT_VALUE * 0x101);
}

/* The instruction in front changes what is executed next: between IN and NOP, there and back. */
static void test_self_modifying(void)
{
	static const uint8_t in = 0xec, nop = 0x90;
	uint8_t *code = (uint8_t *)(uintptr_t)CODE;
	unsigned wrong = 0;
	struct run run;

	snippet_prepare();
	for (unsigned i = 0; i < 40; i++) {
		bool becomes_in = i % 2;
		/* movb $VALUE, 0(%rip): the byte behind it */
		uint8_t bytes[] = {0xc6, 0x05, 0, 0, 0, 0, becomes_in ? in : nop,
				   becomes_in ? nop : in, 0xcc};

		memcpy(code, bytes, sizeof(bytes));
		run = (struct run){.rdx = RUN_PORT, .rip = CODE};
		run_code(&run);
		wrong += run.vector != VECTOR_BP || run.rip != CODE + sizeof(bytes) ||
			 run.rax != (becomes_in ? RUN_PORT_VALUE : 0);
	}
	run_report("self-modifying", "in", &run, wrong == 0);
	/* What INSB reads is the next instruction: a NOP in the place of one that is none. */
	memcpy(code, (const uint8_t[]){0x6c, 0x0f, 0xcc}, 3);
	out8(RUN_PORT, nop);
	run = (struct run){.rdx = RUN_PORT, .rip = CODE, .rdi = CODE + 1};
	run_code(&run);
	run_report("self-modifying", "insb", &run,
		   run.vector == VECTOR_BP && run.rip == CODE + 3 && code[1] == nop);
}

void guest_main(void)
{
	run_init();
	for (unsigned i = 0; i < SNIPPETS; i++) {
		test_page_end(&snippets[i]);
		test_page_cut(&snippets[i]);
		test_length(&snippets[i]);
		test_limit(&snippets[i]);
	}
	snippet_prepare();
	for (unsigned backwards = 0; backwards < 2; backwards++) {
		const char *insd = backwards ? "insd backwards" : "insd";
		const char *outsd = backwards ? "outsd backwards" : "outsd";

		test_page_crossing(backwards ? "insb backwards" : "insb", 0x6c, 1, backwards);
		test_page_crossing(backwards ? "insw backwards" : "insw", 0x6d, 2, backwards);
		test_page_crossing(insd, 0x6d, 4, backwards);
		test_page_crossing(outsd, 0x6f, 4, backwards);
	}
	test_page_missing("insd", 0x6d);
	test_page_missing("outsd", 0x6f);
	test_address_size();
	test_self_modifying();
}
