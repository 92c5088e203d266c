/*
 * vmm/pci_function.h: the PCI functions of the machine and their base address registers (BARs), which are sized
 * once, before the guest runs.
 *
 * A function is known by where it is plugged in: its slot below a bridge, or on a root bus. Its bus number is
 * what the bridge above says, which the guest may change at any time (vmm/pci_follow.h is for those who must
 * not lose it by that).
 */
#ifndef VMM_PCI_FUNCTION_H
#define VMM_PCI_FUNCTION_H

#include "rv/types.h"
#include "vmm/pci_follow.h"
#include "vmm/pci_regs.h"

#define PCI_FUNCTIONS_MAXIMUM 1024

/* A base address register, or two that make one of 64 bits. */
struct pci_bar {
	uint64_t address;
	uint64_t size_bytes;	     /* 0: not known, and so not whether there is one */
	bool port, wide, prefetchable; /* in I/O ports; of 64 bits */
	bool decoded;		     /* the device answers there now */
};

/* Finds all functions by the bridges above them, and asks for the size of each BAR: all ones are written and
 * read back (PCI Local Bus 3.0, 6.2.5.1). That is no harm only here: no CPU executes anything but this, and
 * meanwhile the function decodes nothing. It stays bus master, so that DMA which firmware has started goes on.
 * What comes later is not asked; its sizes are learned when the guest asks (vmm/pci_follow.h).
 * Context: boot, all CPUs are ours and none is in its guest. */
void pci_functions_size(void);

/* Calls visit() with the address of each function that is known. Context: boot, after pci_functions_size(). */
void pci_functions_visit(void (*visit)(uint64_t address));

/* The numbered BAR of the function at that address (pci_address() | pci_segment_address(), offset 0), as it
 * stands now. 0; -RV_ENOENT: there is no such function, or no such BAR, or the number is of an upper half.
 * Context: boot, exit; without pci_functions_lock. */
int pci_bar_get(uint64_t address, unsigned number, struct pci_bar *bar);

/* For vmm/pci_follow.c and its like, under pci_functions_lock: */

struct pci_function {
	struct pci_function *next;
	struct pci_function *bridge; /* NULL: it is on a root bus */
	uint64_t root;		     /* that bus, and its segment */
	uint32_t ids;		     /* device, vendor */
	uint8_t slot;		     /* device << 3 | function */
	uint8_t nr_bars;	     /* registers */
	bool is_bridge, is_host_bridge;
	/* As they were read last: */
	uint8_t secondary, subordinate;
	uint16_t command;
	uint32_t bars[PCI_BARS_MAXIMUM];
	/* What a BAR gives when all ones were written; known where `sized` has a bit. */
	uint32_t ones[PCI_BARS_MAXIMUM];
	uint8_t sized;
	uint8_t sizing;		     /* the guest has written all ones to these, and the hardware does not know */
	/* vmm/pci_follow.c's: */
	struct pci_follower *followers; /* in the order of registration */
	struct pci_follower watch;	/* has the guest's writes exit; registered while nr_watched != 0 */
	unsigned nr_watched;		/* followers of this one and of those below */
};

extern struct spinlock pci_functions_lock;
extern struct pci_function *pci_functions; /* bridges come before what is below them; the list only grows */

uint64_t pci_function_address(const struct pci_function *function);
/* Where a slot is on the bus below a bridge. */
uint64_t pci_function_below(const struct pci_function *bridge, uint8_t slot);

/* The one at that address (its offset does not matter); NULL: there is none. `search`: asks the hardware for
 * those that came since. */
struct pci_function *pci_function_find(uint64_t address, bool search);

/* Reads again what may change. If another device is in its place now, nothing is known of its sizes. */
void pci_function_refresh(struct pci_function *function);

/* False: it is known that there is no BAR of that number, or it is an upper half. `as` is a function, or what one is to be. */
bool pci_function_bar(const struct pci_function *as, unsigned number, struct pci_bar *bar);

/* The register holds all ones, by the guest's hand: notes the size that it tells. */
void pci_function_learn(struct pci_function *function, unsigned number);

#endif
