/*
 * mediator/net/nic.c: lists the network controllers, and counts the hooks of packets.
 */
#include "mediator/net/nic.h"

#include "core/log.h"
#include "core/string.h"
#include "mediator/net/nic_class.h"
#include "vmm/access.h"
#include "vmm/pci_function.h"

#define NIC_PCI_CLASS 0x02u

static const struct nic_class *const nic_classes[] = { &nic_virtio_class, &nic_e1000_class };
static struct nic nics[RV_NICS_MAXIMUM];
static unsigned nic_count;
static uint32_t nic_watchers;
static bool nic_is_told; /* which of them nobody sees */

static void nic_look_at(uint64_t function)
{
	struct nic *nic = &nics[nic_count];

	if (pci_hardware_read(function | PCI_CLASS, 4) >> 24 != NIC_PCI_CLASS || nic_count == RV_NICS_MAXIMUM)
		return;
	nic->function = function;
	nic->ids = pci_hardware_read(function | PCI_ID, 4);
	nic->number = (uint16_t)nic_count++;
	for (unsigned i = 0; nic->class == NULL && i < ARRAY_LENGTH(nic_classes); i++) {
		if (nic_classes[i]->find(nic, nic->ids))
			nic->class = nic_classes[i];
	}
}

void nic_find(void)
{
	pci_functions_visit(nic_look_at);
}

bool nic_is_watched(void)
{
	return __atomic_load_n(&nic_watchers, __ATOMIC_ACQUIRE) != 0;
}

static void nic_tell_unseen(const struct nic *nic)
{
	if (nic->class == NULL && !nic_is_told)
		log_warning("nic%u: PCI %02lx:%02lx.%lu, %04x:%04x, has no mediator: its packets pass unseen", nic->number,
			    nic->function >> 20 & 0xff, nic->function >> 15 & 31, nic->function >> 12 & 7,
			    nic->ids & 0xffff, nic->ids >> 16);
}

static int nic_claim(struct nic *nic)
{
	int error;

	nic_tell_unseen(nic);
	if (nic->class == NULL)
		return 0;
	spinlock_acquire(nic->lock);
	error = nic->class->claim(nic);
	spinlock_release(nic->lock);
	return error;
}

int nic_watch(void)
{
	int error = 0;

	__atomic_fetch_add(&nic_watchers, 1, __ATOMIC_ACQ_REL);
	for (unsigned i = 0; error == 0 && i < nic_count; i++)
		error = nic_claim(&nics[i]);
	nic_is_told = true;
	if (error != 0)
		nic_unwatch();
	return error;
}

void nic_unwatch(void)
{
	if (__atomic_sub_fetch(&nic_watchers, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	for (unsigned i = 0; i < nic_count; i++) {
		if (nics[i].class == NULL)
			continue;
		spinlock_acquire(nics[i].lock);
		if (!nic_is_watched())
			nics[i].class->release(&nics[i]);
		spinlock_release(nics[i].lock);
	}
}

struct nic *nic_at(uint32_t number)
{
	return number < nic_count ? &nics[number] : NULL;
}

bool nic_describe(uint32_t position, struct rv_nic_info *info)
{
	const struct nic *nic = &nics[position < nic_count ? position : 0];

	if (position >= nic_count)
		return false;
	*info = (struct rv_nic_info){ .number = nic->number, .function = (uint16_t)(nic->function >> 12),
				      .id = nic->ids };
	if (nic->class == NULL)
		return true;
	memcpy(info->driver, nic->class->name, sizeof(info->driver));
	info->flags = RV_NIC_MEDIATED;
	spinlock_acquire(nic->lock);
	nic->class->describe(nic, info);
	spinlock_release(nic->lock);
	return true;
}
