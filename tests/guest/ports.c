/*
 * tests/guest/ports.c: port accesses of all sizes and forms on QEMU's pc-testdev, whose four ports
 * at 0xe0 hold what is written: whatever is hooked and passed on must not be seen.
 */
#include "guest.h"

#include "instruction.h"

#define ECHO_PORT 0xe0
#define STRING_BYTES 8192 /* crosses pages */

static uint8_t source[STRING_BYTES], sink[STRING_BYTES];

static void check_sizes(void)
{
	out32(ECHO_PORT, 0x44332211);
	guest_check(in32(ECHO_PORT) == 0x44332211, "in32", "0x%x", in32(ECHO_PORT));
	guest_check(in16(ECHO_PORT) == 0x2211, "in16", "0x%x", in16(ECHO_PORT));
	guest_check(in16(ECHO_PORT + 2) == 0x4433, "in16 high", "0x%x", in16(ECHO_PORT + 2));
	guest_check(in8(ECHO_PORT + 1) == 0x22, "in8", "0x%x", in8(ECHO_PORT + 1));
	out8(ECHO_PORT + 3, 0xaa);
	guest_check(in32(ECHO_PORT) == 0xaa332211, "out8", "0x%x", in32(ECHO_PORT));
	out16(ECHO_PORT, 0xbbcc);
	guest_check(in32(ECHO_PORT) == 0xaa33bbcc, "out16", "0x%x", in32(ECHO_PORT));
}

/* A narrow read leaves the rest of RAX alone, a 32-bit one clears the upper half (AMD APM v1 3.1.2);
 * the flags stay. */
static void check_registers(void)
{
	uint64_t rax = UINT64_C(0x1122334455667788), rflags;

	out32(ECHO_PORT, 0xaabbccdd);
	__asm__ volatile("stc; inb $0xe0, %%al; pushf; pop %1" : "+a"(rax), "=r"(rflags));
	guest_check(rax == UINT64_C(0x11223344556677dd), "in8 keeps RAX", "0x%lx", rax);
	guest_check(rflags & 1, "in8 keeps CF", "rflags 0x%lx", rflags);
	__asm__ volatile("inw $0xe0, %%ax" : "+a"(rax));
	guest_check(rax == UINT64_C(0x112233445566ccdd), "in16 keeps RAX", "0x%lx", rax);
	__asm__ volatile("inl $0xe0, %%eax" : "+a"(rax));
	guest_check(rax == 0xaabbccdd, "in32 clears upper RAX", "0x%lx", rax);
}

static void check_string_out(void)
{
	const uint8_t *from = source;
	uint64_t count = STRING_BYTES;

	__asm__ volatile("rep outsb" : "+S"(from), "+c"(count) : "d"(ECHO_PORT) : "memory");
	guest_check(from == source + STRING_BYTES && count == 0, "rep outsb ends", "count %lu",
		    count);
	guest_check(in8(ECHO_PORT) == source[STRING_BYTES - 1], "rep outsb", "0x%x",
		    in8(ECHO_PORT));
	from = source + 1; /* unaligned; the segment prefix changes nothing */
	count = (STRING_BYTES - 4) / 4;
	__asm__ volatile("rep outsl %%ds:(%%rsi), %%dx"
			 : "+S"(from), "+c"(count)
			 : "d"(ECHO_PORT)
			 : "memory");
	guest_check(memcmp(&(uint32_t){in32(ECHO_PORT)}, source + STRING_BYTES - 7, 4) == 0,
		    "rep outsl", "0x%x", in32(ECHO_PORT));
	from = source + 6; /* downwards, one element without REP */
	__asm__ volatile("std; outsw; cld" : "+S"(from) : "d"(ECHO_PORT) : "memory");
	guest_check(from == source + 4 && memcmp(&(uint16_t){in16(ECHO_PORT)}, source + 6, 2) == 0,
		    "outsw down", "0x%x", in16(ECHO_PORT));
	from = source;
	count = 0;
	out8(ECHO_PORT, 0x77);
	__asm__ volatile("rep outsb" : "+S"(from), "+c"(count) : "d"(ECHO_PORT) : "memory");
	guest_check(from == source && in8(ECHO_PORT) == 0x77, "rep outsb of none", "0x%x",
		    in8(ECHO_PORT));
}

static void check_string_in(void)
{
	uint8_t *to = sink;
	uint64_t count = STRING_BYTES - 1, wrong = 0;

	out32(ECHO_PORT, 0x04030201);
	memset(sink, 0xee, sizeof(sink));
	__asm__ volatile("rep insb" : "+D"(to), "+c"(count) : "d"(ECHO_PORT + 1) : "memory");
	for (size_t i = 0; i < STRING_BYTES - 1; i++)
		wrong += sink[i] != 2;
	guest_check(!wrong && count == 0 && sink[STRING_BYTES - 1] == 0xee, "rep insb",
		    "%lu wrong, count %lu", wrong, count);
	to = sink + 2; /* 32-bit addresses, an element across a page boundary */
	count = STRING_BYTES / 4 - 1;
	__asm__ volatile("rep insl %%dx, %%es:(%%edi)"
			 : "+D"(to), "+c"(count)
			 : "d"(ECHO_PORT)
			 : "memory");
	for (size_t i = 0; i + 4 < STRING_BYTES; i++)
		wrong += sink[i + 2] != (i & 3) + 1;
	guest_check(!wrong && count == 0, "rep insl", "%lu wrong", wrong);
	to = sink + 10;
	count = 3;
	__asm__ volatile("std; rep insw; cld" : "+D"(to), "+c"(count) : "d"(ECHO_PORT + 2) : "memory");
	guest_check(to == sink + 4 && memcmp(sink + 6, "\3\4\3\4\3\4", 6) == 0, "rep insw down",
		    "ends at %ld", (long)(to - sink));
}

/* A string read into a page that is not there faults after the elements before it. */
static void string_in_unmapped(void *context)
{
	uint8_t *to = (uint8_t *)(uintptr_t)((UINT64_C(16) << 30) - 4);
	uint64_t count = 8;

	(void)context;
	__asm__ volatile("rep insb" : "+D"(to), "+c"(count) : "d"(ECHO_PORT) : "memory");
}

void guest_main(void)
{
	for (size_t i = 0; i < STRING_BYTES; i++)
		source[i] = (uint8_t)(i * 7 + i / 256);
	check_sizes();
	check_registers();
	check_string_out();
	check_string_in();
	guest_check(fault_catch(string_in_unmapped, NULL) == 14 && (fault_error_code & 2),
		    "rep insb into no page", "error code 0x%lx", fault_error_code);
}
