/*
 * tools/ritectl/record.h: recordings of events (docs/traces.md). There is one at a time.
 */
#ifndef RECORD_H
#define RECORD_H

#include "ritectl.h"

/* metadata.c: what a trace is described by. */
struct metadata {
	uint8_t uuid[16];
	uint64_t tsc_hz;
	int64_t offset_s; /* seconds since 1970, and ticks behind them, when the TSC was 0 */
	uint64_t offset_ticks;
};
void metadata_print(FILE *file, const struct metadata *metadata);
/* The same as a packet, which can stand at the beginning of a pipe. */
void metadata_print_packet(FILE *file, const struct metadata *metadata);
/* The names of enum rv_verdict, with RV_VERDICT_MODIFIERS, and of enum trace_phase. */
const char *metadata_verdict(uint32_t verdict);
const char *metadata_phase(uint32_t phase);
/* Is this field better read in base 16? */
struct rv_field;
bool metadata_is_hex(const struct rv_field *field);

/* What is to be recorded. */
#define RECORD_HOOKS 64
struct record_hook {
	uint32_t kind;
	bool is_ranged;
	uint64_t first, last;
};
struct live_format;
struct record_wish {
	const char *output; /* a folder that is made, or with a format a file; or - */
	const struct live_format *format; /* live.h; NULL: CTF */
	uint64_t kinds;	    /* a bit each */
	unsigned nr_hooks;
	struct record_hook hooks[RECORD_HOOKS];
	unsigned nr_packets, payload_bytes, seconds; /* 0: as usual, none, no end */
	char **command;	 /* that is run meanwhile; NULL: none */
};

/* record.c: records until a signal comes, the time is over, or the command has ended. Returns the exit status. */
int record_run(const struct record_wish *wish);
/* Prints the metadata of a trace, as of a machine whose clock is not known. Asks nobody. */
int record_metadata(void);

/* record_words.c: what stands behind `record`. Returns the exit status. */
int record_perform(int count, char **word);

#endif
