/*
 * tests/guest/mmio.c: every form of instruction (mmio_forms.S) on a page of device registers that
 * keeps what is written: QEMU's pc-testdev, 64 KiB at 0xff000000. Each form runs on RAM, then on
 * the device; registers, flags and memory must be the same after both, whether the device's page is
 * hooked or not, as long as the hooks pass.
 *
 * Options: base=ADDRESS of the device's memory (default as above); across=1: the window lies across the end of
 * a page; denied=1: a script denies it all,
 * and whatever instruction is used, reads give ones and writes do not reach the device.
 */
#include "guest.h"

#include "instruction.h"

#define FLAGS_STATUS 0x8d5u /* OF SF ZF AF PF CF */
#define WINDOW_BYTES 64
#define PAGE_BYTES 4096
#define CR0_EM 0x4u
#define CR0_MP 0x2u
#define CR4_OSFXSR 0x200u
#define SELECTOR_DATA 0x10
#define MSR_GS_BASE 0xc0000101u

struct form {
	void (*code)(void);
	const char *text;
};

extern const struct form form_table[], form_table_end[];

/* What a form works on and leaves behind; RDI and RSI as offsets. */
struct state {
	uint64_t rax, rcx, rdx, rdi, rsi, rflags;
	uint8_t window[WINDOW_BYTES]; /* the memory under test */
	uint8_t other[WINDOW_BYTES];  /* RAM beside it */
};

static uint8_t ram[WINDOW_BYTES * 2] __attribute__((aligned(64)));
static uint8_t other[WINDOW_BYTES] __attribute__((aligned(64)));

/* Aligned 32-bit MOVs only: what the test takes for granted. */
static void window_fill(uint8_t *window, uint32_t seed)
{
	for (unsigned i = 0; i < WINDOW_BYTES; i += 4)
		*(volatile uint32_t *)(window + i) = 0x13121110 + seed + i * 0x01010101;
}

static void window_copy(uint8_t *to, const uint8_t *window)
{
	for (unsigned i = 0; i < WINDOW_BYTES; i += 4) {
		uint32_t word = *(const volatile uint32_t *)(window + i);

		memcpy(to + i, &word, sizeof(word));
	}
}

/* Runs a form on the WINDOW_BYTES at window, RDI pointing `offset` into them. */
static void form_run(const struct form *form, uint8_t *window, unsigned offset, struct state *state)
{
	register uint64_t r9 __asm__("r9") = UINT64_C(0x9999aaaabbbbcccc);
	register uint64_t r10 __asm__("r10") = 0x1010;
	uint8_t *rdi = window + offset, *rsi = other;

	window_fill(window, 0);
	window_fill(other, 0x40404040);
	/* For 32-bit code it has to be a segment. */
	__asm__ volatile("mov %0, %%gs" : : "r"(SELECTOR_DATA));
	msr_write(MSR_GS_BASE, (uint64_t)window);
	state->rax = UINT64_C(0x8877665544332211);
	state->rcx = 1;
	state->rdx = UINT64_C(0xfedcba9876543210);
	__asm__ volatile("cmp %%edx, %%edx; call *%8; pushf; pop %6"
			 : "+a"(state->rax), "+c"(state->rcx), "+d"(state->rdx), "+D"(rdi),
			   "+S"(rsi), "+r"(r9), "=&b"(state->rflags), "+r"(r10)
			 : "r"(form->code)
			 : "r8", "r11", "memory", "cc");
	state->rflags &= FLAGS_STATUS;
	state->rdi = (uint64_t)(rdi - window);
	state->rsi = (uint64_t)(rsi - other);
	window_copy(state->window, window);
	window_copy(state->other, other);
}

static bool form_compare(const struct form *form, uint8_t *device, unsigned offset)
{
	struct state expected, found;

	form_run(form, ram, offset, &expected);
	form_run(form, device, offset, &found);
	if (memcmp(&expected, &found, sizeof(found)) == 0)
		return true;
	guest_print("not ok form: %s (at offset 0x%x)\n", form->text, offset);
	guest_print("guest: expected rax 0x%lx rcx 0x%lx rdx 0x%lx rdi %lu rsi %lu flags 0x%lx\n",
		    expected.rax, expected.rcx, expected.rdx, expected.rdi, expected.rsi,
		    expected.rflags);
	guest_print("guest: found    rax 0x%lx rcx 0x%lx rdx 0x%lx rdi %lu rsi %lu flags 0x%lx\n",
		    found.rax, found.rcx, found.rdx, found.rdi, found.rsi, found.rflags);
	for (unsigned i = 0; i < WINDOW_BYTES; i++)
		if (expected.window[i] != found.window[i] || expected.other[i] != found.other[i])
			guest_print("guest: byte %u: 0x%02x 0x%02x expected, 0x%02x 0x%02x found\n",
				    i, expected.window[i], expected.other[i], found.window[i],
				    found.other[i]);
	return false;
}

/* A write across the end of a page of device registers, and a read back. */
static bool page_crossing_works(uint8_t *device)
{
	volatile uint64_t *across = (volatile uint64_t *)(device + 4096 - 3);

	*across = UINT64_C(0x1122334455667788);
	return *across == UINT64_C(0x1122334455667788) && device[4096 - 1] == 0x66 &&
	       device[4096] == 0x55;
}

/* Reads the device, then faults. */
static void divide_by_zero(void *context)
{
	*(volatile uint32_t *)context = 0;
	__asm__ volatile("divl (%0)" ::"r"(context), "a"(1), "d"(0) : "memory");
}

static uint64_t flags_at_fault;

static bool note_flags(struct fault_frame *frame)
{
	flags_at_fault = frame->rflags;
	return false;
}

/* Whoever runs an instruction for us must not be seen when it faults. */
static void check_fault(uint8_t *device)
{
	int vector;

	fault_handler = note_flags;
	vector = fault_catch(divide_by_zero, device);
	fault_handler = NULL;
	guest_check(vector == 0, "division by zero", "vector %d", vector);
	guest_check((flags_at_fault & 0x100) == 0, "no trace of a step", "flags 0x%lx",
		    flags_at_fault);
}

/* Stores of every kind that moves FPU registers, whole, in part, or many at once. */
static void denied_writes(uint8_t *device)
{
	static uint8_t pattern[16] __attribute__((aligned(16))) = {0x81, 0x82, 0x83, 0x84, 0x85, 0x86};
	static const uint64_t mask[2] = {0x8080, 0};

	__asm__ volatile("movups (%1), %%xmm0; movups (%2), %%xmm1\n"
			 "movups %%xmm0, (%0); movaps %%xmm0, 16(%0); movdqu %%xmm0, 33(%0)\n"
			 "movntdq %%xmm0, 48(%0); movq %%xmm0, 64(%0); movd %%xmm0, 72(%0)\n"
			 "movups %%xmm0, 4088(%0)\n" /* into the next page */
			 "fldpi; fstpt 80(%0); fnstenv 128(%0); fxsave 256(%0)\n"
			 "lea 96(%0), %%rdi; maskmovdqu %%xmm1, %%xmm0\n"
			 "xor %%eax, %%eax; xor %%edx, %%edx; dec %%rax; dec %%rdx\n"
			 "mov $5, %%ebx; mov $6, %%ecx; cmpxchg16b 112(%0)\n"
			 ::"r"(device), "r"(pattern), "r"(mask)
			 : "rax", "rbx", "rcx", "rdx", "rdi", "memory", "cc");
}

static bool denied_reads(uint8_t *device)
{
	static uint8_t seen[48] __attribute__((aligned(16)));
	uint32_t product = 3, bits = 0;
	unsigned wrong = 0;

	__asm__ volatile("movups 3(%2), %%xmm2; movups %%xmm2, (%3); movdqa 16(%2), %%xmm3\n"
			 "movdqa %%xmm3, 16(%3); movq 40(%2), %%xmm4; movq %%xmm4, 32(%3)\n"
			 "fildll 48(%2); fistpll 40(%3); imull (%2), %0; popcntl (%2), %1\n"
			 : "+r"(product), "+r"(bits)
			 : "r"(device), "r"(seen)
			 : "memory", "cc");
	for (unsigned i = 0; i < sizeof(seen); i++)
		wrong += seen[i] != 0xff;
	return wrong == 0 && product == (uint32_t)-3 && bits == 32;
}

static void check_denied(uint8_t *device)
{
	guest_check(denied_reads(device), "denied reads", "not all are ones");
	denied_writes(device);
	guest_check(denied_reads(device), "denied reads after writes", "not all are ones");
}

void guest_main(void)
{
	uint8_t *base = (uint8_t *)option_number_or("base", 0xff000000), *device = base;
	unsigned failed = 0, count = 0;

	cr0_write((cr0_read() & ~(uint64_t)CR0_EM) | CR0_MP);
	cr4_write(cr4_read() | CR4_OSFXSR);
	__asm__ volatile("fninit");
	if (option_number_or("denied", 0)) {
		check_denied(device);
		return;
	}
	if (option_number_or("across", 0))
		device += PAGE_BYTES - WINDOW_BYTES / 2;
	for (const struct form *form = form_table; form < form_table_end; form++, count++)
		failed += !form_compare(form, device, 0);
	guest_check(failed == 0, "forms", "%u of %u differ", failed, count);
	device = base;
	guest_check(page_crossing_works(device), "page crossing", "the bytes differ");
	check_fault(device);
	guest_print("guest: %u forms tried\n", count);
}
