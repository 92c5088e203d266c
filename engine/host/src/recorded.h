/*
 * recorded.h: what stands before an event in a line of a recording: when and where it was, what the device
 * answered, which data it had. `@0.5 cpu=1 device=0x26 port_read 0x71 1 -> 0x42`
 */
#ifndef ENGINE_HOST_RECORDED_H
#define ENGINE_HOST_RECORDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RECORDED_NUMBERS = 4, RECORDED_NAME_BYTES = 256 };

enum recorded_device {
	RECORDED_SIMULATED,  /* nothing is said of it: the simulated machine's answers */
	RECORDED_ANSWER,     /* numbers[]: a value, or of CPUID four */
	RECORDED_FAULT,	     /* "gp" */
	RECORDED_NOT_ASKED,  /* "?": what it would have answered is not known */
};

struct recorded {
	char time[32];		/* as written, without '@'; "": none */
	uint32_t cpu;
	enum recorded_device device;
	uint64_t numbers[RECORDED_NUMBERS];
	unsigned int nr_numbers;
	char payload[RECORDED_NAME_BYTES]; /* a file beside the recording; "": none */
	uint64_t payload_offset, payload_bytes;
	bool wrong;		/* a word could not be understood */
};

/* Takes these words off the beginning of a line. Returns what is left of it. */
const char *recorded_take(struct recorded *recorded, const char *line);

/* Reads the payload, as much as there is room for, from the folder of the recording. False: it cannot be read. */
bool recorded_payload(const struct recorded *recorded, const char *recording, void *buffer, size_t room_bytes);

#endif
