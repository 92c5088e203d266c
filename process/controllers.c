/*
 * process/controllers.c: the 8259s' ports, the I/O APICs, and the addresses that make interrupts of stores.
 * The local APIC may be moved, so syscall_access.c asks the CPU where it is. Written at boot only.
 */
#include "process/controllers.h"

#include "core/acpi.h"
#include "core/log.h"

#define IO_APICS_MAXIMUM 32
#define IO_APIC_USUAL 0xfec00000u
/* Intel SDM 3 12.11.1: message-signalled interrupts. */
#define MESSAGES_FIRST 0xfee00000u
#define MESSAGES_LAST 0xfeefffffu

static gpa_t controllers_io_apics[IO_APICS_MAXIMUM] = { IO_APIC_USUAL };
static unsigned controllers_nr_io_apics = 1;

static int controllers_add(hpa_t page)
{
	if (controllers_nr_io_apics == IO_APICS_MAXIMUM)
		log_warning("more than %d I/O APICs: the one at 0x%lx is not kept from scripts",
			    IO_APICS_MAXIMUM - 1, page);
	else
		controllers_io_apics[controllers_nr_io_apics++] = page;
	return 0;
}

void controllers_init(void)
{
	(void)acpi_visit_io_apics(controllers_add);
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
