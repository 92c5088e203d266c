/*
 * service/verify_main.c: the frame of the program that checks signatures.
 */
#include "service/check.h"

_Static_assert(RV_SYS_EXIT == 2, "start.S");

int service_main(const struct verify_request *request);

int service_main(const struct verify_request *request)
{
	check_answer(request, (const uint8_t *)SERVICE_TEXT_ADDRESS, (struct verify_answer *)SERVICE_ANSWER_ADDRESS);
	return 0;
}
