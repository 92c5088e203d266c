/*
 * service/main.c: the program's frame.
 */
#include "service/check.h"

_Static_assert(RV_SYS_EXIT == 2, "start.S");

int service_main(const struct verify_request *request);

int service_main(const struct verify_request *request)
{
	check_answer(request, (const uint8_t *)VERIFY_TEXT_ADDRESS, (struct verify_answer *)VERIFY_ANSWER_ADDRESS);
	return 0;
}
