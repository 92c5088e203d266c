/*
 * vmm/access.h: one intercepted access of a guest to something outside its CPU's own state, of
 * whatever kind, and the handlers that may watch or change it.
 *
 * The registries (pio, mmio, msr, cpuid, pci) own one chain of struct access_region each. An access
 * walks the regions that cover it, band by band (enum access_band), and within a band in the order of
 * registration: so mediators see what hooks have made of it, and guards what is about to reach the hardware. What no
 * handler resolves goes to the hardware. Registering a region flips the hardware intercept in the same call,
 * so what nobody claims never exits.
 */
#ifndef VMM_ACCESS_H
#define VMM_ACCESS_H

#include "rv/types.h"

struct vcpu;

enum access_kind {
	ACCESS_PORT,
	ACCESS_MMIO,
	ACCESS_MSR,
	ACCESS_CPUID,
	ACCESS_PCI,
	ACCESS_KIND_COUNT,
};

struct access {
	struct vcpu *vcpu;
	uint8_t kind; /* enum access_kind */
	bool write;
	bool resolved;	     /* read: `value` (or `cpuid`) is the answer so far, hardware was read or is
				not wanted */
	bool fault;	     /* MSR: the guest gets #GP(0) */
	/* Width, address and value lie as in struct rv_event: a hook's clauses are about them where they are. */
	uint8_t width_bytes; /* 1, 2, 4, 8; MSR 8, CPUID 4 */
	uint64_t address;    /* port; GPA; MSR; CPUID leaf | subleaf << 32; PCI: pci_address() |
				pci_segment_address() */
	uint64_t value;	     /* zero-extended */
	uint64_t base;	     /* of the BAR by which a handler met it (vmm/pci_follow.h), 0: by none */
	uint32_t cpuid[4];   /* CPUID only: EAX, EBX, ECX, EDX */
	bool direct;	     /* a script's own, not the guest's: no hook sees it, the other bands do */
};

enum access_result {
	ACCESS_PASS, /* go on: to the next handler, and to the hardware if still not resolved */
	ACCESS_DONE, /* the access ends here; a read is resolved, a write is not performed */
	ACCESS_ACCEPT, /* of hooks only: go on with mediators and guards, and as PASS; no walk ends with it */
};

/* Context: exit. It may wait for locks, also for one that another CPU holds while a script runs (an owner's),
 * and, by changing an intercept, for other CPUs to leave their guests; not for one to enter its guest, which
 * may be waiting for what is held here. */
typedef enum access_result (*access_handler)(struct access *access, void *context);

/* Whose a region is, and so when it sees an access. Who comes later has the last word. */
enum access_band {
	BAND_HOOK,     /* a script's: watches and changes what the guest does */
	BAND_MEDIATOR, /* who knows the device makes of it what the device is to do; sees scripts' own accesses too */
	BAND_GUARD,    /* keeps the guest in and us out of reach, on the final value; likewise */
};

/* Owned by the caller, who keeps it alive while registered. */
struct access_region {
	uint64_t first, last; /* inclusive, in the units of access.address */
	access_handler handler;
	void *context;
	bool writes_only; /* MMIO: reads need not exit; the guest may have the page to read */
	bool reads_only;  /* MMIO: it need not see stores, which may go a short way (vmm/mmio_direct.h) */
	bool is_kept;	  /* MMIO, of RAM: no instruction meets the page itself, emulated or not. Where a region of
			     RAM is not, those that are not emulated do */
	uint8_t band;	  /* enum access_band */
	struct access_region *next; /* the registry's */
};

/* All ones in the access's width: what an absent device answers. */
static inline uint64_t access_mask(const struct access *access)
{
	return access->width_bytes >= 8 ? ~UINT64_C(0)
					: (UINT64_C(1) << (8 * access->width_bytes)) - 1;
}

/* Reads the hardware now, whatever the kind, unless resolved already: fills value or cpuid and sets
 * resolved; an MSR that is not there sets fault. Reads only. */
void access_fetch(struct access *access);

/* Writes the hardware, whatever the kind: an MSR that is not there sets fault. Writes only. */
void access_store(struct access *access);

/* The first and the last address that it touches, in the units of regions. A leaf of CPUID and an MSR are one
 * address, however wide. */
static inline uint64_t access_first(const struct access *access)
{
	return access->kind == ACCESS_CPUID ? (uint32_t)access->address : access->address;
}

static inline uint64_t access_last(const struct access *access)
{
	bool one = access->kind == ACCESS_CPUID || access->kind == ACCESS_MSR;

	return access_first(access) + (one ? 0 : access->width_bytes - 1u);
}

/* Resolves the access as an absent device would: a read gives ones, a write vanishes, an MSR gives
 * #GP, CPUID gives zeros. */
void access_deny(struct access *access);

/* vmm/access_direct.c: performs an access of a script's own: past all hooks, but no other band. Kind
 * port, MMIO, MSR or PCI. A read leaves the answer in `value`. ACCESS_DONE: a mediator or a guard decided, and
 * `fault` says that it refused; ACCESS_PASS: the hardware was asked, and `fault` is its #GP. Context: exit,
 * boot. */
enum access_result access_perform_direct(struct access *access);

/* Makes it vanish: a write is not performed, but takes no fault; a read is as for an absent device, but an
 * MSR reads as 0. */
void access_drop(struct access *access);

/* After `value` (or `cpuid`) was set: a read is answered with that. */
void access_answer(struct access *access);

/* The registries: each registers and unregisters regions of its kind. Returns 0, -RV_EINVAL for a
 * range that the kind does not have, -RV_EPERM (MMIO) for our memory, -RV_ENOTSUP (PCI) where the
 * machine has a way that cannot be intercepted, -RV_ENOMEM (MMIO, and PCI for its memory) for want of nested
 * tables. In force on every CPU on return. A PCI region tells no segment and means each. Unregistering one that
 * is not registered does nothing. Context: boot, exit. */
int pio_register(struct access_region *region);
void pio_unregister(struct access_region *region);
int mmio_register(struct access_region *region);
void mmio_unregister(struct access_region *region);
int msr_register(struct access_region *region, bool read, bool write);
void msr_unregister(struct access_region *region, bool read, bool write);
/* A registered region that comes and goes often stays in its chain, in which walks may be: from now on it ends
 * with `last`, or, where that is less than `first`, claims nothing. 0 or -errno; what is made smaller does not
 * fail. MSRs: in force on other CPUs with their next exit. Context: boot, exit. */
int mmio_move_end(struct access_region *region, uint64_t last);
void msr_move_end(struct access_region *region, uint64_t last);
int cpuid_register(struct access_region *region);
void cpuid_unregister(struct access_region *region);
int pci_register(struct access_region *region);
void pci_unregister(struct access_region *region);

/* PCI: address of an access, and its parts. The segment's is added, 0 for the first. */
static inline uint64_t pci_address(uint32_t bus, uint32_t device, uint32_t function, uint32_t offset)
{
	return (uint64_t)bus << 20 | device << 15 | function << 12 | offset;
}

static inline uint64_t pci_segment_address(uint16_t segment)
{
	return (uint64_t)segment << 28;
}

/* The hardware side of each kind: no handler of any band sees it. */
uint32_t pio_hardware_read(uint16_t port, uint8_t width_bytes);
void pio_hardware_write(uint16_t port, uint8_t width_bytes, uint32_t value);
uint64_t mmio_hardware_read(gpa_t gpa, uint8_t width_bytes);
void mmio_hardware_write(gpa_t gpa, uint8_t width_bytes, uint64_t value);
bool msr_hardware_read(uint32_t msr, uint64_t *value);	  /* false: #GP */
bool msr_hardware_write(uint32_t msr, uint64_t value);	  /* false: #GP */
void cpuid_hardware(struct vcpu *vcpu, uint32_t leaf, uint32_t subleaf, uint32_t registers[4]);
uint32_t pci_hardware_read(uint64_t address, uint8_t width_bytes);
void pci_hardware_write(uint64_t address, uint8_t width_bytes, uint32_t value);

#endif
