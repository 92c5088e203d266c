/*
 * vmm/guest_walk.c: owns the walk of the guest's page tables in every paging mode. No lock: the
 * tables are the guest's, entries are read once and changed by compare-exchange as a CPU does.
 * AMD APM v2 chapter 5, Intel SDM v3 chapter 4.
 */
#include "vmm/guest_walk.h"

#include "vmm/guest_memory.h"

/* Entries that another CPU changes meanwhile are read again so often. */
#define WALK_TRIES 10000

#define ENTRY_KEY_SHIFT 59

#define MSR_PKRS 0x6e1u
/* Two bits a key in PKRU and PKRS */
#define KEY_NO_ACCESS 1u
#define KEY_NO_WRITE 2u
#define CPUID_EXTENDED UINT32_C(0x80000000)
#define CPUID_ADDRESS_SIZES UINT32_C(0x80000008)
#define LEVELS_MAXIMUM 5

unsigned guest_physical_bits;
uint64_t guest_ram_frames[GUEST_RAM_FRAMES];
static uint64_t guest_ram_pages[GUEST_RAM_FRAMES]; /* likewise, in frames that are not all RAM */

/* One walk: the state of the CPU that matters, and the entries met. */
struct walk {
	uint64_t cr0, cr4, efer;
	gva_t gva;
	enum guest_access access;
	bool user_mode;
	uint64_t rights;    /* PAGING_WRITABLE, PAGING_USER: in force so far */
	bool no_execute;
	unsigned key;	    /* of the page, for protection keys */
	unsigned nr_entries;
	unsigned entry_bytes;
	hpa_t entry_hpa[LEVELS_MAXIMUM];
	uint64_t entry[LEVELS_MAXIMUM];
	gpa_t gpa;
};

enum walk_result { WALK_OK, WALK_FAULT, WALK_AGAIN };

bool guest_ram_check(hpa_t hpa)
{
	hpa_t frame_start = align_down(hpa, MIB(2)), page_start = align_down(hpa, PAGE_BYTES);
	uint64_t frame = (hpa >> 21) + 1, page = (hpa >> PAGE_SHIFT) + 1;
	uint64_t *known = &guest_ram_pages[page % GUEST_RAM_FRAMES];

	if (__atomic_load_n(known, __ATOMIC_RELAXED) == page)
		return true;
	if (memory_is_reserved(page_start, PAGE_BYTES) || !memory_is_ram(page_start, PAGE_BYTES))
		return false;
	if (!memory_is_reserved(frame_start, MIB(2)) && memory_is_ram(frame_start, MIB(2))) {
		known = &guest_ram_frames[frame % GUEST_RAM_FRAMES];
		page = frame;
	}
	__atomic_store_n(known, page, __ATOMIC_RELAXED);
	return true;
}

static unsigned walk_physical_bits(void)
{
	if (guest_physical_bits != 0)
		return guest_physical_bits;
	if (cpuid_query(CPUID_EXTENDED, 0).eax < CPUID_ADDRESS_SIZES)
		guest_physical_bits = 36;
	else
		guest_physical_bits = cpuid_query(CPUID_ADDRESS_SIZES, 0).eax & 0xff;
	return guest_physical_bits;
}

/* Bits of an address field that this CPU does not have. */
static uint64_t walk_address_reserved(void)
{
	return PAGING_ADDRESS_MASK & ~((UINT64_C(1) << walk_physical_bits()) - 1);
}

static bool walk_fault(const struct walk *walk, uint32_t error_code, struct guest_fault *fault)
{
	bool no_execute_on = (walk->efer & EFER_NXE) != 0 && (walk->cr4 & CR4_PAE) != 0;

	if (walk->access == GUEST_WRITE)
		error_code |= PAGE_FAULT_WRITE;
	if (walk->user_mode)
		error_code |= PAGE_FAULT_USER;
	if (walk->access == GUEST_FETCH && (no_execute_on || (walk->cr4 & CR4_SMEP) != 0))
		error_code |= PAGE_FAULT_FETCH;
	*fault = (struct guest_fault){true, VECTOR_PAGE_FAULT, error_code, walk->gva};
	return false;
}

/* Reads one entry. What is not RAM of the guest reads as ones, as where nothing answers. */
static uint64_t walk_read_entry(struct walk *walk, hpa_t hpa)
{
	uint64_t entry = ~UINT64_C(0);

	if (guest_ram_entry(hpa)) {
		if (walk->entry_bytes == 8)
			entry = __atomic_load_n((const uint64_t *)memory_direct(hpa),
						__ATOMIC_RELAXED);
		else
			entry = __atomic_load_n((const uint32_t *)memory_direct(hpa),
						__ATOMIC_RELAXED);
	} else if (walk->entry_bytes == 4) {
		entry = UINT32_MAX;
	}
	walk->entry_hpa[walk->nr_entries] = hpa;
	walk->entry[walk->nr_entries++] = entry;
	return entry;
}

/* Takes one entry's rights in; false (with the fault) if it is not present or malformed. */
static bool walk_take_entry(struct walk *walk, uint64_t entry, uint64_t reserved,
			    struct guest_fault *fault)
{
	if ((entry & PAGING_PRESENT) == 0)
		return walk_fault(walk, 0, fault);
	if ((entry & reserved) != 0)
		return walk_fault(walk, PAGE_FAULT_PRESENT | PAGE_FAULT_RESERVED, fault);
	walk->rights &= entry;
	if (walk->entry_bytes == 8 && (entry & PAGING_NO_EXECUTE) != 0)
		walk->no_execute = true;
	return true;
}

/* Entries of 8 bytes from `table` down; the level's index starts at bit `shift`. */
static bool walk_wide(struct walk *walk, hpa_t table, unsigned shift, struct guest_fault *fault)
{
	uint64_t reserved = walk_address_reserved();
	uint64_t entry, below;

	if ((walk->efer & EFER_NXE) == 0)
		reserved |= PAGING_NO_EXECUTE;
	if ((walk->efer & EFER_LMA) == 0)
		reserved |= UINT64_C(0x7ff0000000000000); /* PAE: 62:52 must be zero */
	for (;; shift -= 9) {
		entry = walk_read_entry(walk, table + ((walk->gva >> shift) & 0x1ff) * 8);
		if (!walk_take_entry(walk, entry, shift > 30 ? reserved | PAGING_LARGE : reserved,
				     fault))
			return false;
		table = entry & PAGING_ADDRESS_MASK;
		if (shift == PAGE_SHIFT || (entry & PAGING_LARGE) != 0)
			break;
	}
	walk->key = entry >> ENTRY_KEY_SHIFT & 15;
	below = (UINT64_C(1) << shift) - 1;
	/* A large page: the address bits under its size are reserved, but for PAT in bit 12. */
	if ((table & below & ~UINT64_C(0x1000)) != 0)
		return walk_fault(walk, PAGE_FAULT_PRESENT | PAGE_FAULT_RESERVED, fault);
	walk->gpa = (table & ~below) | (walk->gva & below);
	return true;
}

/* PAE: four page-directory pointers without rights, read on demand (AMD APM v2 15.25.10). Emulated
 * CPUs mark them as accessed, so that reserved bit is let pass. */
static bool walk_pae(struct walk *walk, uint64_t cr3, struct guest_fault *fault)
{
	uint64_t reserved = walk_address_reserved() | UINT64_C(0xfff00000000001c6);
	hpa_t hpa = (cr3 & UINT64_C(0xffffffe0)) + ((walk->gva >> 30) & 3) * 8;
	uint64_t entry = walk_read_entry(walk, hpa);

	walk->nr_entries = 0; /* it has no accessed bit */
	if ((entry & PAGING_PRESENT) == 0)
		return walk_fault(walk, 0, fault);
	if ((entry & reserved) != 0)
		return walk_fault(walk, PAGE_FAULT_PRESENT | PAGE_FAULT_RESERVED, fault);
	return walk_wide(walk, entry & PAGING_ADDRESS_MASK, 21, fault);
}

/* 32-bit paging with 4 MiB pages where CR4.PSE allows; PSE-36 puts address bits 39:32 in 20:13. */
static bool walk_narrow(struct walk *walk, uint64_t cr3, struct guest_fault *fault)
{
	hpa_t hpa = (cr3 & UINT64_C(0xfffff000)) + ((walk->gva >> 22) & 0x3ff) * 4;
	uint64_t entry = walk_read_entry(walk, hpa);
	bool large = (walk->cr4 & CR4_PSE) != 0 && (entry & PAGING_LARGE) != 0;
	unsigned bits = walk_physical_bits() < 40 ? walk_physical_bits() : 40;
	uint64_t high = (entry >> 13 & 0xff) << 32;

	if (!walk_take_entry(walk, entry, large ? UINT64_C(1) << 21 : 0, fault))
		return false;
	if (large) {
		if ((high & ~((UINT64_C(1) << bits) - 1)) != 0)
			return walk_fault(walk, PAGE_FAULT_PRESENT | PAGE_FAULT_RESERVED, fault);
		walk->gpa = high | (entry & UINT64_C(0xffc00000)) | (walk->gva & 0x3fffff);
		return true;
	}
	hpa = (entry & UINT64_C(0xfffff000)) + ((walk->gva >> PAGE_SHIFT) & 0x3ff) * 4;
	entry = walk_read_entry(walk, hpa);
	if (!walk_take_entry(walk, entry, 0, fault))
		return false;
	walk->gpa = (entry & UINT64_C(0xfffff000)) | (walk->gva & PAGE_MASK);
	return true;
}

/* Protection keys of user pages and, where the CPU has them, of supervisor pages: AMD APM v2 5.6.6,
 * Intel SDM v3 4.6.2. In long mode only, and not for fetches. */
static bool walk_key_allows(const struct walk *walk)
{
	bool user_page = (walk->rights & PAGING_USER) != 0;
	uint64_t keys = 0;
	unsigned denied;

	if ((walk->cr4 & (user_page ? CR4_PKE : CR4_PKS)) == 0 || walk->access == GUEST_FETCH ||
	    (walk->efer & EFER_LMA) == 0)
		return true;
	if (user_page)
		keys = pkru_read();
	else if (!msr_read_safe(MSR_PKRS, &keys))
		return true;
	denied = (unsigned)(keys >> 2 * walk->key) & 3;
	return (denied & KEY_NO_ACCESS) == 0 &&
	       ((denied & KEY_NO_WRITE) == 0 || walk->access != GUEST_WRITE ||
		((!user_page || !walk->user_mode) && (walk->cr0 & CR0_WP) == 0));
}

/* AMD APM v2 5.6, Intel SDM v3 4.6, but for protection keys. */
static bool walk_rights_allow(const struct walk *walk, uint64_t rflags)
{
	bool user_page = (walk->rights & PAGING_USER) != 0;
	bool writable = (walk->rights & PAGING_WRITABLE) != 0;

	if (walk->access == GUEST_FETCH) {
		if (walk->no_execute)
			return false;
		return walk->user_mode ? user_page : !user_page || (walk->cr4 & CR4_SMEP) == 0;
	}
	if (walk->user_mode)
		return user_page && (walk->access != GUEST_WRITE || writable);
	if (user_page && (walk->cr4 & CR4_SMAP) != 0 && (rflags & RFLAGS_AC) == 0)
		return false;
	return walk->access != GUEST_WRITE || writable || (walk->cr0 & CR0_WP) == 0;
}

/* Sets accessed bits on the way and the dirty bit at its end. False: an entry changed meanwhile. */
static bool walk_mark_entries(const struct walk *walk)
{
	for (unsigned i = 0; i < walk->nr_entries; i++) {
		uint64_t entry = walk->entry[i], wanted = entry | PAGING_ACCESSED;

		if (i + 1 == walk->nr_entries && walk->access == GUEST_WRITE)
			wanted |= PAGING_DIRTY;
		if (wanted == entry)
			continue;
		if (walk->entry_bytes == 8) {
			if (!__atomic_compare_exchange_n(
				    (uint64_t *)memory_direct(walk->entry_hpa[i]), &entry, wanted,
				    false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
				return false;
		} else {
			uint32_t narrow = (uint32_t)entry;

			if (!__atomic_compare_exchange_n(
				    (uint32_t *)memory_direct(walk->entry_hpa[i]), &narrow,
				    (uint32_t)wanted, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
				return false;
		}
	}
	return true;
}

static enum walk_result walk_once(struct vcpu *vcpu, struct walk *walk, struct guest_fault *fault)
{
	uint64_t cr3 = vcpu_ops->get_control(vcpu, 3);
	uint32_t by_key;
	bool found;

	walk->nr_entries = 0;
	walk->rights = PAGING_WRITABLE | PAGING_USER;
	walk->no_execute = false;
	walk->entry_bytes = 8;
	if ((walk->efer & EFER_LMA) != 0) {
		unsigned shift = (walk->cr4 & CR4_LA57) != 0 ? 48 : 39;

		found = walk_wide(walk, cr3 & PAGING_ADDRESS_MASK, shift, fault);
	} else if ((walk->cr4 & CR4_PAE) != 0) {
		found = walk_pae(walk, cr3, fault);
	} else {
		walk->entry_bytes = 4;
		found = walk_narrow(walk, cr3, fault);
	}
	if (!found)
		return WALK_FAULT;
	by_key = walk_key_allows(walk) ? 0 : PAGE_FAULT_KEY;
	if (by_key != 0 || !walk_rights_allow(walk, vcpu->rflags)) {
		walk_fault(walk, PAGE_FAULT_PRESENT | by_key, fault);
		return WALK_FAULT;
	}
	return walk_mark_entries(walk) ? WALK_OK : WALK_AGAIN;
}

static bool walk_is_canonical(const struct walk *walk)
{
	unsigned unused = (walk->cr4 & CR4_LA57) != 0 ? 7 : 16;

	return (gva_t)((int64_t)(walk->gva << unused) >> unused) == walk->gva;
}

/*
 * The common case in few instructions: four levels, nothing to mark, nothing to complain of. False
 * says nothing, walk_once() decides.
 */
static bool walk_shortcut(struct walk *walk, uint64_t cr3, uint64_t rflags)
{
	hpa_t table = cr3 & PAGING_ADDRESS_MASK;
	uint64_t all = ~UINT64_C(0), any = 0, entry, below;
	unsigned shift = 39;

	for (;; shift -= 9) {
		hpa_t hpa = table + ((walk->gva >> shift) & 0x1ff) * 8;

		if (!guest_ram_entry(hpa))
			return false;
		entry = __atomic_load_n((const uint64_t *)memory_direct(hpa), __ATOMIC_RELAXED);
		all &= entry;
		any |= entry;
		if ((entry & (PAGING_PRESENT | PAGING_ACCESSED)) != (PAGING_PRESENT | PAGING_ACCESSED))
			return false;
		table = entry & PAGING_ADDRESS_MASK;
		if (shift == PAGE_SHIFT || (entry & PAGING_LARGE) != 0)
			break;
	}
	below = (UINT64_C(1) << shift) - 1;
	if (shift > 30 || (table & below & ~UINT64_C(0x1000)) != 0 ||
	    (any & walk_address_reserved()) != 0 ||
	    ((any & PAGING_NO_EXECUTE) != 0 && (walk->efer & EFER_NXE) == 0) ||
	    (walk->access == GUEST_WRITE && (entry & PAGING_DIRTY) == 0))
		return false;
	walk->rights = all;
	walk->no_execute = (any & PAGING_NO_EXECUTE) != 0;
	walk->gpa = (table & ~below) | (walk->gva & below);
	walk->key = entry >> ENTRY_KEY_SHIFT & 15;
	return walk_key_allows(walk) && walk_rights_allow(walk, rflags);
}

bool guest_translate(struct vcpu *vcpu, gva_t gva, enum guest_access access, gpa_t *gpa,
		     struct guest_fault *fault)
{
	enum walk_result result = WALK_AGAIN;
	struct walk walk; /* filled as far as it is used: it is large */

	walk.cr0 = vcpu_ops->get_control(vcpu, 0);
	walk.access = access;
	walk.gva = gva;
	fault->fault = false;
	if ((walk.cr0 & CR0_PG) == 0) {
		*gpa = (uint32_t)gva;
		return true;
	}
	walk.cr4 = vcpu_ops->get_control(vcpu, 4);
	walk.efer = vcpu_ops->get_efer(vcpu);
	walk.user_mode = vcpu_ops->get_cpl(vcpu) == 3;
	if ((walk.efer & EFER_LMA) == 0) {
		walk.gva = (uint32_t)gva;
	} else if (!walk_is_canonical(&walk)) {
		*fault = (struct guest_fault){true, VECTOR_GENERAL_PROTECTION, 0, 0};
		return false;
	} else if ((walk.cr4 & CR4_LA57) == 0 &&
		   walk_shortcut(&walk, vcpu_ops->get_control(vcpu, 3), vcpu->rflags)) {
		*gpa = walk.gpa;
		return true;
	}
	for (unsigned tries = 0; tries < WALK_TRIES; tries++) {
		result = walk_once(vcpu, &walk, fault);
		if (result != WALK_AGAIN)
			break;
	}
	*gpa = walk.gpa;
	return result != WALK_FAULT;
}
