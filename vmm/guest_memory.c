/*
 * vmm/guest_memory.c: owns copying to and from the guest's memory and the fetch of the instruction
 * that a vCPU stands at. No lock: memory is the guest's, each byte is read or written once.
 */
#include "vmm/guest_memory.h"

#include "core/cpu.h"
#include "core/paging.h"
#include "core/string.h"
#include "rv/errno.h"
#include "vmm/guest_walk.h"

#define INSTRUCTION_BYTES_MAXIMUM 15

/* What no memory map calls RAM but firmware runs from: the extended BIOS data area, the BIOS and
 * option ROMs (both shadowed in RAM), and the flash where PC chipsets decode it. */
static const struct {
	gpa_t start;
	uint64_t length_bytes;
} guest_roms[] = {
	{0x80000, 0x20000},
	{0xc0000, 0x40000},
	{GIB(4) - MIB(16), MIB(16)},
};

static bool guest_is_rom(gpa_t gpa, size_t length_bytes)
{
	for (size_t i = 0; i < ARRAY_LENGTH(guest_roms); i++) {
		if (gpa >= guest_roms[i].start && length_bytes <= guest_roms[i].length_bytes &&
		    gpa - guest_roms[i].start <= guest_roms[i].length_bytes - length_bytes)
			return gpa + length_bytes <= paging_direct_bytes;
	}
	return false;
}

static size_t guest_page_left(gva_t gva, size_t length_bytes)
{
	size_t left = PAGE_BYTES - (gva & PAGE_MASK);

	return length_bytes < left ? length_bytes : left;
}

int guest_memory_read(gpa_t gpa, void *buffer, size_t length_bytes)
{
	if (memory_is_reserved(gpa, length_bytes))
		return -RV_EPERM;
	if (!memory_is_ram(gpa, length_bytes) && !guest_is_rom(gpa, length_bytes))
		return -RV_EFAULT;
	for (size_t done = 0, chunk; done < length_bytes; done += chunk) {
		chunk = guest_page_left(gpa + done, length_bytes - done);
		memcpy((uint8_t *)buffer + done, memory_direct(gpa + done), chunk);
	}
	return 0;
}

int guest_memory_write(gpa_t gpa, const void *buffer, size_t length_bytes)
{
	if (memory_is_reserved(gpa, length_bytes))
		return -RV_EPERM;
	if (!memory_is_ram(gpa, length_bytes))
		return -RV_EFAULT;
	for (size_t done = 0, chunk; done < length_bytes; done += chunk) {
		chunk = guest_page_left(gpa + done, length_bytes - done);
		memcpy(memory_direct(gpa + done), (const uint8_t *)buffer + done, chunk);
	}
	return 0;
}

/* Copies as much as it can; returns how many bytes, with the fault if fewer than asked for. */
static size_t guest_linear_read_some(struct vcpu *vcpu, gva_t gva, void *buffer,
				     size_t length_bytes, enum guest_access access,
				     struct guest_fault *fault)
{
	size_t done = 0;

	fault->fault = false;
	while (done < length_bytes) {
		size_t chunk = guest_page_left(gva + done, length_bytes - done);
		gpa_t gpa;

		if (!guest_translate(vcpu, gva + done, access, &gpa, fault))
			break;
		if (guest_memory_read(gpa, (uint8_t *)buffer + done, chunk) != 0)
			break;
		done += chunk;
	}
	return done;
}

bool guest_linear_read(struct vcpu *vcpu, gva_t gva, void *buffer, size_t length_bytes,
		       enum guest_access access, struct guest_fault *fault)
{
	return guest_linear_read_some(vcpu, gva, buffer, length_bytes, access, fault) ==
	       length_bytes;
}

bool guest_linear_write(struct vcpu *vcpu, gva_t gva, const void *buffer, size_t length_bytes,
			struct guest_fault *fault)
{
	size_t done = 0;

	fault->fault = false;
	while (done < length_bytes) {
		size_t chunk = guest_page_left(gva + done, length_bytes - done);
		gpa_t gpa;

		if (!guest_translate(vcpu, gva + done, GUEST_WRITE, &gpa, fault))
			return false;
		if (guest_memory_write(gpa, (const uint8_t *)buffer + done, chunk) != 0)
			return false;
		done += chunk;
	}
	return true;
}

/*
 * Where the code that a CPU executed last lies: the page-table entries that led there and the
 * values they had. If they still have them, so does the page; that costs a fifth of a walk.
 */
struct code_path {
	uint64_t page; /* number of the linear page + 1; 0: none */
	uint64_t cr3;
	const uint64_t *slot[4]; /* with large pages the last ones repeat */
	uint64_t entry[4];
	const uint8_t *code;
};

static struct code_path code_paths[CPUS_MAXIMUM];

/* 64-bit code under four levels of tables? RIP passes 4 GiB in no other mode. */
static inline bool code_is_long(struct vcpu *vcpu)
{
	static int8_t five_levels = -1;
	struct segment_register cs;

	if (__builtin_expect(five_levels != 0, 0)) {
		if (five_levels < 0)
			five_levels = (int8_t)(cpuid_query(7, 0).ecx >> 16 & 1);
		if ((vcpu_ops->get_control(vcpu, 4) & CR4_LA57) != 0)
			return false;
	}
	if (vcpu->rip >> 32 != 0)
		return true;
	if (!vcpu_is_long(vcpu))
		return false;
	vcpu_ops->get_segment(vcpu, SEGMENT_CS, &cs);
	return (cs.attributes & SEGMENT_ATTRIBUTE_LONG) != 0;
}

/* Walks to the code and remembers the way. False: not there, or not in RAM. */
static __attribute__((noinline)) bool code_path_find(struct code_path *path, gva_t gva,
						     uint64_t cr3)
{
	hpa_t table = cr3 & PAGING_ADDRESS_MASK;
	uint64_t entry, below = 0;

	path->page = 0;
	for (unsigned level = 0; level < 4; level++) {
		unsigned shift = 39 - 9 * level;
		hpa_t hpa = table + ((gva >> shift) & 0x1ff) * 8;

		if (below == 0) {
			if (!guest_ram_entry(hpa))
				return false;
			path->slot[level] = memory_direct(hpa);
			entry = __atomic_load_n(path->slot[level], __ATOMIC_RELAXED);
			path->entry[level] = entry;
			if ((entry & PAGING_PRESENT) == 0)
				return false;
			table = entry & PAGING_ADDRESS_MASK;
			if (level == 3 || (level != 0 && (entry & PAGING_LARGE) != 0))
				below = (UINT64_C(1) << shift) - 1;
		} else {
			path->slot[level] = path->slot[level - 1];
			path->entry[level] = path->entry[level - 1];
		}
	}
	table = (table & ~below) | (gva & below & ~PAGE_MASK);
	if (!guest_ram_entry(table))
		return false;
	path->page = (gva >> PAGE_SHIFT) + 1;
	path->cr3 = cr3;
	path->code = memory_direct(table);
	return true;
}

static inline bool code_path_holds(const struct code_path *path, gva_t gva, uint64_t cr3)
{
	if (path->page != (gva >> PAGE_SHIFT) + 1 || path->cr3 != cr3)
		return false;
	for (unsigned level = 0; level < 4; level++) {
		if (__atomic_load_n(path->slot[level], __ATOMIC_RELAXED) != path->entry[level])
			return false;
	}
	return true;
}

const uint8_t *guest_peek_long_code(uint32_t cpu_index, uint64_t rip, uint64_t cr3)
{
	struct code_path *path = &code_paths[cpu_index];

	if ((rip & PAGE_MASK) > PAGE_BYTES - INSTRUCTION_BYTES_MAXIMUM)
		return NULL;
	if (!code_path_holds(path, rip, cr3) && !code_path_find(path, rip, cr3))
		return NULL;
	return path->code + (rip & PAGE_MASK);
}

const uint8_t *guest_peek_code(struct vcpu *vcpu)
{
	if (!code_is_long(vcpu))
		return NULL;
	return guest_peek_long_code(vcpu->cpu->index, vcpu->rip, vcpu_ops->get_control(vcpu, 3));
}

/* The slow way: segment, limit, paging with rights, page by page. */
static unsigned guest_fetch_checked(struct vcpu *vcpu, uint8_t bytes[15], struct guest_fault *fault)
{
	size_t length_bytes = INSTRUCTION_BYTES_MAXIMUM;
	gva_t gva = vcpu->rip;
	struct segment_register cs;

	vcpu_ops->get_segment(vcpu, SEGMENT_CS, &cs);
	if (!vcpu_is_long(vcpu) || (cs.attributes & SEGMENT_ATTRIBUTE_LONG) == 0) {
		uint32_t eip = (uint32_t)gva;

		if (eip > cs.limit_bytes) {
			*fault = (struct guest_fault){true, VECTOR_GENERAL_PROTECTION, 0, 0};
			return 0;
		}
		if (cs.limit_bytes - eip < length_bytes - 1)
			length_bytes = cs.limit_bytes - eip + 1;
		gva = (uint32_t)(cs.base + eip);
		/* Above 4 GiB addresses wrap; the copy stops there, the next fetch goes on at 0. */
		if (GIB(4) - gva < length_bytes)
			length_bytes = GIB(4) - gva;
	}
	return (unsigned)guest_linear_read_some(vcpu, gva, bytes, length_bytes, GUEST_FETCH, fault);
}

unsigned guest_fetch_instruction(struct vcpu *vcpu, uint8_t bytes[15], struct guest_fault *fault)
{
	const uint8_t *code = guest_peek_code(vcpu);

	if (!code)
		return guest_fetch_checked(vcpu, bytes, fault);
	fault->fault = false;
	__builtin_memcpy(bytes, code, 8);
	__builtin_memcpy(bytes + 7, code + 7, 8);
	return INSTRUCTION_BYTES_MAXIMUM;
}

void guest_inject_fault(struct vcpu *vcpu, const struct guest_fault *fault)
{
	if (!fault->fault)
		return;
	if (vcpu->steps != 0)
		mmio_end_step(vcpu); /* the instruction ends by it */
	if (fault->vector == VECTOR_PAGE_FAULT)
		vcpu_ops->set_control(vcpu, 2, fault->address);
	vcpu_ops->inject_exception(vcpu, fault->vector, fault->error_code);
}
