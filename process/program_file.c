/*
 * process/program_file.c: the segments of a program of service/.
 */
#include "process/program_file.h"

#include "core/memory.h"
#include "core/paging.h"
#include "process/user_memory.h"
#include "rv/abi.h"
#include "rv/errno.h"

int program_open(struct program_file *file, const uint8_t *image, const uint8_t *image_end)
{
	const char *why;

	file->image = image;
	return elf_parse(image, (size_t)(image_end - image), RV_ENGINE_IMAGE_ADDRESS, RV_ENGINE_INFO_ADDRESS, &file->elf,
			 &why);
}

static uint64_t program_rights(const struct elf_segment *segment)
{
	return (segment->writable ? PAGING_WRITABLE : 0) | (segment->executable ? 0 : PAGING_NO_EXECUTE);
}

static hpa_t program_image_physical(const void *image)
{
	return memory_reserved_start + ((uint64_t)image - HYPERVISOR_ADDRESS);
}

static int program_map_segment(struct process *process, const struct program_file *file,
			       const struct elf_segment *segment)
{
	const uint8_t *from = file->image + segment->file_offset;

	if (segment->writable)
		return user_map_new_pages(process, segment->address, segment->memory_bytes, program_rights(segment));
	return segment->file_bytes < segment->memory_bytes || ((uint64_t)from & PAGE_MASK) != 0 ||
			       (segment->address & PAGE_MASK) != 0
		       ? -RV_ENOTSUP
		       : user_map_shared(process, segment->address, program_image_physical(from), segment->file_bytes,
					 program_rights(segment));
}

int program_map(struct process *process, const struct program_file *file)
{
	int error = 0;

	for (unsigned i = 0; i < file->elf.nr_segments && error == 0; i++)
		error = program_map_segment(process, file, &file->elf.segments[i]);
	if (error == 0)
		program_fill(process, file);
	return error;
}

static uint64_t program_segment_start(const struct elf_segment *segment)
{
	return align_down(segment->address, PAGE_BYTES);
}

static uint64_t program_segment_bytes(const struct elf_segment *segment)
{
	return segment->address + segment->memory_bytes - program_segment_start(segment);
}

uint64_t program_own_bytes(const struct program_file *file)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < file->elf.nr_segments; i++) {
		if (file->elf.segments[i].writable)
			bytes += align_up(program_segment_bytes(&file->elf.segments[i]), PAGE_BYTES);
	}
	return bytes;
}

void program_wipe(struct process *process, const struct program_file *file)
{
	for (unsigned i = 0; i < file->elf.nr_segments; i++) {
		const struct elf_segment *segment = &file->elf.segments[i];

		if (segment->writable)
			user_wipe(process, program_segment_start(segment), program_segment_bytes(segment));
	}
}

void program_fill(struct process *process, const struct program_file *file)
{
	for (unsigned i = 0; i < file->elf.nr_segments; i++) {
		const struct elf_segment *segment = &file->elf.segments[i];

		if (segment->writable)
			user_fill(process, segment->address, file->image + segment->file_offset, segment->file_bytes);
	}
}

void program_unmap(struct process *process, const struct program_file *file)
{
	for (unsigned i = 0; i < file->elf.nr_segments; i++) {
		const struct elf_segment *segment = &file->elf.segments[i];

		if (segment->writable)
			user_unmap(process, program_segment_start(segment), program_segment_bytes(segment));
	}
}
