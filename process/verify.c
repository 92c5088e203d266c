/*
 * process/verify.c: questions to the program that checks signatures.
 */
#include "process/verify.h"

#include "core/memory.h"

/* service_image.S */
extern const uint8_t service_verify[], service_verify_end[];

static const struct service_program verify_program = {
	.image = service_verify,
	.image_end = service_verify_end,
	.work = "the check of its signature",
	.request_bytes = sizeof(struct verify_request),
	.answer_bytes = sizeof(struct verify_answer),
	.words_offset = offsetof(struct verify_answer, why),
	.words_bytes = sizeof(((struct verify_answer *)NULL)->why),
};
_Static_assert(sizeof(struct verify_answer) <= SERVICE_ANSWER_BYTES, "service.c copies it");

int verify_begin(const struct verify_request *request, const void *text, bool live, struct service **service)
{
	const struct service_question question = {
		.name = request->name,
		.request = request,
		.text = text == NULL ? 0 : memory_physical(text),
		.text_bytes = request->text_bytes,
		.live = live,
	};

	return service_begin(&verify_program, &question, service);
}

bool verify_is_good(const struct service *service, uint64_t *serial)
{
	const struct verify_answer *answer = service_answer(service);

	*serial = answer == NULL ? 0 : answer->serial;
	return answer != NULL && answer->verdict == VERIFY_GOOD;
}

const char *verify_why(const struct service *service)
{
	const struct verify_answer *answer = service_answer(service);

	return answer != NULL && answer->why[0] != '\0' ? answer->why : "the check of its signature did not end well";
}
