/*
 * vmm/pci_follow.h: access regions over a BAR of a PCI function, or over its configuration space, that go
 * where these go.
 *
 *	static enum access_result nvme_access(struct access *access, int64_t offset, void *context);
 *	static struct pci_follower doorbells = {
 *		.region = { .band = BAND_MEDIATOR, .writes_only = true },
 *		.function = pci_address(0, 4, 0, 0), .number = 0,
 *		.first = 0x1000, .last = 0x1fff,
 *		.handler = nvme_access,
 *	};
 *	error = pci_follow(&doorbells);
 *
 * When the guest moves the BAR (by either half of one with 64 bits), switches its decoding on or off, or
 * renumbers a bridge above, the region is claimed at the new place before the guest's write reaches the
 * hardware, and given up at the old one behind that, both on every CPU: no CPU of the guest executes an
 * instruction in between, so no access is missed. Where the function does not decode the BAR, nothing is
 * claimed and nothing exits; nor where all of it lies in RAM, which wins.
 *
 * All ones, by which a guest asks for the size, do not reach the hardware in a BAR that is followed: the device
 * stays where it is and works on, and the guest reads what hardware would answer. The sizes are those from
 * boot (vmm/pci_function.h). A device that came later is let be asked; from then on its size is known, and the
 * region claimed.
 *
 * A move that cannot be followed (to our memory, to the interrupt controllers, out of our reach, no memory for
 * tables) does not happen: the write vanishes, and the log says so.
 *
 * While anybody follows a function, the guest's accesses to its configuration space exit, and those to each
 * bridge above it (by ports: to all). Without followers nothing does.
 */
#ifndef VMM_PCI_FOLLOW_H
#define VMM_PCI_FOLLOW_H

#include "vmm/access.h"

#define PCI_CONFIGURATION 6 /* as a number, in the place of a BAR's */

struct pci_function;
struct pci_place;

/* Owned by the caller, who keeps it alive while registered, and for a grace period (vmm/grace.h) after. */
struct pci_follower {
	/* What is to be registered, as struct access_region says (`writes_only`, `band`), but for its
	 * addresses, handler and context, which are not looked at. */
	struct access_region region;
	uint64_t function;    /* pci_address() | pci_segment_address(), as it is when pci_follow() is called */
	uint8_t number;	      /* of the BAR's (lower) register, 0 to 5; or PCI_CONFIGURATION */
	uint64_t first, last; /* the part of it, as offsets; what is behind its end is left out */
	/* As an access_handler. `offset`: of the access, from the start of the BAR as it was when the access
	 * began; negative if the access begins before that and reaches into it. Several CPUs may be in it at once,
	 * also for the old place and the new, and for some time after pci_unfollow(). Called without locks. */
	enum access_result (*handler)(struct access *access, int64_t offset, void *context);
	void *context;
	/* vmm/pci_follow.c's: */
	struct pci_function *of;
	struct pci_place *places; /* where it is registered: one, or none; two during a move */
	struct pci_follower *next;
};

/* 0; -RV_ENOENT: no such function or BAR; -RV_EINVAL: no such part; -RV_ENODATA: it is decoded, and its size is
 * not known; or what the registry says
 * (vmm/access.h), -RV_EPERM if the BAR lies where it cannot be claimed. In force on every CPU on return, in
 * whatever way the guest is changing it. Context: boot, exit; a device's and a hook's lock may be held. */
int pci_follow(struct pci_follower *follower);
/* On return nothing exits for its sake. One that is not registered: nothing. Context: as above. */
void pci_unfollow(struct pci_follower *follower);

/* Where the BAR of one that is registered is now, for accesses of ours to it. False: nowhere. Context: as above. */
bool pci_follow_base(const struct pci_follower *follower, uint64_t *base, bool *is_port);

/* Where the configuration space of its function is now, if one is registered. False: it is not, or a bridge above does not
 * lead there just now, so that what is read there says nothing. Context: as above. */
bool pci_follow_leads(const struct pci_follower *follower, uint64_t *address);

/* Has the function decode nothing, master no bus and have no virtual functions. Returns what of these bits of its command register stays
 * set, as some do in chipsets; -RV_ENOENT. The guest may set them again. Context: as above. */
int pci_function_switch_off(uint64_t address);

/* For vmm/pci.c: */

/* Writes a register of the hardware: one of the two ways to it. */
typedef void (*pci_store)(uint64_t address, uint8_t width_bytes, uint32_t value);

/* The last that is asked of a write to configuration space, which it performs. */
void pci_follow_write(const struct access *access, pci_store store);
/* Answers a read of a BAR that the guest believes to hold all ones. */
void pci_follow_read(struct access *access);

#endif
