/*
 * process/program_file.h: a program of service/ as it lies in the hypervisor's image (service_image.S), and its segments
 * in an address space.
 */
#ifndef PROCESS_PROGRAM_FILE_H
#define PROCESS_PROGRAM_FILE_H

#include "process/elf.h"

struct process;

struct program_file {
	const uint8_t *image; /* on whole pages */
	struct elf_program elf;
};

/* 0, -RV_EINVAL: it is no such program. */
int program_open(struct program_file *file, const uint8_t *image, const uint8_t *image_end);

/* Maps it: what is only read, where the image has it; what is written, as a copy. 0, -RV_ENOMEM, -RV_ENOTSUP: a segment
 * lies so that it cannot be; some may be mapped then. */
int program_map(struct process *process, const struct program_file *file);

/* How much of an address space's memory that takes. */
uint64_t program_own_bytes(const struct program_file *file);

/* What it can write to becomes zeros; becomes, where it is zeros, what it was at first; is freed. */
void program_wipe(struct process *process, const struct program_file *file);
void program_fill(struct process *process, const struct program_file *file);
void program_unmap(struct process *process, const struct program_file *file);

#endif
