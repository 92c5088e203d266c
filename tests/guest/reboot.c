/*
 * tests/guest/reboot.c: resets the machine once and knows afterwards: a byte of CMOS memory, which
 * a reset keeps, tells the first start from the second.
 *
 * Options: by=keyboard|output|reset|port92|acpi|triple (default keyboard): the keyboard controller's
 * line by a pulse or by its output port, the reset control register at CF9, port 92h, what ACPI's table
 * says, a triple fault.
 */
#include "guest.h"

#include "instruction.h"

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
#define CMOS_BYTE 0x7a /* not used by the firmware */
#define MARK 0xa5
#define RESET_CONTROL 0xcf9

static uint8_t cmos_read(uint8_t index)
{
	out8(CMOS_INDEX, index);
	return in8(CMOS_DATA);
}

static void cmos_write(uint8_t index, uint8_t value)
{
	out8(CMOS_INDEX, index);
	out8(CMOS_DATA, value);
}

static void keyboard_wait(void)
{
	while (in8(0x64) & 2) /* its input buffer is full */
		;
}

static void reset_by_output_port(void)
{
	keyboard_wait();
	out8(0x64, 0xd1);
	keyboard_wait();
	out8(0x60, 0xfe);
}

/* ACPI 6.4, 4.8.3.6: the reset register and its value. */
static void reset_by_acpi(void)
{
	const uint8_t *fadt = acpi_find_fadt();
	uint64_t address;

	memcpy(&address, fadt + 116 + 4, sizeof(address));
	if (fadt[116] == 1)
		out8((uint16_t)address, fadt[128]);
	else
		*(volatile uint8_t *)(uintptr_t)address = fadt[128];
}

static void triple_fault(void)
{
	struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} nothing = {0, 0};

	__asm__ volatile("lidt %0; int3" : : "m"(nothing));
}

void guest_main(void)
{
	char by[16] = "keyboard";

	if (cmos_read(CMOS_BYTE) == MARK) {
		cmos_write(CMOS_BYTE, 0);
		guest_check(true, "started again", "");
		return;
	}
	cmos_write(CMOS_BYTE, MARK);
	option_text("by", by, sizeof(by));
	guest_print("guest: rebooting by %s\n", by);
	if (memcmp(by, "triple", 7) == 0) {
		triple_fault();
	} else if (memcmp(by, "output", 7) == 0) {
		reset_by_output_port();
	} else if (memcmp(by, "port92", 7) == 0) {
		out8(0x92, in8(0x92) | 1);
	} else if (memcmp(by, "acpi", 5) == 0) {
		reset_by_acpi();
	} else if (memcmp(by, "reset", 6) == 0) {
		out8(RESET_CONTROL, 0x02); /* hard reset ... */
		out8(RESET_CONTROL, 0x06); /* ... now */
	}
	if (memcmp(by, "keyboard", 9) == 0)
		guest_reboot();
	for (;;)
		__asm__ volatile("pause");
}
