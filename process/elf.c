/*
 * process/elf.c: the loader's reading half (System V ABI, ELF-64 object file format). Pure.
 */
#include "process/elf.h"

#include "core/string.h"
#include "rv/errno.h"

#define ELF_TYPE_EXECUTABLE 2
#define ELF_MACHINE_X86_64 62
#define ELF_SEGMENT_LOAD 1
#define ELF_SEGMENT_DYNAMIC 2
#define ELF_SEGMENT_INTERPRETER 3
#define ELF_FLAG_EXECUTE 1u
#define ELF_FLAG_WRITE 2u
#define ELF_FLAG_READ 4u

struct elf_header {
	uint8_t identity[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, program_offset, section_offset;
	uint32_t flags;
	uint16_t header_bytes, program_entry_bytes, nr_program_entries;
	uint16_t section_entry_bytes, nr_section_entries, section_names;
};
_Static_assert(sizeof(struct elf_header) == 64, "ELF header");

struct elf_program_header {
	uint32_t type, flags;
	uint64_t offset, address, physical_address, file_bytes, memory_bytes, alignment;
};
_Static_assert(sizeof(struct elf_program_header) == 56, "ELF program header");

static const char *elf_check_header(const struct elf_header *header, size_t image_bytes)
{
	/* Magic, 64-bit, little-endian, version 1. */
	static const uint8_t identity[7] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };
	uint64_t table_bytes = (uint64_t)header->nr_program_entries * sizeof(struct elf_program_header);

	if (memcmp(header->identity, identity, sizeof(identity)) != 0)
		return "it is no 64-bit little-endian ELF file";
	if (header->type != ELF_TYPE_EXECUTABLE || header->machine != ELF_MACHINE_X86_64)
		return "it is no static program for x86-64";
	if (header->program_entry_bytes != sizeof(struct elf_program_header))
		return "its program headers have an unknown size";
	if (header->program_offset > image_bytes || image_bytes - header->program_offset < table_bytes)
		return "its program headers lie outside the file";
	return NULL;
}

static const char *elf_check_segment(const struct elf_program_header *header, size_t image_bytes,
				     uint64_t lowest, uint64_t end)
{
	if (header->file_bytes > header->memory_bytes)
		return "a segment is larger in the file than in memory";
	if (header->offset > image_bytes || image_bytes - header->offset < header->file_bytes)
		return "a segment lies outside the file";
	if (header->address < lowest || header->address >= end ||
	    end - header->address < header->memory_bytes)
		return "a segment lies outside the engine's place in memory";
	if ((header->flags & ELF_FLAG_WRITE) && (header->flags & ELF_FLAG_EXECUTE))
		return "a segment is both writable and executable";
	if (!(header->flags & ELF_FLAG_READ))
		return "a segment is not readable";
	return NULL;
}

/* Segments come in ascending order (the ELF format wants it) and share no page. */
static const char *elf_add_segment(struct elf_program *program,
				   const struct elf_program_header *header)
{
	struct elf_segment *segment = &program->segments[program->nr_segments];

	if (program->nr_segments == ELF_SEGMENTS_MAXIMUM)
		return "it has too many segments";
	if (program->nr_segments != 0) {
		const struct elf_segment *before = segment - 1;

		if (align_down(header->address, PAGE_BYTES) <
		    align_up(before->address + before->memory_bytes, PAGE_BYTES))
			return "two segments share a page, or are out of order";
	}
	segment->address = header->address;
	segment->memory_bytes = header->memory_bytes;
	segment->file_offset = header->offset;
	segment->file_bytes = header->file_bytes;
	segment->writable = (header->flags & ELF_FLAG_WRITE) != 0;
	segment->executable = (header->flags & ELF_FLAG_EXECUTE) != 0;
	program->nr_segments++;
	return NULL;
}

static const char *elf_read_segments(const uint8_t *image, size_t image_bytes,
				     const struct elf_header *header, uint64_t lowest, uint64_t end,
				     struct elf_program *program)
{
	for (unsigned i = 0; i < header->nr_program_entries; i++) {
		struct elf_program_header entry;
		const char *why;

		memcpy(&entry, image + header->program_offset + i * sizeof(entry), sizeof(entry));
		if (entry.type == ELF_SEGMENT_DYNAMIC || entry.type == ELF_SEGMENT_INTERPRETER)
			return "it is linked dynamically";
		if (entry.type != ELF_SEGMENT_LOAD || entry.memory_bytes == 0)
			continue;
		why = elf_check_segment(&entry, image_bytes, lowest, end);
		if (why == NULL)
			why = elf_add_segment(program, &entry);
		if (why != NULL)
			return why;
	}
	return NULL;
}

static bool elf_is_code(const struct elf_program *program, uint64_t address)
{
	for (unsigned i = 0; i < program->nr_segments; i++) {
		const struct elf_segment *segment = &program->segments[i];

		if (segment->executable && address >= segment->address &&
		    address - segment->address < segment->memory_bytes)
			return true;
	}
	return false;
}

int elf_parse(const void *image, size_t image_bytes, uint64_t lowest, uint64_t end,
	      struct elf_program *program, const char **why)
{
	struct elf_header header;

	memset(program, 0, sizeof(*program));
	if (image_bytes < sizeof(header)) {
		*why = "it is too short for an ELF file";
		return -RV_EINVAL;
	}
	memcpy(&header, image, sizeof(header));
	*why = elf_check_header(&header, image_bytes);
	if (*why == NULL)
		*why = elf_read_segments(image, image_bytes, &header, lowest, end, program);
	if (*why == NULL && !elf_is_code(program, header.entry))
		*why = "its entry is not in code";
	program->entry = header.entry;
	return *why == NULL ? 0 : -RV_EINVAL;
}
