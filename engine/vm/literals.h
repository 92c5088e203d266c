/*
 * engine/vm/literals.h: literals from 2^63 up in a script. build_config.rb has the compiler's codegen.c
 * include it first.
 *
 * codegen.c looks whether it has such a literal already, and takes -0x8000000000000000 for the one
 * without the sign. That it never finds one costs an entry in the table of literals, no more.
 */
#ifndef ENGINE_VM_LITERALS_H
#define ENGINE_VM_LITERALS_H

#include <string.h>

#define memcmp(x, y, count) (pv->tt == IREP_TT_BIGINT || memcmp(x, y, count) != 0)

#endif
