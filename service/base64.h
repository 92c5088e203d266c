/*
 * service/base64.h: base64 (RFC 4648, section 4), strict: padded, and one way to write each number.
 */
#ifndef SERVICE_BASE64_H
#define SERVICE_BASE64_H

#include "rv/types.h"

/* Decodes just so many bytes. False: it is something else. */
bool base64_decode(const char *text, size_t length, uint8_t *bytes, size_t nr_bytes);

/* How many bytes a text of that length decodes to, if to any; 0: to none. */
size_t base64_bytes(const char *text, size_t length);

#endif
