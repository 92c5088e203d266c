/*
 * tests/escape/machine.c: actions on the rest of the machine: message-signalled interrupts, the I/O APIC,
 * resets, SMIs by a port, hooks; and those that do nothing special for a while.
 */
#include "escape.h"

#include "guest.h"
#include "instruction.h"

#define MSI_FIRST UINT64_C(0xfee00000)
#define IO_APIC 0xfec00000u
#define IO_APIC_PINS 24u
#define IO_APIC_TIMER_PIN 2u
#define PIT_COUNTER 0x40
#define PIT_CONTROL 0x43
#define PIT_ONE_SHOT 0x30
#define PIC_MASK 0x21
#define PIC_MASK_SECOND 0xa1
#define RESET_CONTROL 0xcf9
#define KEYBOARD_COMMAND 0x64
#define KEYBOARD_RESET 0xfe
#define SYSTEM_CONTROL 0x92

/* The low doubleword of a redirection, which is a message's data too. */
static uint32_t any_message(struct random *random, uint32_t mode)
{
	if (mode == 0x500 && !random_once_in(random, 6))
		mode = 0;
	return mode | apic_any_vector(random) | random_below(random, 4) << 14;
}

/* What a CPU stores there is the local APIC's in a real machine, and a message in QEMU: to the first
 * register of its page, which is reserved, and to all pages behind it. */
void act_msi(struct cpu *cpu, struct random *random)
{
	uint64_t address = MSI_FIRST + (uint64_t)apic_any_target(random) * 4096u +
			   random_below(random, 4) * 4u;
	uint32_t data = any_message(random, apic_any_mode(random));

	(void)cpu;
	if (random_once_in(random, 20))
		data = 0x500;
	if (platform.bochs && (address & 0xfff) != 0)
		address &= ~UINT64_C(0xf);
	*(volatile uint32_t *)address = data;
	/* Bochs stops at one that is that wide in the page of its local APIC. */
	if (random_once_in(random, 4) && !(platform.bochs && address < MSI_FIRST + 0x1000))
		*(volatile uint64_t *)(address & ~UINT64_C(0xf)) = data;
}

static void io_apic_write(uint32_t index, uint32_t value)
{
	*(volatile uint32_t *)(uintptr_t)IO_APIC = index;
	*(volatile uint32_t *)(uintptr_t)(IO_APIC + 0x10) = value;
}

static void timer_once(uint16_t ticks)
{
	out8(PIT_CONTROL, PIT_ONE_SHOT);
	out8(PIT_COUNTER, (uint8_t)ticks);
	out8(PIT_COUNTER, (uint8_t)(ticks >> 8));
}

void act_ioapic(struct cpu *cpu, struct random *random)
{
	uint32_t pin = random_once_in(random, 3) ? random_below(random, IO_APIC_PINS) : IO_APIC_TIMER_PIN;

	(void)cpu;
	io_apic_write(0x11 + 2 * pin, apic_any_target(random) << 24);
	io_apic_write(0x10 + 2 * pin,
		      any_message(random, apic_line_mode(random)) | random_below(random, 2) << 11 |
			      (random_once_in(random, 4) ? 0x10000u : 0));
	if (random_once_in(random, 3))
		out8(PIC_MASK, (uint8_t)random_below(random, 256));
	timer_once((uint16_t)(20 + random_below(random, 2000)));
}

static void triple_fault(void)
{
	struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} nothing = {0, 0};

	__asm__ volatile("lidt %0; int3" : : "m"(nothing));
}

void reset_by(struct cpu *cpu, uint32_t way)
{
	(void)cpu;
	switch (way) {
	case 0:
		out8(RESET_CONTROL, 0x02);
		out8(RESET_CONTROL, 0x06);
		break;
	case 1:
		out8(RESET_CONTROL, 0x0e);
		break;
	case 2: /* Bochs ends at a reset by the keyboard controller, bare too. */
		if (!platform.bochs)
			out8(KEYBOARD_COMMAND, KEYBOARD_RESET);
		break;
	case 3:
		if (!platform.bochs)
			out8(SYSTEM_CONTROL, in8(SYSTEM_CONTROL) | 1);
		break;
	case 4:
		if (platform.reset_port != 0)
			out8(platform.reset_port, platform.reset_value);
		break;
	default:
		triple_fault();
		break;
	}
}

void act_reset(struct cpu *cpu, struct random *random)
{
	RECORD->end = END_RESET;
	reset_by(cpu, random_below(random, RESET_WAYS));
	spin(50000);
	RECORD->end = END_UNKNOWN;
}

/* ACPI on or off, or a command that the firmware does not know. By the boot CPU: SeaBIOS on QEMU leaves the
 * others' SMBASE as it is, so that theirs runs the guest's code in SMM (docs/protection.md, open). */
void act_apm(struct cpu *cpu, struct random *random)
{
	uint8_t commands[] = {platform.acpi_enable, platform.acpi_disable, 0, (uint8_t)random_next(random)};

	if (cpu->number == 0 && platform.smi_command != 0 && platform.smis)
		out8(platform.smi_command, commands[random_below(random, sizeof(commands))]);
}

/* A script runs, and others stop the CPU meanwhile. */
void act_hook(struct cpu *cpu, struct random *random)
{
	uint32_t times = 1 + random_below(random, 4);

	(void)cpu;
	for (uint32_t i = 0; i < times; i++)
		in8(platform.hook_port);
}

/* A script puts a hook on a page, or takes it off: every CPU is to hear of it. */
void act_toggle(struct cpu *cpu, struct random *random)
{
	(void)cpu;
	out8((uint16_t)(platform.hook_port + 1), (uint8_t)random_below(random, 6));
}

void act_rewrite(struct cpu *cpu, struct random *random)
{
	uint32_t first = 1 + random_below(random, platform.low_pages_end - 1);

	(void)cpu;
	for (uint32_t i = 0; i < 20; i++)
		pages_write(first, first + 8 < platform.low_pages_end ? first + 8 : platform.low_pages_end - 1);
}

void act_window(struct cpu *cpu, struct random *random)
{
	(void)cpu;
	__asm__ volatile("sti");
	spin(random_below(random, 20000));
	__asm__ volatile("cli");
}

void act_halt(struct cpu *cpu, struct random *random)
{
	(void)cpu;
	timer_once((uint16_t)(20 + random_below(random, 2000)));
	io_apic_write(0x11 + 2 * IO_APIC_TIMER_PIN, 0xffu << 24);
	io_apic_write(0x10 + 2 * IO_APIC_TIMER_PIN, 0x50);
	__asm__ volatile("sti; hlt; cli");
}

void act_busy(struct cpu *cpu, struct random *random)
{
	(void)cpu;
	spin(random_below(random, 60000));
	if (random_once_in(random, 2))
		cpuid(random_below(random, 32), 0);
}
