/*
 * tests/guest/ours.c: the ways to reach memory that the map keeps from the guest other than by plain
 * loads and stores: SSE, strings, locked instructions, execution, page tables, the local APIC's page.
 * All of it reads as ones and swallows writes.
 *
 * Options: script=1: a script changes what is written to APIC_BASE into the page that it is told by port
 * 0x5100; at=ADDRESS of such memory (default: the reserved range that follows usable memory on a
 * 2 MiB boundary).
 */
#include "guest.h"

#include "instruction.h"
#include "reserved.h"

#define BLOCK_BYTES 8192u
#define CR0_EM 0x4u
#define CR0_MP 0x2u
#define CR4_OSFXSR 0x200u
#define ENTRY_PRESENT_WRITABLE 3u
#define PAGE_ADDRESS UINT64_C(0x000ffffffffff000)
#define UNUSED_TOP_ENTRY 5u
#define FAULT_RESERVED_BIT 8u
#define APIC_BASE_PAGES 16u /* more than the hypervisor watches at a time */
#define PAGE_BYTES 4096u
#define PORT_SCRIPT_PAGE 0x5100
#define VECTOR_GP 13

static uint8_t *ours;
static uint8_t block[BLOCK_BYTES] __attribute__((aligned(64)));

static bool block_is(uint8_t value, size_t length_bytes)
{
	for (size_t i = 0; i < length_bytes; i++)
		if (block[i] != value)
			return false;
	return true;
}

static void block_fill(uint8_t value)
{
	for (size_t i = 0; i < BLOCK_BYTES; i++)
		block[i] = value;
}

static void check_sse(void)
{
	block_fill(0x5a);
	__asm__ volatile("movups (%0), %%xmm0; movups %%xmm0, (%1)" ::"r"(ours + 3), "r"(block)
			 : "memory", "xmm0");
	guest_check(block_is(0xff, 16) && block[16] == 0x5a, "sse load", "byte 0x%x", block[0]);
	__asm__ volatile("pxor %%xmm0, %%xmm0; movups %%xmm0, (%0); movups 4090(%0), %%xmm1;"
			 "movups %%xmm1, (%1)" ::"r"(ours), "r"(block)
			 : "memory", "xmm0", "xmm1");
	guest_check(*(volatile uint64_t *)ours == ~UINT64_C(0) && block_is(0xff, 16), "sse store",
		    "left 0x%lx", *(volatile uint64_t *)ours);
	__asm__ volatile("fildq (%0); fistpq (%1)" ::"r"(ours), "r"(block) : "memory");
	guest_check(*(uint64_t *)block == ~UINT64_C(0), "x87", "0x%lx", *(uint64_t *)block);
}

static void check_strings(void)
{
	uint8_t *from = ours + 100, *to = block;
	uint64_t count = BLOCK_BYTES, old = 1;

	block_fill(0);
	__asm__ volatile("rep movsb" : "+S"(from), "+D"(to), "+c"(count) : : "memory");
	guest_check(block_is(0xff, BLOCK_BYTES) && from == ours + 100 + BLOCK_BYTES && count == 0,
		    "string load", "count %lu", count);
	to = ours;
	count = BLOCK_BYTES / 8;
	__asm__ volatile("rep stosq" : "+D"(to), "+c"(count) : "a"(0) : "memory");
	guest_check(*(volatile uint64_t *)ours == ~UINT64_C(0) && to == ours + BLOCK_BYTES,
		    "string store", "left 0x%lx", *(volatile uint64_t *)ours);
	__asm__ volatile("lock xaddq %0, (%1)" : "+r"(old) : "r"(ours) : "memory");
	guest_check(old == ~UINT64_C(0) && *(volatile uint64_t *)ours == old, "locked add",
		    "old 0x%lx", old);
}

static void execute(void *context)
{
	((void (*)(void))context)();
}

static void load(void *context)
{
	(void)*(volatile uint8_t *)context;
}

/* Ones are no instruction, and no page table either. */
static void check_other_uses(void)
{
	uint64_t *top, cr3;
	int vector = fault_catch(execute, ours);

	guest_check(vector == 6, "execution", "vector %d error code 0x%lx CR2 0x%lx", vector, fault_error_code, cr2_read());
	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
	top = (uint64_t *)(cr3 & PAGE_ADDRESS);
	top[UNUSED_TOP_ENTRY] = (uint64_t)ours | ENTRY_PRESENT_WRITABLE;
	__asm__ volatile("mov %0, %%cr3" ::"r"(cr3) : "memory");
	vector = fault_catch(load, (void *)((uint64_t)UNUSED_TOP_ENTRY << 39));
	top[UNUSED_TOP_ENTRY] = 0;
	guest_check(vector == 14 && (fault_error_code & FAULT_RESERVED_BIT), "page table",
		    "vector %d error code 0x%lx", vector, fault_error_code);
}

static void write_apic_base(void *value)
{
	msr_write(MSR_APIC_BASE, *(uint64_t *)value);
}

/* A local APIC that lay there would answer in place of our memory. */
static void check_apic_base(void)
{
	uint64_t base = msr_read(MSR_APIC_BASE), flags = base & (PAGE_BYTES - 1);
	unsigned refused = 0;

	for (uint64_t i = 0; i < APIC_BASE_PAGES; i++) {
		uint64_t value = ((uint64_t)ours + i * PAGE_BYTES) | flags;

		refused += fault_catch(write_apic_base, &value) == VECTOR_GP;
	}
	guest_check(refused == APIC_BASE_PAGES && msr_read(MSR_APIC_BASE) == base, "APIC base",
		    "%u of %u refused, 0x%lx, was 0x%lx", refused, APIC_BASE_PAGES,
		    msr_read(MSR_APIC_BASE), base);
	guest_check(fault_catch(write_apic_base, &base) < 0, "APIC base stays writable", "");
}

/* The guest writes what is there; what reaches the hardware is a script's idea. */
static void check_apic_base_changed(void)
{
	uint64_t base = msr_read(MSR_APIC_BASE);
	int vector;

	out32(PORT_SCRIPT_PAGE, (uint32_t)((uint64_t)ours / PAGE_BYTES));
	vector = fault_catch(write_apic_base, &base);
	out32(PORT_SCRIPT_PAGE, 0);
	guest_check(vector == VECTOR_GP && msr_read(MSR_APIC_BASE) == base, "APIC base of a script",
		    "vector %d, 0x%lx, was 0x%lx", vector, msr_read(MSR_APIC_BASE), base);
	guest_check(fault_catch(write_apic_base, &base) < 0, "APIC base is the script's to pass", "");
}

void guest_main(void)
{
	ours = (uint8_t *)option_number_or("at", reserved_find());
	if (!guest_check(ours != NULL, "range", "none"))
		return;
	cr0_write((cr0_read() & ~(uint64_t)CR0_EM) | CR0_MP);
	cr4_write(cr4_read() | CR4_OSFXSR);
	__asm__ volatile("fninit");
	check_sse();
	check_strings();
	check_other_uses();
	check_apic_base();
	if (option_number_or("script", 0))
		check_apic_base_changed();
	guest_print("ours: 0x%lx\n", (uint64_t)ours);
}
