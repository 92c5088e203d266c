/*
 * process/elf.h: reads the headers of a static ELF64 program and trusts none of them.
 */
#ifndef PROCESS_ELF_H
#define PROCESS_ELF_H

#include "rv/types.h"

#define ELF_SEGMENTS_MAXIMUM 8

struct elf_segment {
	uint64_t address;      /* page rights apply from its page on */
	uint64_t memory_bytes; /* what the file does not fill is zero */
	uint64_t file_offset, file_bytes;
	bool writable, executable; /* never both */
};

struct elf_program {
	uint64_t entry; /* within an executable segment */
	unsigned nr_segments;
	struct elf_segment segments[ELF_SEGMENTS_MAXIMUM]; /* ascending; no page has two */
};

/* Fills `program`; all segments lie in [lowest, end). 0, or -RV_EINVAL with `why` in plain words. */
int elf_parse(const void *image, size_t image_bytes, uint64_t lowest, uint64_t end,
	      struct elf_program *program, const char **why);

#endif
