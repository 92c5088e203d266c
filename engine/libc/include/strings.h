/* strings.h - case-blind comparison. */
#ifndef ENGINE_STRINGS_H
#define ENGINE_STRINGS_H

#include <stddef.h>

int strcasecmp(const char *, const char *);
int strncasecmp(const char *, const char *, size_t);

#endif
