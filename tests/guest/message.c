/*
 * tests/guest/message.c: INITs that come from the bus: stores where a device's messages go, and an entry of
 * the I/O APIC's. They must stop no CPU, and what is stored reads as of a device that is not there. Nor may
 * a CPU move its local APIC there, or have a local vector deliver an INIT or an SMI.
 *
 * Options: device=1: instead, a device, QEMU's edu, sends messages by its DMA, which are all refused; device=2: by its
 * MSI registers; reached=1: its INIT is to stop the CPU, as where nobody refuses it.
 */
#include "guest.h"

#include "edu.h"
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
#define PAUSES 100u
#define CAPABILITIES 0x34u
#define CAPABILITY_MSI 0x05u
#define MSI_ENABLE 0x10000u
#define EDU_POLLS 400000000u
#define MESSAGE_NMI 0x4400u
#define MESSAGE_SMI 0x4200u
#define NMI_VECTOR 2

SHARED uint64_t turns;

static void second_run(void)
{
	for (;;) {
		turns++;
		__asm__ volatile("pause");
	}
}

/* Its host may have other things to do meanwhile. */
static bool second_turns(void)
{
	uint64_t before = turns;

	for (unsigned i = 0; i < PAUSES && turns == before; i++)
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

static volatile uint64_t *edu;
static uint32_t edu_function;
static uint64_t edu_data;
static volatile uint64_t nmis;

static bool count_nmi(struct fault_frame *frame)
{
	nmis += frame->vector == NMI_VECTOR;
	return frame->vector == NMI_VECTOR;
}

/* An interrupt of its own. PCI Local Bus Specification 3.0, 6.8.1: with 64 address bits. */
static void edu_interrupt(uint32_t apic_id, uint32_t message)
{
	uint32_t at = config_read(edu_function, CAPABILITIES) & 0xfc;

	while (at != 0 && (config_read(edu_function, at) & 0xff) != CAPABILITY_MSI)
		at = config_read(edu_function, at) >> 8 & 0xfc;
	config_write(edu_function, at + 4, MESSAGES | apic_id << 12);
	config_write(edu_function, at + 8, 0);
	config_write(edu_function, at + 12, message);
	config_write(edu_function, at, config_read(edu_function, at) | MSI_ENABLE);
	*register_at((uint32_t)(uintptr_t)edu + EDU_RAISE) = 1;
	*register_at((uint32_t)(uintptr_t)edu + EDU_ACKNOWLEDGE) = 1;
	config_write(edu_function, at, config_read(edu_function, at) & ~MSI_ENABLE);
}

static void edu_move(uint64_t source, uint64_t target, uint32_t direction)
{
	edu_begin(edu, source, target, 4, direction);
	for (uint32_t i = 0; i < EDU_POLLS && (edu[EDU_COMMAND / 8] & EDU_START) != 0; i++)
		__asm__ volatile("pause");
}

static void edu_send(uint32_t apic_id, uint32_t message)
{
	if (option_number_or("device", 0) == 2) {
		edu_interrupt(apic_id, message);
		return;
	}
	edu_data = message;
	edu_move((uint64_t)&edu_data, EDU_BUFFER, 0);
	edu_move(EDU_BUFFER, MESSAGES | apic_id << 12, EDU_TO_MEMORY);
}

/* Its DMA reaches memory, and by messages nobody. */
static void check_device(void)
{
	bool reached = option_number_or("reached", 0) != 0;

	edu = edu_find();
	edu_function = config_find(ID_EDU);
	if (!guest_check(edu != NULL, "a device", "there is no edu"))
		return;
	edu_data = 0x1234;
	edu_move((uint64_t)&edu_data, EDU_BUFFER, 0);
	edu_data = 0;
	edu_move(EDU_BUFFER, (uint64_t)&edu_data, EDU_TO_MEMORY);
	guest_check(edu_data == 0x1234, "the device reaches memory", "0x%lx", edu_data);
	edu_send(1, MESSAGE_INIT);
	guest_check(second_turns() != reached, "a device's INIT to the other CPU", "it %s",
		    reached ? "runs" : "stopped");
	if (reached)
		return;
	fault_handler = count_nmi;
	edu_send(1, MESSAGE_SMI);
	edu_send(0, MESSAGE_NMI);
	edu_send(0, MESSAGE_SMI);
	guest_check(second_turns() && nmis == 0, "its SMIs and NMIs", "%lu NMIs", nmis);
	edu_send(0, MESSAGE_INIT);
	wait_cycles(PAUSE_CYCLES);
	guest_check(true, "a device's INIT to this CPU", "");
}

void guest_main(void)
{
	if (!guest_check(second_start(VECTOR, second_run) && second_turns(), "second CPU", "it does not run"))
		return;
	if (option_number_or("device", 0) != 0) {
		check_device();
		return;
	}
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
