/*
 * vmm/pci_window.c: see the header. Written at boot only.
 */
#include "vmm/pci_window.h"

#include "core/acpi.h"
#include "vmm/access.h"
#include "vmm/pci_ports.h"
#include "vmm/suspend.h"

#define WINDOW_FIRST 0x40u /* behind what every function has */
#define WINDOW_FLAGS UINT32_C(0x03ffffff) /* enable and length; a base has none of these */
#define WINDOW_ENABLE UINT32_C(0x1)

static uint32_t window_at, window_value; /* 0: there is no such register */

static void window_restore(void *vcpu)
{
	(void)vcpu;
	(void)pci_ports_config(window_at, 4, true, window_value);
}

void pci_window_remember(void)
{
	static struct watcher watcher = { .notify = window_restore };
	struct acpi_mcfg window;

	if (!acpi_mcfg(0, &window))
		return;
	for (uint32_t at = WINDOW_FIRST; at < PCI_PORT_OFFSETS; at += 4) {
		uint32_t value = pci_ports_config(at, 4, false, 0);

		if ((value & ~WINDOW_FLAGS) != window.base || (value & WINDOW_ENABLE) == 0)
			continue;
		window_at = at;
		window_value = value;
		watch_add(&suspend_watchers, &watcher);
		return;
	}
}
