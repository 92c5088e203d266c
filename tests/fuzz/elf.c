/*
 * tests/fuzz/elf.c: any bytes as an engine program: what is accepted lies within the file and the
 * place for it, with no page that is both written and executed.
 */
#include "process/elf.h"

#include "input.h"

#define LOWEST UINT64_C(0x400000)
#define END UINT64_C(0x10000000)

static void check_segment(const struct elf_segment *segment, size_t file_bytes, uint64_t *page)
{
	FUZZ_MUST(!(segment->writable && segment->executable));
	FUZZ_MUST(segment->file_bytes <= segment->memory_bytes);
	FUZZ_MUST(segment->file_offset <= file_bytes &&
		  segment->file_bytes <= file_bytes - segment->file_offset);
	FUZZ_MUST(segment->address >= LOWEST && segment->address <= END &&
		  segment->memory_bytes <= END - segment->address);
	FUZZ_MUST(align_down(segment->address, PAGE_BYTES) >= *page);
	*page = align_up(segment->address + segment->memory_bytes, PAGE_BYTES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length_bytes)
{
	uint8_t *image = malloc(length_bytes + 1); /* so that what lies beyond is known */
	struct elf_program program;
	uint64_t page = 0;
	const char *why = NULL;
	bool entered = false;

	if (!image)
		return 0;
	memcpy(image, data, length_bytes);
	if (elf_parse(image, length_bytes, LOWEST, END, &program, &why) != 0) {
		FUZZ_MUST(why != NULL);
		free(image);
		return 0;
	}
	FUZZ_MUST(program.nr_segments <= ELF_SEGMENTS_MAXIMUM);
	for (unsigned i = 0; i < program.nr_segments; i++) {
		const struct elf_segment *segment = &program.segments[i];

		check_segment(segment, length_bytes, &page);
		entered |= segment->executable && program.entry >= segment->address &&
			   program.entry - segment->address < segment->memory_bytes;
	}
	FUZZ_MUST(entered);
	free(image);
	return 0;
}
