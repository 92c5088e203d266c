/*
 * engine/vm/codegen.c: mruby's code generator, included whole and unchanged, with the bounds of an
 * ensure's region moved by an instruction.
 *
 * OP_JMPUW (break, next, redo, retry) executes the ensures of the regions that it leaves, and takes
 * its target for outside or inside by comparing it with their bounds. A `while` at the end of a region
 * ends where the region does, so a break out of it ran the ensure, then came to it once more. And a
 * loop's body that is a region begins where it does, so a redo did not seem to leave it. Here a region
 * begins behind an instruction that does nothing, where an outer loop's body begins before it; and it
 * ends behind OP_EXCEPT, the first of the ensure's own, which cannot raise.
 */
struct scope;
static int codegen_new_handler(struct scope *s);

/* A declaration's first argument is a type, a call's is s: so both are told apart. */
#define catch_handler_new(first) CODEGEN_NEW_##first)
#define CODEGEN_NEW_codegen_scope catch_handler_new_mruby(codegen_scope
#define CODEGEN_NEW_s codegen_new_handler(s
#define catch_handler_set(first, ...) CODEGEN_SET_##first, __VA_ARGS__)
#define CODEGEN_SET_codegen_scope catch_handler_set_mruby(codegen_scope
#define CODEGEN_SET_s codegen_set_handler(s
#define codegen_set_handler(s, handler, type, begin, end, target) \
	catch_handler_set_mruby(s, handler, type, begin, (end) + ((type) == MRB_CATCH_ENSURE), target)
#include "mrbgems/mruby-compiler/core/codegen.c"

static int codegen_new_handler(struct scope *s)
{
	genop_0(s, OP_NOP);
	return catch_handler_new_mruby(s);
}
