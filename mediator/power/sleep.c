/*
 * mediator/power/sleep.c: owns the registers that put the machine to sleep: ACPI's PM1a and PM1b
 * control and the sleep control register of hardware-reduced ACPI (ACPI 6.4, 4.8.3.2.1, 4.8.3.7).
 *
 * In each it is one byte that has SLP_TYP and SLP_EN, at the same bits, and one byte of the status
 * register that has WAK_STS, so that what a write asks for stands in that write alone. What a system
 * does after it has set SLP_EN is to wait for WAK_STS.
 */
#include "mediator/power/sleep.h"

#include "core/acpi.h"
#include "core/instructions.h"
#include "core/log.h"
#include "crypt/volume_key.h"
#include "mediator/power/byte.h"
#include "mediator/power/shutdown.h"
#include "rv/errno.h"
#include "vmm/access.h"
#include "vmm/pci_window.h"
#include "vmm/suspend.h"

#define SLP_TYP_SHIFT 2
#define SLP_TYP_MASK UINT64_C(7)
#define SLP_EN UINT64_C(0x20)
#define WAK_STS UINT64_C(0x80)
#define PM1_BYTE 1 /* of the 16 bits, the byte that has them */

struct sleep_register {
	struct access_region region; /* that byte */
	uint8_t types_off;
	uint8_t types_to_ram; /* a bit; 0: suspend to RAM does not happen by this register */
};

static struct sleep_register sleep_registers[ACPI_REGISTERS_MAXIMUM];
/* What sleep_enter() writes: each PM1 control register's port, and its SLP_TYP. */
static struct {
	uint16_t port;
	uint8_t type;
} sleep_to_ram[ACPI_REGISTERS_MAXIMUM];
static size_t sleep_nr_to_ram;

static bool sleep_was_refused;
static bool sleep_has_woken; /* WAK_STS is to read 1 */

static enum access_result sleep_handle_status(struct access *access, void *context)
{
	unsigned shift = power_byte_shift(access, context);

	if (access->write) {
		if (access->value >> shift & WAK_STS) /* written 1, it is cleared */
			__atomic_store_n(&sleep_has_woken, false, __ATOMIC_SEQ_CST);
	} else if (__atomic_load_n(&sleep_has_woken, __ATOMIC_SEQ_CST)) {
		access_fetch(access);
		access->value |= WAK_STS << shift;
	}
	return ACCESS_PASS;
}

static int sleep_register_region(const struct acpi_register *acpi, struct access_region *region,
				 access_handler handler)
{
	bool wide = acpi->role == ACPI_PM1_STATUS || acpi->role == ACPI_PM1_CONTROL;

	region->first = region->last = acpi->address + (wide ? PM1_BYTE : 0);
	region->handler = handler;
	region->context = region;
	region->band = BAND_GUARD;
	if (acpi->space == ACPI_SPACE_PORT)
		return pio_register(region);
	return acpi->space == ACPI_SPACE_MEMORY ? mmio_register(region) : -RV_ENOTSUP;
}

/* Status registers are the guest's alone until it has tried to sleep: systems read them at each of
 * ACPI's interrupts. */
static void sleep_claim_status(void)
{
	size_t count;
	const struct acpi_register *registers = acpi_registers(&count);

	for (size_t i = 0; i < count; i++) {
		if ((registers[i].role == ACPI_PM1_STATUS ||
		     registers[i].role == ACPI_SLEEP_STATUS) &&
		    sleep_register_region(&registers[i], &sleep_registers[i].region,
					  sleep_handle_status) != 0)
			log_warning("the ACPI register at 0x%lx cannot be claimed: the guest may wait "
				    "for a wake-up that does not come", registers[i].address);
	}
}

/* vmm/suspend.c's. The guest goes on as it does where suspend to RAM is never done. */
static void sleep_refuse_now(const char *why)
{
	log_warning("the guest asked to suspend to RAM, which does not happen: %s", why);
	__atomic_store_n(&sleep_has_woken, true, __ATOMIC_SEQ_CST);
	if (!__atomic_exchange_n(&sleep_was_refused, true, __ATOMIC_SEQ_CST))
		sleep_claim_status();
}

/* vmm/suspend.c's. SLP_TYP goes before SLP_EN, and to both registers (ACPI 6.4, 7.4.1 and 16.1.6). */
static void sleep_enter(void)
{
	for (unsigned enable = 0; enable < 2; enable++) {
		for (size_t i = 0; i < sleep_nr_to_ram; i++) {
			uint64_t value = port_read16(sleep_to_ram[i].port);

			value &= ~((SLP_TYP_MASK << SLP_TYP_SHIFT | SLP_EN) << 8 * PM1_BYTE);
			value |= ((uint64_t)sleep_to_ram[i].type << SLP_TYP_SHIFT | (enable ? SLP_EN : 0))
				 << 8 * PM1_BYTE;
			port_write16(sleep_to_ram[i].port, (uint16_t)value);
		}
	}
}

static void sleep_refuse(unsigned type)
{
	__atomic_store_n(&sleep_has_woken, true, __ATOMIC_SEQ_CST);
	if (__atomic_exchange_n(&sleep_was_refused, true, __ATOMIC_SEQ_CST))
		return;
	log_notice("the guest asked to sleep (SLP_TYP %u), which would end its time with us: it "
		   "goes on", type);
	sleep_claim_status();
}

static enum access_result sleep_handle_control(struct access *access, void *context)
{
	struct sleep_register *sleep = CONTAINER_OF(context, struct sleep_register, region);
	unsigned shift = power_byte_shift(access, &sleep->region);
	unsigned type = access->value >> (shift + SLP_TYP_SHIFT) & SLP_TYP_MASK;
	bool asks = (access->value >> shift & SLP_EN) != 0;

	if (!access->write)
		return ACCESS_PASS;
	if (sleep->types_off >> type & 1) {
		if (asks)
			shutdown_by_access(access);
		return ACCESS_PASS;
	}
	/* A reset does not clear SLP_TYP everywhere, and firmware that finds that of a sleep may take it for a wake. */
	access->value &= ~((SLP_TYP_MASK << SLP_TYP_SHIFT | SLP_EN) << shift);
	if (!asks)
		return ACCESS_PASS;
	if ((sleep->types_to_ram >> type & 1) == 0 || access->direct || !suspend_ask(access->vcpu))
		sleep_refuse(type);

	return ACCESS_PASS;
}

int sleep_claim(void)
{
	size_t count;
	const struct acpi_register *registers = acpi_registers(&count);

	for (size_t i = 0; i < count; i++) {
		int error;

		if (registers[i].role != ACPI_PM1_CONTROL && registers[i].role != ACPI_SLEEP_CONTROL)
			continue;
		sleep_registers[i].types_off = acpi_power_off_types(registers[i].second);
		if (sleep_registers[i].types_off == 0)
			log_warning("the firmware's tables do not say what turns the machine off by "
				    "the ACPI register at 0x%lx: nothing will", registers[i].address);
		error = sleep_register_region(&registers[i], &sleep_registers[i].region,
					      sleep_handle_control);
		if (error != 0)
			return error;
	}
	return 0;
}

static const char *sleep_allow_register(const struct acpi_register *acpi, struct sleep_register *sleep)
{
	uint8_t types = acpi_to_ram_types(acpi->second) & (uint8_t)~sleep->types_off;

	if (types == 0 || (types & (types - 1)) != 0)
		return "the firmware's tables have no \\_S3, or more than one";
	if (acpi->space != ACPI_SPACE_PORT || acpi->address > UINT16_MAX)
		return "its register is no port";
	sleep->types_to_ram = types;
	sleep_to_ram[sleep_nr_to_ram].port = (uint16_t)acpi->address;
	sleep_to_ram[sleep_nr_to_ram++].type = (uint8_t)__builtin_ctz(types);
	return NULL;
}

static void sleep_wipe(void *subject)
{
	(void)subject;
	crypt_keys_wipe();
}

const char *sleep_allow(hpa_t low_page, bool bios)
{
	static struct watcher watcher = { .notify = sleep_wipe };
	const struct suspend_plan plan = { low_page, bios, sleep_enter, sleep_refuse_now };
	size_t count;
	const struct acpi_register *registers = acpi_registers(&count);
	const char *why = NULL;

	for (size_t i = 0; why == NULL && i < count; i++) {
		if (registers[i].role == ACPI_PM1_CONTROL)
			why = sleep_allow_register(&registers[i], &sleep_registers[i]);
	}
	if (why == NULL && sleep_nr_to_ram == 0)
		why = "the firmware's tables name no register for it";
	if (why == NULL)
		why = suspend_prepare(&plan);
	if (why != NULL) {
		for (size_t i = 0; i < count; i++)
			sleep_registers[i].types_to_ram = 0;
		return why;
	}
	watch_add(&suspend_fail_watchers, &watcher);
	pci_window_remember();
	return NULL;
}
