/*
 * tools/ritectl/record.h: recordings of events.
 */
#ifndef RECORD_H
#define RECORD_H

#include "ritectl.h"

/* metadata.c: what a trace is described by. */
struct metadata {
	uint8_t uuid[16];
	uint64_t tsc_hz;
	int64_t offset_s; /* seconds since 1970 when the TSC was 0 */
};
void metadata_print(FILE *file, const struct metadata *metadata);
/* The same as a packet, which can stand at the beginning of a pipe. */
void metadata_print_packet(FILE *file, const struct metadata *metadata);

/* record.c: prints the metadata of a trace, as of a machine whose clock is not known. Asks nobody. */
int record_metadata(void);

#endif
