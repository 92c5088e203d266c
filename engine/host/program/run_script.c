/*
 * run_script.c: an engine in this process, built for the host (under sanitizers), against the
 * simulated machine.
 */
#include "arguments.h"
#include "session.h"
#include "start/main.h"


const char *__asan_default_options(void);

/* The engine ends by RV_SYS_EXIT, with all that it has allocated. */
const char *__asan_default_options(void)
{
	return "detect_leaks=0:allocator_may_return_null=1:max_allocation_size_mb=64";
}

int main(int argc, char **argv)
{
	arguments_take(argc, argv);
	session_end(engine_main(), "end of the script");
}
