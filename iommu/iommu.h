/*
 * iommu/iommu.h: what keeps the guest's devices out of our memory. Where the machine has an IOMMU, it becomes
 * ours: all devices have one set of page tables, in which every address is the machine's own, and there is
 * the machine's memory without ours. The guest does not find it, and nothing exits for its sake.
 */
#ifndef IOMMU_IOMMU_H
#define IOMMU_IOMMU_H

#include "rv/types.h"

/* The option iommu=. */
enum iommu_wish {
	IOMMU_WISH_DEFAULT, /* own, where there is one */
	IOMMU_WISH_OWN,	    /* the same, and nothing boots without */
	IOMMU_WISH_GUEST,   /* the guest finds it, and may use it */
	IOMMU_WISH_OFF,	    /* nobody uses it */
};

struct iommu_request {
	enum iommu_wish wish;
	bool fast; /* its PCI function stays visible, since hiding one has all accesses by ports exit */
	/* A device's message that is an INIT would lead out of the hypervisor: none of theirs passes, where it can
	 * be had, and systems are told to use interrupt lines. */
	bool refuse_messages;
};

enum iommu_state {
	IOMMU_HOLDS,  /* no device reaches our memory */
	IOMMU_ABSENT, /* the firmware tells of none */
	IOMMU_UNUSED, /* as was asked for */
	IOMMU_FAILED, /* there is one, and it is not to be had; nobody uses it */
};

/* A range of the machine's memory, which devices may reach, but for what is ours in it. False: there are too many.
 * Context: boot, before iommu_take(). */
bool iommu_allow(hpa_t start, hpa_t end);

/* Does so, and says in the log what holds. *why: in words, for IOMMU_ABSENT and IOMMU_FAILED.
 * Context: boot, once we are to stay, nothing of the guest has run. */
enum iommu_state iommu_take(const struct iommu_request *request, const char **why);

#endif
