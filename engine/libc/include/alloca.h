/* alloca.h - memory of the stack frame. */
#ifndef ENGINE_ALLOCA_H
#define ENGINE_ALLOCA_H

#define alloca(size) __builtin_alloca(size)

#endif
