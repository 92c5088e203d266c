/*
 * vmm/pci_function.c: owns the list of PCI functions: finding them, sizing their BARs, reading what changes.
 * pci_functions_lock guards the list, each function in it, and all followers (vmm/pci_follow.c); it is held
 * over the accesses to the hardware, so that what was read is what is there.
 */
#include "vmm/pci_function.h"

#include "core/acpi.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/spinlock.h"
#include "rv/errno.h"
#include "vmm/pci.h"
#include "vmm/pci_ports.h"

#define BUSES 256
#define SLOTS 256
#define SLOT_SHIFT 12
#define BUS_SHIFT 20

struct spinlock pci_functions_lock;
struct pci_function *pci_functions;
static struct pci_function **pci_functions_end = &pci_functions;
static unsigned pci_functions_count;

/* Bus numbers of one segment. */
struct pci_range {
	uint64_t segment; /* as an address */
	unsigned first, last;
	uint8_t asked[BUSES / 8];
};

uint64_t pci_function_below(const struct pci_function *bridge, uint8_t slot)
{
	const struct pci_function *top = bridge;

	while (top->bridge != NULL)
		top = top->bridge;
	return (top->root & ~PCI_ADDRESS_LAST) | (uint64_t)bridge->secondary << BUS_SHIFT |
	       (uint64_t)slot << SLOT_SHIFT;
}

uint64_t pci_function_address(const struct pci_function *function)
{
	if (function->bridge != NULL)
		return pci_function_below(function->bridge, function->slot);
	return function->root | (uint64_t)function->slot << SLOT_SHIFT;
}

/* Whoever is there now: what does not change while it is. */
static void pci_function_identify(struct pci_function *function, uint64_t address, uint32_t ids)
{
	uint32_t layout = pci_hardware_read(address + PCI_HEADER, 1) & ~PCI_HEADER_MULTI;
	uint32_t class = pci_hardware_read(address + PCI_CLASS, 4) >> 16;

	function->ids = ids;
	function->is_bridge = layout == PCI_HEADER_BRIDGE;
	function->is_host_bridge = class == PCI_CLASS_HOST_BRIDGE;
	function->nr_bars = layout == PCI_HEADER_DEVICE   ? PCI_BARS_MAXIMUM
			    : layout == PCI_HEADER_BRIDGE ? PCI_BARS_OF_BRIDGE
							  : 0;
	function->sized = 0;
}

void pci_function_refresh(struct pci_function *function)
{
	uint64_t address = pci_function_address(function);
	uint32_t ids = pci_hardware_read(address + PCI_ID, 4);

	/* Nobody: it is unplugged, or a bridge above does not lead there just now. */
	if ((ids & UINT16_MAX) == UINT16_MAX)
		return;
	if (ids != function->ids)
		pci_function_identify(function, address, ids);
	function->command = (uint16_t)pci_hardware_read(address + PCI_COMMAND, 2);
	for (unsigned i = 0; i < function->nr_bars; i++)
		function->bars[i] = pci_hardware_read(address + PCI_BAR + 4 * i, 4);
	if (function->is_bridge) {
		function->secondary = (uint8_t)pci_hardware_read(address + PCI_SECONDARY, 1);
		function->subordinate = (uint8_t)pci_hardware_read(address + PCI_SUBORDINATE, 1);
	}
}

static struct pci_function *pci_function_at(uint64_t address)
{
	address &= ~(uint64_t)0xfff;
	for (struct pci_function *function = pci_functions; function != NULL; function = function->next) {
		if (pci_function_address(function) == address)
			return function;
	}
	return NULL;
}

/* One that answers, unless it is known. */
static void pci_function_add(uint64_t bus, struct pci_function *bridge, uint8_t slot)
{
	struct pci_function *function;

	if (pci_functions_count == PCI_FUNCTIONS_MAXIMUM || pci_function_at(bus | (uint64_t)slot << SLOT_SHIFT))
		return;
	function = memory_allocate(sizeof(*function));
	if (function == NULL)
		return;
	function->bridge = bridge;
	function->root = bus;
	function->slot = slot;
	pci_function_refresh(function);
	*pci_functions_end = function;
	pci_functions_end = &function->next;
	pci_functions_count++;
}

/* Do the functions 1 to 7 of this one's device need to be asked? */
static bool pci_function_is_alone(uint64_t address)
{
	return (pci_hardware_read(address + PCI_HEADER, 1) & PCI_HEADER_MULTI) == 0;
}

static void pci_bus_scan(uint64_t bus, struct pci_function *bridge)
{
	for (unsigned slot = 0; slot < SLOTS; slot++) {
		uint64_t address = bus | (uint64_t)slot << SLOT_SHIFT;
		bool there = (pci_hardware_read(address + PCI_ID, 2) & UINT16_MAX) != UINT16_MAX;

		if (there)
			pci_function_add(bus, bridge, (uint8_t)slot);
		if (slot % 8 == 0 && (!there || pci_function_is_alone(address)))
			slot += 7;
	}
}

/* Is it a bridge of this segment? One that nobody has set up leads nowhere. */
static bool pci_range_has_bridge(const struct pci_range *range, const struct pci_function *function)
{
	uint64_t address = pci_function_address(function);

	return function->is_bridge && (address & ~PCI_ADDRESS_LAST) == range->segment &&
	       function->secondary > (address >> BUS_SHIFT & 0xff);
}

static void pci_range_ask(struct pci_range *range, unsigned bus, struct pci_function *bridge)
{
	if (range->asked[bus / 8] >> bus % 8 & 1)
		return;
	range->asked[bus / 8] |= (uint8_t)(1u << bus % 8);
	pci_bus_scan(range->segment | (uint64_t)bus << BUS_SHIFT, bridge);
}

/* The buses below bridges, those below others that are found by it too. */
static void pci_range_descend(struct pci_range *range)
{
	for (struct pci_function *bridge = pci_functions; bridge != NULL; bridge = bridge->next) {
		if (pci_range_has_bridge(range, bridge))
			pci_range_ask(range, bridge->secondary, bridge);
	}
}

static bool pci_range_leads_to(const struct pci_range *range, unsigned bus)
{
	for (const struct pci_function *bridge = pci_functions; bridge != NULL; bridge = bridge->next) {
		if (pci_range_has_bridge(range, bridge) && bridge->secondary <= bus && bus <= bridge->subordinate)
			return true;
	}
	return false;
}

/* A bus that no bridge leads to may be a root bus: there can be several host bridges. */
static void pci_range_scan(struct pci_range *range)
{
	for (unsigned bus = range->first; bus <= range->last; bus++) {
		if (pci_range_leads_to(range, bus))
			continue;
		pci_range_ask(range, bus, NULL);
		pci_range_descend(range);
	}
}

/* Where there is no MCFG, the ports are slow, and a second host bridge is older than PCI Express: bus 0 is
 * asked, and what bridges lead to; others when somebody wants a function there. */
static void pci_functions_scan(void)
{
	struct pci_range range = { .last = 0 };
	struct acpi_mcfg window;

	pci_range_scan(&range);
	for (unsigned i = 0; acpi_mcfg(i, &window); i++) {
		range = (struct pci_range){ .segment = pci_segment_address(window.segment),
					    .first = window.first_bus, .last = window.last_bus };
		pci_range_scan(&range);
	}
}

struct pci_function *pci_function_find(uint64_t address, bool search)
{
	struct pci_function *function;
	struct pci_range range;

	if (!search)
		return pci_function_at(address);
	/* Nobody looks at bridges above which nobody follows anything. */
	for (function = pci_functions; function != NULL; function = function->next) {
		if (function->is_bridge && function->nr_watched == 0)
			pci_function_refresh(function);
	}
	function = pci_function_at(address);
	if (function != NULL || (pci_hardware_read(address & ~(uint64_t)0xfff, 2) & UINT16_MAX) == UINT16_MAX)
		return function;
	pci_functions_scan();
	range = (struct pci_range){ .segment = address & ~PCI_ADDRESS_LAST,
				    .first = address >> BUS_SHIFT & 0xff, .last = address >> BUS_SHIFT & 0xff };
	pci_range_scan(&range);
	return pci_function_at(address);
}

static bool pci_function_is_wide(const struct pci_function *as, unsigned number)
{
	return (as->bars[number] & PCI_BAR_TYPE) == PCI_BAR_TYPE_64 && number + 1 < as->nr_bars;
}

static bool pci_function_begins_bar(const struct pci_function *as, unsigned number)
{
	unsigned at = 0;

	while (at < number)
		at += pci_function_is_wide(as, at) ? 2 : 1;
	return at == number && number < as->nr_bars;
}

static bool pci_function_is_sized(const struct pci_function *as, unsigned number, bool wide)
{
	unsigned needed = (wide ? 3u : 1u) << number;

	return (as->sized & needed) == needed;
}

/* The lowest address bit that can be set; 0: there is none. */
static uint64_t pci_function_bar_size(const struct pci_function *as, unsigned number, const struct pci_bar *bar)
{
	uint64_t ones = as->ones[number] & ~(bar->port ? PCI_BAR_PORT_FLAGS : PCI_BAR_MEMORY_FLAGS);

	if (bar->wide)
		ones |= (uint64_t)as->ones[number + 1] << 32;
	return ones & -ones;
}

bool pci_function_bar(const struct pci_function *as, unsigned number, struct pci_bar *bar)
{
	uint32_t low;

	if (number >= as->nr_bars || !pci_function_begins_bar(as, number))
		return false;
	low = as->bars[number];
	*bar = (struct pci_bar){ .port = (low & PCI_BAR_IS_PORT) != 0 };
	if (bar->port) {
		bar->address = low & ~PCI_BAR_PORT_FLAGS;
	} else {
		bar->wide = pci_function_is_wide(as, number);
		bar->prefetchable = (low & PCI_BAR_PREFETCHABLE) != 0;
		bar->address = low & ~PCI_BAR_MEMORY_FLAGS;
		if (bar->wide)
			bar->address |= (uint64_t)as->bars[number + 1] << 32;
	}
	bar->decoded = (as->command & (bar->port ? PCI_COMMAND_PORTS : PCI_COMMAND_MEMORY)) != 0;
	if (!pci_function_is_sized(as, number, bar->wide))
		return true;
	bar->size_bytes = pci_function_bar_size(as, number, bar);
	return bar->size_bytes != 0;
}

void pci_function_learn(struct pci_function *function, unsigned number)
{
	uint64_t address = pci_function_address(function) + PCI_BAR + 4 * number;

	function->ones[number] = pci_hardware_read(address, 4);
	function->sized |= (uint8_t)(1u << number);
}

/* A host bridge that decodes no memory may take the RAM with it. A bridge without BARs, as nearly all are,
 * goes on leading to what is below it. */
static bool pci_function_can_be_sized(const struct pci_function *function)
{
	bool any = !function->is_bridge;

	for (unsigned i = 0; i < function->nr_bars; i++)
		any |= function->bars[i] != 0;
	return any && !function->is_host_bridge && function->nr_bars != 0;
}

static void pci_function_size(struct pci_function *function)
{
	uint64_t address = pci_function_address(function);
	uint16_t decodes;

	pci_function_refresh(function);
	decodes = function->command & (PCI_COMMAND_PORTS | PCI_COMMAND_MEMORY);
	if (!pci_function_can_be_sized(function))
		return;
	if (decodes != 0)
		pci_hardware_write(address + PCI_COMMAND, 2, function->command & ~(uint32_t)decodes);
	for (unsigned i = 0; i < function->nr_bars; i++) {
		pci_hardware_write(address + PCI_BAR + 4 * i, 4, UINT32_MAX);
		pci_function_learn(function, i);
		pci_hardware_write(address + PCI_BAR + 4 * i, 4, function->bars[i]);
	}
	if (decodes != 0)
		pci_hardware_write(address + PCI_COMMAND, 2, function->command);
}

void pci_functions_size(void)
{
	bool claimed = pci_ports_claim() == 0; /* once, not for each access */

	spinlock_acquire(&pci_functions_lock);
	pci_functions_scan();
	for (struct pci_function *function = pci_functions; function != NULL; function = function->next)
		pci_function_size(function);
	if (pci_functions_count == PCI_FUNCTIONS_MAXIMUM)
		log_warning("more than %d PCI functions: the others are unknown to scripts",
			    PCI_FUNCTIONS_MAXIMUM);
	spinlock_release(&pci_functions_lock);
	if (claimed)
		pci_ports_release();
}

/* Without the lock, which visit() may need: nobody else adds any yet. */
void pci_functions_visit(void (*visit)(uint64_t address))
{
	for (struct pci_function *function = pci_functions; function != NULL; function = function->next)
		visit(pci_function_address(function));
}

int pci_bar_get(uint64_t address, unsigned number, struct pci_bar *bar)
{
	struct pci_function *function;
	int error = -RV_ENOENT;

	spinlock_acquire(&pci_functions_lock);
	function = pci_function_find(address, true);
	if (function != NULL) {
		pci_function_refresh(function);
		if (pci_function_bar(function, number, bar))
			error = 0;
	}
	spinlock_release(&pci_functions_lock);
	return error;
}
