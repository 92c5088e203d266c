/*
 * process/process_output.h: what a script that somebody watches has written: records in a ring, which a reader
 * takes away. What finds no room is lost, and counted. A lock of its own, innermost.
 */
#ifndef PROCESS_PROCESS_OUTPUT_H
#define PROCESS_PROCESS_OUTPUT_H

#include "core/spinlock.h"
#include "rv/types.h"

#define PROCESS_OUTPUT_PAGES 8
#define PROCESS_RECORD_BYTES 2048 /* of text, at most */

/* Before each text. */
struct process_record {
	uint64_t tsc;
	uint32_t sequence; /* 1, 2, ...; those that were lost count too */
	uint16_t length_bytes;
	uint8_t level;	   /* enum rv_log_level */
	uint8_t cpu;
};
_Static_assert(sizeof(struct process_record) == 16, "control/control_abi.h has it likewise");

struct process_output {
	struct spinlock lock;
	uint8_t *pages[PROCESS_OUTPUT_PAGES];
	uint64_t begin, end; /* bytes that were ever taken away, and written */
	uint64_t told;	     /* how far the reader has been told of */
	uint32_t sequence;
	uint64_t lost;	     /* records */
};

/* NULL: no memory. Context: exit. */
struct process_output *process_output_create(void);
void process_output_free(struct process_output *output);

/* Long texts become several records. Context: any but irq. */
void process_output_write(struct process_output *output, unsigned level, const char *text, size_t length_bytes);

/* *position: what the last call told: then what that one copied has arrived, and is taken away; else it is copied
 * again. Copies whole records, as many as fit, and returns how many bytes. *lost: records, so far. buffer_bytes
 * has to hold the longest record. */
size_t process_output_read(struct process_output *output, uint64_t *position, void *buffer, size_t buffer_bytes,
			   uint64_t *lost);

#endif
