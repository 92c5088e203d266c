/*
 * service/luks_internal.h: what luks*.c share.
 */
#ifndef SERVICE_LUKS_INTERNAL_H
#define SERVICE_LUKS_INTERNAL_H

#include "service/json.h"
#include "service/luks.h"

#define LUKS_NODES_MAXIMUM 4096

/* Notes what is wrong, if it is the first; false always. */
__attribute__((format(printf, 2, 3))) bool luks_refuse(char *why, const char *format, ...);

/* luks_metadata.c: what the text says; header->header_bytes is known. False: `why` says what is wrong. */
bool luks_read_metadata(const struct json *json, uint64_t nr_bytes, struct luks_header *header, char *why);

#endif
