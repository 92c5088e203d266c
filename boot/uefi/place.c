/*
 * boot/uefi/place.c: memory, program and page tables of the hypervisor before it runs.
 */
#include "boot/uefi/place.h"

#include "boot/uefi_handover.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/string.h"

#define PLACE_ALIGNMENT MIB(2)
#define PLACE_ENTRIES 512
#define PLACE_TABLES 3

#define ELF_MACHINE_X86_64 62
#define ELF_SEGMENT_LOAD 1

/* System V ABI, ELF-64 object file format */
struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, segments, sections;
	uint32_t flags;
	uint16_t header_bytes, segment_bytes, nr_segments;
	uint16_t section_bytes, nr_sections, names;
};
_Static_assert(sizeof(struct elf_header) == 64, "ELF header");

struct elf_segment {
	uint32_t type, flags;
	uint64_t offset, address, physical, file_bytes, memory_bytes, alignment;
};
_Static_assert(sizeof(struct elf_segment) == 56, "ELF program header");

efi_status place_allocate(struct efi_boot_services *boot, uint64_t length_bytes,
			  struct place *place)
{
	/* A little more, so that an aligned piece is in it; the rest is given back. */
	uint64_t wanted = length_bytes + PLACE_ALIGNMENT - PAGE_BYTES, got = GIB(4) - 1, end;
	efi_status status = boot->allocate_pages(EFI_ALLOCATE_MAX_ADDRESS, EFI_RESERVED_MEMORY_TYPE,
						 wanted / PAGE_BYTES, &got);

	if (efi_failed(status))
		return status;
	place->start = align_up(got, PLACE_ALIGNMENT);
	place->length_bytes = length_bytes;
	end = place->start + length_bytes;
	if (place->start != got)
		boot->free_pages(got, (place->start - got) / PAGE_BYTES);
	if (end != got + wanted)
		boot->free_pages(end, (got + wanted - end) / PAGE_BYTES);
	return EFI_SUCCESS;
}

void place_free(struct efi_boot_services *boot, struct place *place)
{
	boot->free_pages(place->start, place->length_bytes / PAGE_BYTES);
}

bool place_save_log(const struct place *place, struct log_ring *saved)
{
	const struct log_ring *found = log_ring_find((const void *)place->start, place->length_bytes);

	if (found != NULL)
		*saved = *found;
	return found != NULL;
}

/* One segment of the image. What GRUB needs on BIOS machines is linked elsewhere and left out. */
static bool place_load_segment(const struct file_data *program, const struct elf_segment *segment,
			       struct place *place)
{
	uint64_t offset = segment->address - HYPERVISOR_ADDRESS;
	uint8_t *to = (uint8_t *)(place->start + offset);

	if (segment->type != ELF_SEGMENT_LOAD || segment->address < HYPERVISOR_ADDRESS)
		return true;
	if (offset > place->length_bytes || segment->memory_bytes > place->length_bytes - offset ||
	    segment->file_bytes > segment->memory_bytes ||
	    segment->offset > program->length_bytes ||
	    segment->file_bytes > program->length_bytes - segment->offset)
		return false;
	memcpy(to, (const uint8_t *)program->data + segment->offset, segment->file_bytes);
	memset(to + segment->file_bytes, 0, segment->memory_bytes - segment->file_bytes);
	return true;
}

static bool place_contains(const struct place *place, void (*entry)(void))
{
	return (uint64_t)entry >= HYPERVISOR_ADDRESS &&
	       (uint64_t)entry - HYPERVISOR_ADDRESS < place->length_bytes;
}

static bool place_find_entries(struct place *place, const char **why)
{
	struct uefi_header header;

	memcpy(&header, (const void *)place->start, sizeof(header));
	*why = "the hypervisor's program has no entry for UEFI";
	if (memcmp(header.magic, UEFI_HEADER_MAGIC, sizeof(header.magic)) != 0)
		return false;
	*why = "the hypervisor's program is of another version than this loader";
	if (header.version != UEFI_HANDOVER_VERSION ||
	    header.handover_bytes != sizeof(struct uefi_handover) ||
	    !place_contains(place, header.entry) || !place_contains(place, header.cpu_entry))
		return false;
	place->entry = (void *)header.entry;
	place->cpu_entry = (void *)header.cpu_entry;
	return true;
}

bool place_load(const struct file_data *program, struct place *place, const char **why)
{
	struct elf_header header;

	*why = "the hypervisor's program is no 64-bit ELF file";
	if (program->length_bytes < sizeof(header))
		return false;
	memcpy(&header, program->data, sizeof(header));
	if (memcmp(header.ident, "\177ELF\2\1", 6) != 0 || header.machine != ELF_MACHINE_X86_64 ||
	    header.segment_bytes != sizeof(struct elf_segment) ||
	    header.segments > program->length_bytes ||
	    (uint64_t)header.nr_segments * sizeof(struct elf_segment) >
		    program->length_bytes - header.segments)
		return false;
	*why = "the hypervisor's program does not fit into its memory";
	for (unsigned i = 0; i < header.nr_segments; i++) {
		struct elf_segment segment;

		memcpy(&segment,
		       (const uint8_t *)program->data + header.segments + i * sizeof(segment),
		       sizeof(segment));
		if (!place_load_segment(program, &segment, place))
			return false;
	}
	return place_find_entries(place, why);
}

hpa_t place_make_tables(struct efi_boot_services *boot, struct place *place, hpa_t firmware_root)
{
	const uint64_t table = PAGING_PRESENT | PAGING_WRITABLE;
	uint64_t *root, *upper, *middle;

	place->tables = GIB(4) - 1;
	place->nr_tables = PLACE_TABLES;
	if (efi_failed(boot->allocate_pages(EFI_ALLOCATE_MAX_ADDRESS, EFI_LOADER_DATA, PLACE_TABLES,
					    &place->tables)))
		return 0;
	root = (uint64_t *)place->tables;
	upper = root + PLACE_ENTRIES;
	middle = upper + PLACE_ENTRIES;
	memcpy(root, (const void *)(firmware_root & PAGING_ADDRESS_MASK), PAGE_BYTES);
	memset(upper, 0, 2 * PAGE_BYTES);
	root[HYPERVISOR_ADDRESS >> 39 & (PLACE_ENTRIES - 1)] = (hpa_t)upper | table;
	upper[HYPERVISOR_ADDRESS >> 30 & (PLACE_ENTRIES - 1)] = (hpa_t)middle | table;
	for (uint64_t offset = 0; offset < place->length_bytes; offset += MIB(2))
		middle[offset / MIB(2)] = (place->start + offset) | table | PAGING_LARGE;
	return (hpa_t)root;
}

void place_free_tables(struct efi_boot_services *boot, struct place *place)
{
	boot->free_pages(place->tables, place->nr_tables);
}
