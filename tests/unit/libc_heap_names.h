/*
 * libc_heap_names.h - included before the engine's allocator when it is compiled for the host:
 * its functions get names of their own, because the sanitizers need the host's malloc.
 */
#ifndef TESTS_UNIT_LIBC_HEAP_NAMES_H
#define TESTS_UNIT_LIBC_HEAP_NAMES_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define malloc heap_malloc
#define free heap_free
#define realloc heap_realloc
#define calloc heap_calloc
#define aligned_alloc heap_aligned_alloc
#define malloc_usable_size heap_usable_size

void *heap_malloc(size_t);
void *heap_calloc(size_t, size_t);
void *heap_realloc(void *, size_t);
void *heap_aligned_alloc(size_t, size_t);
void heap_free(void *);

#endif
