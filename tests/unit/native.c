/*
 * tests/unit/native.c: what stands around an instruction that runs natively.
 */
#include "native.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Offsets in struct native_state, at 0x30000000. MOV leaves the flags alone. */
__asm__(".pushsection .rodata\n"
	"native_enter: push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
	"	mov %rsp, 0x30000000\n"
	"	pushq 0x30000088; popfq\n"
	"	mov 0x30000010, %rcx; mov 0x30000018, %rdx; mov 0x30000020, %rbx\n"
	"	mov 0x30000030, %rbp; mov 0x30000038, %rsi; mov 0x30000040, %rdi\n"
	"	mov 0x30000048, %r8; mov 0x30000050, %r9; mov 0x30000058, %r10\n"
	"	mov 0x30000060, %r11; mov 0x30000068, %r12; mov 0x30000070, %r13\n"
	"	mov 0x30000078, %r14; mov 0x30000080, %r15\n"
	"	mov 0x30000008, %rax; mov 0x30000028, %rsp\n"
	"native_enter_end:\n"
	"native_narrow: ljmp *0x30000090\n"
	"native_narrow_end:\n"
	"native_leave: mov %rax, 0x30000008; mov %rcx, 0x30000010; mov %rdx, 0x30000018\n"
	"	mov %rbx, 0x30000020; mov %rsp, 0x30000028; mov %rbp, 0x30000030\n"
	"	mov %rsi, 0x30000038; mov %rdi, 0x30000040; mov %r8, 0x30000048\n"
	"	mov %r9, 0x30000050; mov %r10, 0x30000058; mov %r11, 0x30000060\n"
	"	mov %r12, 0x30000068; mov %r13, 0x30000070; mov %r14, 0x30000078\n"
	"	mov %r15, 0x30000080\n"
	"	mov 0x30000000, %rsp; pushfq; popq 0x30000088; cld\n"
	"	pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx; ret\n"
	"native_leave_end:\n"
	".popsection");

extern const uint8_t native_enter[], native_enter_end[], native_narrow[], native_narrow_end[];
extern const uint8_t native_leave[], native_leave_end[];

/* Linux's selectors for user code and data. */
#define USER_CODE_64 0x33
#define USER_CODE_32 0x23
#define USER_DATA 0x2b

bool native_has_32_bit(void)
{
	uint32_t rights = 0;
	bool valid;

	/* LAR (APM vol. 3): the second doubleword of the descriptor: P is bit 15, D bit 22, L bit 21. */
	__asm__("lar %2, %0" : "+r"(rights), "=@ccz"(valid) : "r"((uint32_t)USER_CODE_32));
	return valid && (rights & 0x608000) == 0x408000;
}

static void native_map(uint64_t address, size_t length_bytes, int rights)
{
	void *at = mmap((void *)address, length_bytes, rights,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (at != (void *)address) {
		printf("not ok native: cannot map 0x%llx\n", (unsigned long long)address);
		exit(1);
	}
}

void native_init(void)
{
	native_map(NATIVE_DATA, NATIVE_DATA_BYTES, PROT_READ | PROT_WRITE);
	native_map(NATIVE_CODE, PAGE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC);
	native_map(NATIVE_STATE, PAGE_BYTES, PROT_READ | PROT_WRITE);
}

static uint8_t *native_append(uint8_t *at, const uint8_t *from, const uint8_t *end)
{
	memcpy(at, from, (size_t)(end - from));
	return at + (end - from);
}

uint64_t native_load(const uint8_t *bytes, size_t length_bytes, bool wide)
{
	struct native_state *state = (struct native_state *)NATIVE_STATE;
	uint8_t *at = native_append((uint8_t *)NATIVE_CODE, native_enter, native_enter_end);
	uint64_t address;

	if (!wide)
		at = native_append(at, native_narrow, native_narrow_end);
	address = (uint64_t)at;
	at = native_append(at, bytes, bytes + length_bytes);
	if (!wide) {
		/* ljmp $USER_CODE_64, $behind */
		uint32_t behind = (uint32_t)(uintptr_t)at + 7;

		*at++ = 0xea;
		memcpy(at, &behind, 4);
		at[4] = USER_CODE_64;
		at[5] = 0;
		at += 6;
		state->narrow_entry = (uint32_t)address;
		state->narrow_selector = USER_CODE_32;
		/* 64-bit code does without; 32-bit code does not. */
		__asm__ volatile("mov %0, %%ds; mov %0, %%es" ::"r"(USER_DATA));
	}
	native_append(at, native_leave, native_leave_end);
	return address;
}

void native_run(void)
{
	((void (*)(void))NATIVE_CODE)();
}
