/*
 * mrbtest.c: starts mruby's own test driver in the engine's place, so that its tests run on the
 * bare machine. Its report goes to the log; the exit status is the driver's.
 */
#include "start/main.h"

#include "vm/methods.h"

int main(int argc, char **argv);

int engine_main(void)
{
	static char name[] = "mrbtest", verbose[] = "-v";
	static char *arguments[] = { name, verbose, 0 };

	vm_method_cache_mask = VM_METHOD_CACHE_WHOLE;
	return main(2, arguments);
}
