/*
 * tests/guest/message.c: INITs that come from the bus: stores where a device's messages go, and an entry of
 * the I/O APIC's. They must stop no CPU, and what is stored reads as of a device that is not there. Nor may
 * a CPU move its local APIC there, or have a local vector deliver an INIT or an SMI.
 */
#include "guest.h"

#include "instruction.h"
#include "second.h"

#define VECTOR 0x10
#define MESSAGES 0xfee00000u /* bits 19:12: the APIC ID */
#define MESSAGE_INIT 0x4500u /* asserted, by edge */
#define IO_APIC 0xfec00000u
#define IO_APIC_WINDOW 0x10u
#define IO_APIC_ENTRY(pin) (0x10u + 2 * (pin))
#define ENTRY_INIT 0x500u
#define ENTRY_MASKED 0x10000u
#define PIT_PIN 2
#define APIC_LVT_LINT1 0x360u
#define LVT_MASKED 0x10000u
#define VECTOR_GP 13
#define PAUSE_CYCLES 20000000u

SHARED uint64_t turns;

static void second_run(void)
{
	for (;;) {
		turns++;
		__asm__ volatile("pause");
	}
}

static bool second_turns(void)
{
	uint64_t before = turns;

	wait_cycles(PAUSE_CYCLES);
	return turns != before;
}

static volatile uint32_t *register_at(uint32_t address)
{
	return (volatile uint32_t *)(uintptr_t)address;
}

static void io_apic_write(uint32_t index, uint32_t value)
{
	*register_at(IO_APIC) = index;
	*register_at(IO_APIC + IO_APIC_WINDOW) = value;
}

static uint32_t io_apic_read(uint32_t index)
{
	*register_at(IO_APIC) = index;
	return *register_at(IO_APIC + IO_APIC_WINDOW);
}

static void tick(void)
{
	out8(0x43, 0x34);
	out8(0x40, 0xff);
	out8(0x40, 0x0f);
	wait_cycles(PAUSE_CYCLES);
}

static void write_apic_base(void *value)
{
	msr_write(MSR_APIC_BASE, *(uint64_t *)value);
}

/* A CPU whose own is elsewhere would send messages by its stores to the others' page. */
static void check_moves(void)
{
	static const uint64_t offsets[] = { 0x1000, 0x100000, UINT64_C(0x10000000) };
	uint64_t base = msr_read(MSR_APIC_BASE);

	for (unsigned i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		uint64_t value = base + offsets[i];
		int vector = fault_catch(write_apic_base, &value);

		guest_check(vector == VECTOR_GP && msr_read(MSR_APIC_BASE) == base, "the local APIC stays",
			    "vector %d, it is at 0x%lx", vector, msr_read(MSR_APIC_BASE));
	}
}

static void check_local_vector(uint32_t mode)
{
	volatile uint32_t *entry = register_at(APIC + APIC_LVT_LINT1);
	uint32_t before = *entry;

	*entry = mode;
	guest_check(*entry & LVT_MASKED, "a local vector", "mode 0x%x reads 0x%x", mode, *entry);
	*entry = before;
}

void guest_main(void)
{
	if (!guest_check(second_start(VECTOR, second_run) && second_turns(), "second CPU", "it does not run"))
		return;
	*register_at(MESSAGES | 1u << 12) = MESSAGE_INIT;
	guest_check(second_turns(), "a message to the other CPU", "it stopped");
	guest_check(*register_at(MESSAGES | 1u << 12) == ~0u, "messages read as ones", "%x",
		    *register_at(MESSAGES | 1u << 12));
	io_apic_write(IO_APIC_ENTRY(PIT_PIN) + 1, 1u << 24);
	io_apic_write(IO_APIC_ENTRY(PIT_PIN), ENTRY_INIT);
	tick();
	guest_check(second_turns(), "an entry of the I/O APIC", "the other CPU stopped");
	guest_check(io_apic_read(IO_APIC_ENTRY(PIT_PIN)) & ENTRY_MASKED, "it is masked", "it is not");
	io_apic_write(IO_APIC_ENTRY(PIT_PIN), 0x20 | ENTRY_MASKED);
	guest_check(io_apic_read(IO_APIC_ENTRY(PIT_PIN)) == (0x20 | ENTRY_MASKED), "another entry",
		    "it reads %x", io_apic_read(IO_APIC_ENTRY(PIT_PIN)));
	check_moves();
	check_local_vector(0x200);
	check_local_vector(0x500);
	*register_at(MESSAGES) = MESSAGE_INIT;
	wait_cycles(PAUSE_CYCLES);
	guest_check(true, "a message to this CPU", "");
}
