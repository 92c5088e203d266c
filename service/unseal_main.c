/*
 * service/unseal_main.c: the frame of the program that has a TPM unseal keys.
 */
#include "core/log.h"
#include "core/string.h"
#include "service/key_token.h"
#include "service/tpm_unseal.h"
#include "service/unseal.h"

_Static_assert(RV_SYS_EXIT == 2 && RV_SYS_NEXT_EVENT == 0, "start.S");
_Static_assert(UNSEAL_SECRET_BYTES == TPM_SECRET_BYTES && UNSEAL_ENTROPY_BYTES == TPM_ENTROPY_BYTES, "tpm_unseal.h");
_Static_assert(TPM_COMMAND_BYTES <= SERVICE_EXCHANGE_BYTES, "program.h");

int service_main(const struct unseal_request *request);
void service_wait_for_answer(void);

static bool unseal_submit(void *context, const uint8_t *command, size_t command_bytes, uint8_t *answer, size_t *answer_bytes)
{
	struct service_exchange *exchange = (struct service_exchange *)SERVICE_EXCHANGE_ADDRESS;

	(void)context;
	memcpy(exchange->command, command, command_bytes);
	exchange->command_bytes = (uint32_t)command_bytes;
	exchange->answer_bytes = 0;
	service_wait_for_answer();
	if (exchange->answer_bytes == 0 || exchange->answer_bytes > *answer_bytes)
		return false;
	memcpy(answer, exchange->answer, exchange->answer_bytes);
	*answer_bytes = exchange->answer_bytes;
	return true;
}

static bool unseal_find(const struct unseal_request *request, struct tpm_sealed *sealed)
{
	const uint8_t *text = (const uint8_t *)SERVICE_TEXT_ADDRESS;
	size_t at = 0, bytes = key_token_searched_bytes(text, request->text_bytes);
	uint32_t nr = 0;

	while (tpm_sealed_next(text, bytes, &at, sealed)) {
		if (nr++ == request->skip)
			return true;
	}
	return false;
}

static void unseal_try(const struct unseal_request *request, const struct tpm_sealed *sealed, struct unseal_answer *answer)
{
	static const struct tpm_link link = { .submit = unseal_submit };
	uint8_t pin[TPM_PIN_BYTES];
	const struct tpm_question question = {
		.sealed = sealed,
		.entropy = request->entropy,
		.pin = request->pin_bytes != 0 ? pin : NULL,
	};
	struct tpm_secret secret;
	char why[TPM_WHY_BYTES];
	enum tpm_result result;

	tpm_make_pin(sealed, request->pin, request->pin_bytes, pin);
	result = tpm_unseal(&link, &question, &secret, why);
	if (result == TPM_GOOD) {
		memcpy(answer->secret, secret.bytes, secret.nr_bytes);
		answer->secret_bytes = (uint32_t)secret.nr_bytes;
	}
	print_format(answer->why, sizeof(answer->why), "sealed on %s, %s%s", sealed->day,
		     result == TPM_GOOD ? "is unsealed" : "stays sealed: ", why);
	answer->verdict = result == TPM_GOOD	  ? UNSEAL_GOOD
			  : result == TPM_NEEDS_PIN ? UNSEAL_NEEDS_PIN
			  : result == TPM_WRONG_PIN ? UNSEAL_WRONG_PIN
						    : 0;
}

int service_main(const struct unseal_request *request)
{
	struct unseal_answer *answer = (struct unseal_answer *)SERVICE_ANSWER_ADDRESS;
	static struct tpm_sealed sealed;

	if (request->pin_bytes > sizeof(request->pin))
		return 1;
	if (unseal_find(request, &sealed))
		unseal_try(request, &sealed, answer);
	else
		answer->verdict = UNSEAL_NONE;
	return 0;
}
