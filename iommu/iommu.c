/*
 * iommu/iommu.c: owns which IOMMU there is and whose it is. Written at boot only, so without a lock.
 *
 * Which driver serves is the ACPI table's to say, not the CPU's vendor: QEMU has either with any CPU.
 */
#include "iommu/iommu.h"

#include "core/acpi_tables.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/time.h"
#include "iommu/driver.h"
#include "iommu/iommu_map.h"
#include "vmm/access.h"
#include "vmm/acpi_hide.h"
#include "vmm/startup_bus.h"
#include "vmm/suspend.h"

#define IOMMU_HIDDEN_MAXIMUM 64
#define CHIPSET_START UINT64_C(0xfec00000)
#define CHIPSET_END UINT64_C(0xff000000)
#define IOMMU_BUFFER_PAGES 2
#define IOMMU_WAIT_US 10
#define IOMMU_WAITS 100000 /* a second in all */

static struct access_region iommu_registers[IOMMU_HIDDEN_MAXIMUM], iommu_functions[IOMMU_HIDDEN_MAXIMUM];
static size_t iommu_nr_registers, iommu_nr_functions;

static const struct iommu_driver *iommu_driver;
static uint64_t *iommu_buffers; /* IOMMU_BUFFER_PAGES a unit */

/* As if nothing were there. */
static enum access_result iommu_handle_access(struct access *access, void *context)
{
	(void)context;
	if (access->kind != ACCESS_MMIO || iommu_driver->answer == NULL || !iommu_driver->answer(access))
		access_deny(access);
	return ACCESS_DONE;
}

static const char *iommu_hide(struct access_region *regions, size_t *count, uint64_t first, uint64_t last)
{
	for (size_t i = 0; i < *count; i++) {
		if (regions[i].first == first)
			return NULL; /* some tables name a unit twice */
	}
	if (*count == IOMMU_HIDDEN_MAXIMUM)
		return "there are too many";
	regions[(*count)++] = (struct access_region){
		.first = first,
		.last = last,
		.handler = iommu_handle_access,
		.band = BAND_GUARD,
	};
	return NULL;
}

const char *iommu_hide_registers(hpa_t start, uint64_t length_bytes)
{
	if (start == 0 || (start & PAGE_MASK) != 0 || start >= paging_direct_bytes ||
	    length_bytes > paging_direct_bytes - start || memory_is_ram(start, 1) ||
	    memory_is_reserved(start, length_bytes))
		return "its registers are where none can be";
	if (!iommu_map_leave_out(start, start + length_bytes))
		return "there are too many";
	return iommu_hide(iommu_registers, &iommu_nr_registers, start, start + length_bytes - 1);
}

const char *iommu_hide_function(uint64_t address)
{
	return iommu_hide(iommu_functions, &iommu_nr_functions, address, address + PAGE_MASK);
}

const char *iommu_keep_range(hpa_t first, hpa_t last)
{
	if (first > last || last == ~UINT64_C(0))
		return "the firmware's table has a range that ends before it begins";
	if (memory_is_reserved(first, last - first + 1))
		log_warning("IOMMU: the firmware wants devices to reach 0x%lx-0x%lx, and some of it is ours: that "
			    "is left out", first, last);
	return iommu_map_add(first, last + 1) ? NULL : "the firmware's table has too many ranges";
}

bool iommu_wait(hpa_t reg, uint8_t width_bytes, uint64_t mask, uint64_t value)
{
	for (unsigned i = 0; i < IOMMU_WAITS; i++) {
		if ((mmio_hardware_read(reg, width_bytes) & mask) == value)
			return true;
		time_wait_us(IOMMU_WAIT_US);
	}
	return false;
}

bool iommu_wait_memory(const volatile uint64_t *word, uint64_t value)
{
	for (unsigned i = 0; i < IOMMU_WAITS; i++) {
		iommu_flush(word, sizeof(*word)); /* it may not have written through our cache */
		if (*word == value)
			return true;
		time_wait_us(IOMMU_WAIT_US);
	}
	return false;
}

/* The guest finds neither table nor registers. */
static const char *iommu_hide_all(const struct iommu_driver *driver, bool fast)
{
	for (size_t i = 0; i < iommu_nr_registers; i++) {
		if (mmio_register(&iommu_registers[i]) != 0)
			return "its registers cannot be kept from the guest";
	}
	for (size_t i = 0; !fast && i < iommu_nr_functions; i++) {
		if (pci_register(&iommu_functions[i]) != 0)
			return "its PCI function cannot be kept from the guest";
	}
	return acpi_hide_tables(driver->signature) != 0 ? NULL : "its ACPI table cannot be changed";
}

static const struct iommu_driver *iommu_choose(const uint8_t **table, uint64_t *length_bytes)
{
	static const struct iommu_driver *const drivers[] = { &amd_vi_driver, &vt_d_driver };

	for (size_t i = 0; i < ARRAY_LENGTH(drivers); i++) {
		*table = acpi_find(drivers[i]->signature, false, length_bytes);
		if (*table != NULL)
			return drivers[i];
	}
	return NULL;
}

bool iommu_allow(hpa_t start, hpa_t end)
{
	return iommu_map_add(start, end);
}

/* What firmware calls reserved may have registers in it: the windows of configuration space, the interrupt
 * controllers and what chipsets have beside them. No device has business there; messages are not translated. */
static bool iommu_leave_out_chipset(void)
{
	struct acpi_mcfg window;
	bool fits = iommu_map_leave_out(CHIPSET_START, CHIPSET_END);

	for (unsigned i = 0; acpi_mcfg(i, &window); i++)
		fits &= iommu_map_leave_out(window.base + MIB(window.first_bus),
					    window.base + MIB(window.last_bus + 1u));
	return fits;
}

/* Does no message of a device pass from the start on? */
static bool iommu_refuse_messages(const struct iommu_driver *driver)
{
	const char *why = driver->refuse_messages == NULL ? "it passes all or none" : driver->refuse_messages();

	if (why != NULL)
		log_warning("IOMMU: a device's message that is an INIT leads out of Ritevisor: %s cannot refuse it: %s",
			    driver->name, why);
	return why == NULL;
}

/* Systems learn from the FADT that they are not to use messages; a device that is told to all the same has no
 * interrupts. */
static const char *iommu_begin_refusing(const struct iommu_driver *driver)
{
	const char *why = driver->begin_refusing();

	if (why == NULL && acpi_forbid_messages() == 0)
		log_warning("IOMMU: devices send no messages, which systems cannot be told: there is no FADT for it");
	else if (why == NULL)
		log_info("IOMMU: devices send no messages (MSI), INITs among them: systems use interrupt lines");
	return why;
}

static const char *iommu_start_units(const struct iommu_driver *driver)
{
	const char *why = NULL;

	for (unsigned i = 0; why == NULL && i < driver->count(); i++)
		why = driver->start_unit(i, iommu_buffers + i * IOMMU_BUFFER_PAGES * PAGE_BYTES / sizeof(uint64_t));
	return why;
}

/* The machine has slept: the registers are as after a reset, the tables are in memory still. */
static void iommu_resume(void *vcpu)
{
	const char *why = iommu_start_units(iommu_driver);

	(void)vcpu;
	if (why != NULL)
		suspend_fail(why);
	startup_bus_forget(); /* it may use the IOMMU's tables */
}

static const char *iommu_start(const struct iommu_driver *driver)
{
	iommu_buffers = iommu_allocate(driver->count() * IOMMU_BUFFER_PAGES);
	if (iommu_buffers == NULL)
		return "no memory for its commands";
	return iommu_start_units(driver);
}

/* NULL, or why it is not ours. What the guest could use to get in our way is hidden in any case. */
static const char *iommu_own(const struct iommu_driver *driver, const uint8_t *table, uint64_t length_bytes,
			     const struct iommu_request *request)
{
	const char *why = driver->find(table, length_bytes);
	const char *hidden;
	bool refuses = false;

	if (why == NULL && !iommu_leave_out_chipset())
		why = "there are too many ranges of memory";
	hidden = iommu_hide_all(driver, request->fast);
	if (why == NULL)
		why = hidden;
	if (why == NULL && request->wish != IOMMU_WISH_OFF)
		why = driver->prepare();
	if (why == NULL && request->wish != IOMMU_WISH_OFF) {
		refuses = request->refuse_messages && iommu_refuse_messages(driver);
		why = iommu_start(driver);
	}
	if (why == NULL && refuses)
		why = iommu_begin_refusing(driver);
	return why;
}

enum iommu_state iommu_take(const struct iommu_request *request, const char **why)
{
	static struct watcher watcher = { .notify = iommu_resume };
	const uint8_t *table;
	uint64_t length_bytes;
	const struct iommu_driver *driver = iommu_choose(&table, &length_bytes);

	iommu_driver = driver;
	if (driver == NULL) {
		*why = "the firmware tells of no IOMMU";
		log_info("no IOMMU: devices that the guest programs reach our memory by DMA");
		return IOMMU_ABSENT;
	}
	if (request->wish == IOMMU_WISH_GUEST) {
		log_notice("IOMMU: %s is the guest's (iommu=guest): devices reach our memory by DMA", driver->name);
		return IOMMU_UNUSED;
	}
	*why = iommu_own(driver, table, length_bytes, request);
	if (request->wish == IOMMU_WISH_OFF) {
		log_notice("IOMMU: nobody uses %s (iommu=off): devices reach our memory by DMA", driver->name);
		return IOMMU_UNUSED;
	}
	if (*why != NULL) {
		log_error("IOMMU: %s cannot be used: %s; devices reach our memory by DMA", driver->name, *why);
		return IOMMU_FAILED;
	}
	watch_add(&suspend_watchers, &watcher);
	log_info("IOMMU: %s, %u %s: no device reaches our memory by DMA (%lu KiB of tables)", driver->name,
		 driver->count(), driver->count() == 1 ? "unit" : "units", iommu_bytes() >> 10);
	return IOMMU_HOLDS;
}
