/* malloc.h - what older programs include for the allocator. */
#ifndef ENGINE_MALLOC_H
#define ENGINE_MALLOC_H

#include <stdlib.h>

#endif
