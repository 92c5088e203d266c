/*
 * tests/unit/mmio_modes.c: emulation in each mode of the CPU, and what of the guest's own debugging shows in it.
 */
#include "vmm/breakpoint.h"
#include "mmio_machine.h"

#include "vmm/guest_walk.h"

static void test_single_step_of_guest(void)
{
	set_up(DEVICE, DEVICE + PAGE_BYTES - 1);
	PUT(0xf3, 0xaa);
	fake_vcpu.rflags |= RFLAGS_TF | RFLAGS_RF;
	fake_vcpu.gpr[GPR_RDI] = DEVICE;
	fake_vcpu.gpr[GPR_RCX] = 3;
	fault_at(DEVICE, true);
	UNIT_EQUAL(fake_vcpu.gpr[GPR_RCX], 2);
	UNIT_EQUAL(fake_single_steps, 1);
	UNIT_EQUAL(fake_vcpu.rip, CODE);
	fault_at(DEVICE + 1, true);
	fault_at(DEVICE + 2, true);
	UNIT_EQUAL(fake_vcpu.rip, CODE + 2);
	UNIT_EQUAL(fake_single_steps, 3);
	UNIT_EQUAL(fake_vcpu.rflags & RFLAGS_RF, 0);
}

/* DR7: L0 to L3 of a breakpoint, its kind and its length. */
#define DR7(number, kind, length)                                                                  \
	(UINT64_C(1) << 2 * (number) | ((uint64_t)(kind) | (uint64_t)(length) << 2)                \
					       << (16 + 4 * (number)))
#define DR7_LENGTH_8 2

static void test_breakpoint_matches(void)
{
	set_up(DEVICE, DEVICE + PAGE_BYTES - 1);
	fake_debug[0] = 0x1003; /* of 4 bytes: from 0x1000 */
	fake_debug[1] = 0x2000;
	fake_debug[2] = 0x1008;
	fake_debug[3] = 0x60;
#define MATCH(access, address, bytes)                                                              \
	breakpoint_match(&fake_vcpu, BREAKPOINT_##access, address, bytes)
	UNIT_EQUAL(MATCH(WRITE, 0x1000, 8), 0);
	fake_debug[7] = DR7(0, 1, 3) | DR7(1, 3, 1) | DR7(2, 3, DR7_LENGTH_8) | DR7(3, 2, 0);
	UNIT_EQUAL(MATCH(WRITE, 0x1000, 1), 1);
	UNIT_EQUAL(MATCH(WRITE, 0xffc, 4), 0);
	UNIT_EQUAL(MATCH(WRITE, 0xffd, 4), 1);
	UNIT_EQUAL(MATCH(WRITE, 0x1004, 4), 0);
	UNIT_EQUAL(MATCH(READ, 0x1000, 4), 0);
	UNIT_EQUAL(MATCH(READ, 0x1000, 16), 4);
	UNIT_EQUAL(MATCH(WRITE, 0x1003, 6), 5);
	UNIT_EQUAL(MATCH(READ, 0x100f, 1), 4);
	UNIT_EQUAL(MATCH(READ, 0x1010, 1), 0);
	UNIT_EQUAL(MATCH(READ, 0x2001, 1), 2);
	UNIT_EQUAL(MATCH(READ, 0x2002, 1), 0);
	/* Ports have breakpoints only with CR4.DE. */
	UNIT_EQUAL(MATCH(PORT, 0x60, 1), 0);
	fake_control[4] |= CR4_DE;
	UNIT_EQUAL(MATCH(PORT, 0x60, 1), 8);
	UNIT_EQUAL(MATCH(PORT, 0x5f, 2), 8);
	UNIT_EQUAL(MATCH(PORT, 0x61, 1), 0);
	UNIT_EQUAL(MATCH(READ, 0x60, 1), 0);
	fake_debug[7] = 2 | (DR7(0, 1, 3) & ~UINT64_C(0xff)); /* G0 in the place of L0 */
	UNIT_EQUAL(MATCH(WRITE, 0x1000, 1), 1);
#undef MATCH
}

/* Their traps come behind the instruction, and behind each iteration that meets one. */
static void test_breakpoints_of_guest(void)
{
	set_up(DEVICE, DEVICE + PAGE_BYTES - 1);
	fake_debug[1] = DEVICE + 2;
	fake_debug[7] = DR7(1, 1, 0);
	PUT(0xf3, 0xaa); /* rep stosb */
	fake_vcpu.gpr[GPR_RDI] = DEVICE;
	fake_vcpu.gpr[GPR_RCX] = 5;
	fault_at(DEVICE, true);
	UNIT_EQUAL(fake_vcpu.gpr[GPR_RCX], 2);
	UNIT_EQUAL(fake_breakpoints, 2);
	UNIT_EQUAL(fake_vcpu.rip, CODE);
	fake_breakpoints = 0;
	fault_at(DEVICE + 3, true);
	UNIT_EQUAL(fake_vcpu.rip, CODE + 2);
	UNIT_EQUAL(fake_breakpoints, 0);
	/* One that faults meets none. */
	fake_vcpu.rip = CODE;
	PUT(0xa4); /* movsb */
	fake_vcpu.gpr[GPR_RSI] = DEVICE + 2;
	fake_vcpu.gpr[GPR_RDI] = RAM + 8 * PAGE_BYTES;
	fake_debug[7] = DR7(1, 3, 0);
	fault_at(DEVICE + 2, false);
	UNIT_EQUAL(fake_injections, 1);
	UNIT_EQUAL(fake_breakpoints, 0);
	/* One that runs by itself. */
	fake_vcpu.gpr[GPR_RBX] = DEVICE;
	PUT(0x0f, 0x10, 0x03); /* movups (%rbx), %xmm0 */
	fault_at(DEVICE, false);
	fake_vcpu.rip = CODE + 3;
	UNIT_CHECK(mmio_handle_step(&fake_vcpu));
	UNIT_EQUAL(fake_breakpoints, 2);
}

/* 16-bit code: segment bases, limits, offsets that wrap at 64 KiB. */
static void test_real_mode(void)
{
	set_up(RAM, RAM + 2 * PAGE_BYTES - 1);
	fake_control[0] = 0;
	fake_efer = 0;
	fake_set_code(FAKE_CODE_16, CODE_GPA, 0xffff);
	fake_set_data(RAM - 0xf000, 0xffff);
	for (unsigned i = 0; i < SEGMENT_COUNT; i++)
		fake_segments[i].attributes &= (uint16_t)~0x400;
	fake_vcpu.rip = 0;
	PUT(0x89, 0x40, 0x20); /* movw %ax, 0x20(%bx, %si) */
	fake_vcpu.gpr[GPR_RAX] = 0x1234;
	fake_vcpu.gpr[GPR_RBX] = 0xabcd0000f000;
	fake_vcpu.gpr[GPR_RSI] = 0x10;
	fault_at(RAM + 0x30, true);
	UNIT_EQUAL(fake_vcpu.rip, 3);
	UNIT_EQUAL(mmio_hardware_read(RAM + 0x30, 2), 0x1234);
	/* 0x20 + 0xf000 + 0x10000 - 0x1000 wraps to 0xe020, below the claimed page. */
	fake_vcpu.gpr[GPR_RSI] = 0xfff0;
	fake_vcpu.rip = 0;
	fault_at(RAM + 0x10, true);
	UNIT_EQUAL(mmio_hardware_read(RAM + 0x10, 2), 0x1234);
	/* A word at the limit: #GP, at SS #SS. */
	PUT(0x89, 0x07); /* movw %ax, (%bx) */
	fake_vcpu.gpr[GPR_RBX] = 0xffff;
	fake_vcpu.rip = 0;
	fault_at(RAM + 0xfff, true);
	UNIT_EQUAL(fake_vector, 13);
	PUT(0x36, 0x89, 0x07);
	fault_at(RAM + 0xfff, true);
	UNIT_EQUAL(fake_vector, 12);
	/* rep stosb with 16-bit CX and DI, the rest of the registers stays */
	PUT(0xf3, 0xaa);
	fake_injections = 0;
	fake_vcpu.gpr[GPR_RDI] = 0x55550000fffe;
	fake_vcpu.gpr[GPR_RCX] = 0x777700000002;
	fault_at(RAM + 0xffe, true);
	UNIT_EQUAL(fake_injections, 0);
	UNIT_EQUAL(fake_vcpu.gpr[GPR_RDI], 0x555500000000);
	UNIT_EQUAL(fake_vcpu.gpr[GPR_RCX], 0x777700000000);
	UNIT_EQUAL(fake_vcpu.rip, 2);
}

/* Firmware drives devices from its ROM, which no memory map calls RAM. */
static void test_firmware(void)
{
	set_up(DEVICE, DEVICE + PAGE_BYTES - 1);
	fake_control[0] = CR0_PE;
	fake_efer = 0;
	fake_set_code(FAKE_CODE_32, 0, UINT32_MAX);
	fake_vcpu.rip = 0xea643;
	fake_memory[0xea643] = 0x89;
	fake_memory[0xea644] = 0x03;
	fake_vcpu.gpr[GPR_RBX] = DEVICE + 0x20;
	fake_vcpu.gpr[GPR_RAX] = 0x1234;
	fault_at(DEVICE + 0x20, true);
	UNIT_EQUAL(nr_seen, 1);
	UNIT_EQUAL(seen[0].value, 0x1234);
	UNIT_EQUAL(fake_vcpu.rip, 0xea645);
}

static void test_protected_mode(void)
{
	set_up(RAM, RAM + PAGE_BYTES - 1);
	fake_control[0] = CR0_PE;
	fake_efer = 0;
	fake_set_code(FAKE_CODE_32, CODE_GPA, UINT32_MAX);
	fake_set_data(0, UINT32_MAX);
	fake_segments[SEGMENT_FS] = (struct segment_register){16, FAKE_DATA, 0xfff, RAM - 0x1000};
	fake_vcpu.rip = 0;
	PUT(0x64, 0xa3, 0x10, 0x10, 0x00, 0x00); /* movl %eax, %fs:0x1010: beyond the limit */
	fault_at(RAM + 0x10, true);
	UNIT_EQUAL(fake_vector, 13);
	fake_segments[SEGMENT_FS].limit_bytes = 0x1013;
	fake_injections = 0;
	fake_vcpu.gpr[GPR_RAX] = 0x89abcdef;
	fault_at(RAM + 0x10, true);
	UNIT_EQUAL(fake_injections, 0);
	UNIT_EQUAL(fake_vcpu.rip, 6);
	UNIT_EQUAL(mmio_hardware_read(RAM + 0x10, 4), 0x89abcdef);
	/* Read-only and expand-down segments. */
	fake_vcpu.rip = 0;
	fake_segments[SEGMENT_FS].attributes = 0x491;
	fault_at(RAM + 0x10, true);
	UNIT_EQUAL(fake_injections, 1);
	fake_segments[SEGMENT_FS].attributes = 0x497;
	fault_at(RAM + 0x10, true);
	UNIT_EQUAL(fake_injections, 2);
	fake_segments[SEGMENT_FS].limit_bytes = 0x100f;
	fault_at(RAM + 0x10, true);
	UNIT_EQUAL(fake_injections, 2);
	UNIT_EQUAL(fake_vcpu.rip, 6);
	/* pushl (%ebx): a 32-bit push */
	PUT(0xff, 0x33);
	fake_vcpu.rip = 0;
	fake_vcpu.gpr[GPR_RBX] = RAM + 0x10;
	fake_vcpu.gpr[GPR_RSP] = RAM + 0x2008;
	fault_at(RAM + 0x10, false);
	UNIT_EQUAL(fake_vcpu.gpr[GPR_RSP], RAM + 0x2004);
	UNIT_EQUAL(mmio_hardware_read(RAM + 0x2004, 4), 0x89abcdef);
	/* EIP wraps, linear addresses too. */
	fake_segments[SEGMENT_DS].base = 0xfffff000;
	PUT(0xa1, 0x00, 0x20, 0x00, 0x00);
	fake_segments[SEGMENT_DS].base = UINT32_MAX - 0xfff;
	fake_vcpu.gpr[GPR_RAX] = 0;
	fake_vcpu.rip = 0;
	memcpy(fake_memory + CODE_GPA + 1, &(uint32_t){RAM + 0x1010}, 4);
	fault_at(RAM + 0x10, false);
	UNIT_EQUAL(fake_vcpu.gpr[GPR_RAX], 0x89abcdef);
}

static void test_long_mode_addresses(void)
{
	set_up(DEVICE, DEVICE + PAGE_BYTES - 1);
	fake_segments[SEGMENT_GS].base = DEVICE;
	fake_segments[SEGMENT_DS].base = 0x123456; /* does not count */
	PUT(0x65, 0x89, 0x03); /* movl %eax, %gs:(%rbx) */
	fake_vcpu.gpr[GPR_RBX] = 0x20;
	fake_vcpu.gpr[GPR_RAX] = 77;
	fault_at(DEVICE + 0x20, true);
	UNIT_EQUAL(seen[0].address, DEVICE + 0x20);
	UNIT_EQUAL(fake_vcpu.rip, CODE + 3);
	/* A stack reference that is not canonical: #SS. */
	PUT(0xff, 0x33);
	fake_vcpu.rip = CODE;
	fake_vcpu.gpr[GPR_RBX] = DEVICE;
	fake_vcpu.gpr[GPR_RSP] = UINT64_C(0x8000000000000000);
	fault_at(DEVICE, false);
	UNIT_EQUAL(fake_vector, 12);
	/* jmpq *(%rbx) to nowhere: #GP, RIP stays */
	PUT(0xff, 0x23);
	mmio_hardware_write(DEVICE, 8, UINT64_C(0x1000000000000000));
	fault_at(DEVICE, false);
	UNIT_EQUAL(fake_vector, 13);
	UNIT_EQUAL(fake_vcpu.rip, CODE);
}

int main(void)
{
	unit_run("mmio_single_step_of_guest", test_single_step_of_guest);
	unit_run("mmio_breakpoint_matches", test_breakpoint_matches);
	unit_run("mmio_breakpoints_of_guest", test_breakpoints_of_guest);
	unit_run("mmio_real_mode", test_real_mode);
	unit_run("mmio_firmware", test_firmware);
	unit_run("mmio_protected_mode", test_protected_mode);
	unit_run("mmio_long_mode_addresses", test_long_mode_addresses);
	return unit_failed;
}
