/*
 * tests/guest/alias.c: the hypervisor's memory by addresses that differ from its own in one upper bit,
 * from bit 32 to the last that a page table entry holds. What the CPU has no such bit for gives a page fault
 * that says reserved; what the guest is told that it has not, or that is ours, reads as ones and swallows writes.
 */
#include "guest.h"

#include "instruction.h"
#include "reserved.h"

#define FIRST_BIT 32u
#define LAST_BIT 51u
#define PAGE_BYTES 4096u
#define LARGE_PAGE (UINT64_C(1) << 21)
#define ENTRY_PRESENT_WRITABLE 3u
#define ENTRY_LARGE 0x80u
#define PAGE_ADDRESS UINT64_C(0x000ffffffffff000)
#define UNUSED_TOP_ENTRY 5u
#define VECTOR_PF 14
#define FAULT_RESERVED_BIT 8u

static uint64_t upper[512] __attribute__((aligned(PAGE_BYTES)));
static uint64_t lower[512] __attribute__((aligned(PAGE_BYTES)));
static uint64_t seen;
static unsigned address_bits;

static void touch(void *context)
{
	volatile uint64_t *at = context;

	seen = *at;
	*at = 0x5a;
}

static void flush(void)
{
	uint64_t cr3;

	__asm__ volatile("mov %%cr3, %0; mov %0, %%cr3" : "=r"(cr3) : : "memory");
}

static void check_bit(unsigned bit, uint64_t ours, volatile uint64_t *at)
{
	int vector;

	lower[0] = ours | UINT64_C(1) << bit | ENTRY_PRESENT_WRITABLE | ENTRY_LARGE;
	flush();
	seen = 0;
	vector = fault_catch(touch, (void *)(uintptr_t)at);
	if (vector == VECTOR_PF)
		guest_check((fault_error_code & FAULT_RESERVED_BIT) != 0, "reserved", "bit %u: error code 0x%lx",
			    bit, fault_error_code);
	else if (bit < address_bits) /* no device is there; what that reads as is the machine's choice */
		guest_check(vector < 0 && *at == seen, "nothing", "bit %u: vector %d, 0x%lx, then 0x%lx", bit,
			    vector, seen, *at);
	else
		guest_check(vector < 0 && seen == ~UINT64_C(0) && *at == ~UINT64_C(0), "ones",
			    "bit %u: vector %d, 0x%lx, then 0x%lx", bit, vector, seen, *at);
}

void guest_main(void)
{
	uint64_t ours = reserved_find() & ~(LARGE_PAGE - 1), cr3, *top;

	address_bits = cpuid(0x80000008, 0).eax & 0xff;
	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
	top = (uint64_t *)(cr3 & PAGE_ADDRESS);
	top[UNUSED_TOP_ENTRY] = (uint64_t)(uintptr_t)upper | ENTRY_PRESENT_WRITABLE;
	upper[0] = (uint64_t)(uintptr_t)lower | ENTRY_PRESENT_WRITABLE;
	for (unsigned bit = FIRST_BIT; bit <= LAST_BIT; bit++)
		check_bit(bit, ours, (volatile uint64_t *)((uint64_t)UNUSED_TOP_ENTRY << 39));
	top[UNUSED_TOP_ENTRY] = 0;
	flush();
	guest_check(*(volatile uint64_t *)ours == ~UINT64_C(0), "by its own address", "0x%lx",
		    *(volatile uint64_t *)ours);
	guest_print("alias: %u address bits\n", address_bits);
}
