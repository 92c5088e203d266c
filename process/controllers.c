/*
 * process/controllers.c: the 8259s' ports, the I/O APICs, and the addresses that make interrupts of stores.
 * The local APIC may be moved, so syscall_access.c asks the CPU where it is. Written at boot only.
 */
#include "process/controllers.h"

#include "core/acpi.h"
#include "core/log.h"
#include "core/string.h"

/* ACPI specification 5.2.12 */
#define MADT_HEADER_BYTES 44
#define MADT_IO_APIC 1
#define MADT_IO_APIC_BYTES 12

#define IO_APICS_MAXIMUM 32
#define IO_APIC_USUAL 0xfec00000u
/* Intel SDM 3 12.11.1: message-signalled interrupts. */
#define MESSAGES_FIRST 0xfee00000u
#define MESSAGES_LAST 0xfeefffffu

static gpa_t controllers_io_apics[IO_APICS_MAXIMUM] = { IO_APIC_USUAL };
static unsigned controllers_nr_io_apics = 1;

static void controllers_add(const uint8_t *entry, uint8_t length_bytes)
{
	uint32_t address;

	if (entry[0] != MADT_IO_APIC || length_bytes < MADT_IO_APIC_BYTES)
		return;
	memcpy(&address, entry + 4, sizeof(address));
	if (controllers_nr_io_apics == IO_APICS_MAXIMUM) {
		log_warning("more than %d I/O APICs: the one at 0x%x is not kept from scripts",
			    IO_APICS_MAXIMUM - 1, address);
		return;
	}
	controllers_io_apics[controllers_nr_io_apics++] = align_down(address, PAGE_BYTES);
}

void controllers_init(void)
{
	const uint8_t *madt = acpi_find_table("APIC");
	uint32_t length, at = MADT_HEADER_BYTES;

	if (madt == NULL)
		return;
	memcpy(&length, madt + 4, sizeof(length));
	while (length >= 2 && at <= length - 2 && madt[at + 1] >= 2 && madt[at + 1] <= length - at) {
		controllers_add(madt + at, madt[at + 1]);
		at += madt[at + 1];
	}
}

/* Chipsets do not decode bits 2 to 4 of the 8259s' ports (Intel ICH data sheets, 8259 I/O registers). */
static bool controllers_have_byte(uint64_t port)
{
	uint64_t decoded = port & ~UINT64_C(0x1c);

	return decoded == 0x20 || decoded == 0x21 || decoded == 0xa0 || decoded == 0xa1 || port == 0x4d0 ||
	       port == 0x4d1;
}

bool controllers_have_port(uint64_t port, uint64_t width_bytes)
{
	for (uint64_t i = 0; i < width_bytes; i++) {
		if (controllers_have_byte(port + i))
			return true;
	}
	return false;
}

bool controllers_have_memory(gpa_t gpa, uint64_t width_bytes)
{
	if (gpa <= MESSAGES_LAST && gpa + width_bytes > MESSAGES_FIRST)
		return true;
	for (unsigned i = 0; i < controllers_nr_io_apics; i++) {
		if (gpa < controllers_io_apics[i] + PAGE_BYTES && gpa + width_bytes > controllers_io_apics[i])
			return true;
	}
	return false;
}
