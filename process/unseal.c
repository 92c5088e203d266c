/*
 * process/unseal.c: questions to the program that has a TPM unseal keys.
 */
#include "process/unseal.h"

#include "core/string.h"

#define UNSEAL_TIME_MS 60000 /* of its own, without the TPM's */
#define UNSEAL_SLICE_US 100000

/* service_image.S */
extern const uint8_t service_unseal[], service_unseal_end[];

static const struct service_program unseal_program = {
	.image = service_unseal,
	.image_end = service_unseal_end,
	.work = "unsealing",
	.request_bytes = sizeof(struct unseal_request),
	.answer_bytes = sizeof(struct unseal_answer),
	.words_offset = offsetof(struct unseal_answer, why),
	.words_bytes = sizeof(((struct unseal_answer *)NULL)->why),
	.time_ms = UNSEAL_TIME_MS,
	.slice_us = UNSEAL_SLICE_US,
	.secret = true,
};
_Static_assert(sizeof(struct unseal_answer) <= SERVICE_ANSWER_BYTES, "service.c copies it");

bool unseal_ask(const struct unseal_request *request, hpa_t text, service_talk talk, void *context, struct vcpu *vcpu,
		struct unseal_answer *answer)
{
	const struct service_question question = {
		.name = "unseal",
		.request = request,
		.text = text,
		.text_bytes = request->text_bytes,
		.talk = talk,
		.context = context,
	};
	struct service *service;
	const struct unseal_answer *given;

	if (service_begin(&unseal_program, &question, &service) != 0)
		return false;
	while (!service_run(service, vcpu))
		;
	given = service_answer(service);
	if (given != NULL)
		memcpy(answer, given, sizeof(*answer));
	service_end(service);
	return given != NULL && answer->secret_bytes <= sizeof(answer->secret);
}
