/*
 * process/keeper.c: questions to the program that unlocks disks. What it answers is checked as that of one which a
 * header has taken over: it may give a wrong key, but no place or size that could do harm.
 */
#include "process/keeper.h"

#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "core/time.h"
#include "process/service.h"
#include "rv/errno.h"

#define KEEPER_SLICE_US 100000
#define SECTOR_BYTES 512

/* service_image.S */
extern const uint8_t service_keeper[], service_keeper_end[];

static const struct service_program keeper_program = {
	.image = service_keeper,
	.image_end = service_keeper_end,
	.work = "unlocking",
	.request_bytes = sizeof(struct keeper_request),
	.answer_bytes = sizeof(struct keeper_answer),
	.words_offset = offsetof(struct keeper_answer, why),
	.words_bytes = sizeof(((struct keeper_answer *)NULL)->why),
	.time_ms = KEEPER_TIME_MS,
	.slice_us = KEEPER_SLICE_US,
	.secret = true,
};
_Static_assert(sizeof(struct keeper_answer) <= SERVICE_ANSWER_BYTES, "service.c copies it");

static bool keeper_is_uuid(const char *uuid)
{
	size_t length = 0;

	while (length < KEEPER_UUID_BYTES && uuid[length] != '\0') {
		char c = uuid[length++];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '-'))
			return false;
	}
	return length < KEEPER_UUID_BYTES;
}

static bool keeper_is_possible(const struct keeper_answer *answer)
{
	return (answer->key_bytes == 32 || answer->key_bytes == KEEPER_KEY_BYTES) && answer->sector_bytes >= SECTOR_BYTES &&
	       answer->sector_bytes <= 4096 && (answer->sector_bytes & (answer->sector_bytes - 1)) == 0 &&
	       answer->offset_bytes % SECTOR_BYTES == 0 && answer->offset_bytes <= INT64_MAX &&
	       answer->size_bytes % answer->sector_bytes == 0 && answer->size_bytes <= INT64_MAX - answer->offset_bytes &&
	       answer->whole_bytes <= INT64_MAX && keeper_is_uuid(answer->uuid);
}

static void keeper_take(const struct keeper_answer *answer, struct keeper_volume *volume)
{
	memcpy(volume->key, answer->key, sizeof(volume->key));
	volume->key_bytes = answer->key_bytes;
	volume->sector_bytes = answer->sector_bytes;
	volume->offset_bytes = answer->offset_bytes;
	volume->size_bytes = answer->size_bytes;
	volume->iv_tweak = answer->iv_tweak;
	volume->whole_bytes = answer->whole_bytes;
	volume->memory_bytes = answer->memory_bytes;
	memcpy(volume->uuid, answer->uuid, sizeof(volume->uuid));
}

static int keeper_judge(const struct keeper_answer *answer, struct keeper_volume *volume, char *why, size_t why_bytes)
{
	string_copy(why, answer->why, why_bytes);
	switch (answer->verdict) {
	case KEEPER_GOOD:
		if (!keeper_is_possible(answer)) {
			string_copy(why, "the program that unlocks disks said what cannot be", why_bytes);
			return -RV_EIO;
		}
		keeper_take(answer, volume);
		return 0;
	case KEEPER_WRONG:
		return -RV_EACCES;
	case KEEPER_NO_MEMORY:
		volume->memory_bytes = answer->memory_bytes;
		return -RV_ENOMEM;
	default:
		return -RV_EINVAL;
	}
}

static int keeper_run(const struct keeper_question *question, struct service *service, struct vcpu *vcpu,
		      struct keeper_volume *volume, char *why, size_t why_bytes)
{
	uint64_t start = tsc_read();
	const struct keeper_answer *answer;

	while (!service_run(service, vcpu)) {
		if (question->tick != NULL)
			question->tick((tsc_read() - start) / (time_tsc_hz / 1000));
	}
	answer = service_answer(service);
	if (answer != NULL)
		return keeper_judge(answer, volume, why, why_bytes);
	if (service_is_late(service)) {
		string_copy(why, "unlocking took too long: fewer iterations of the key slot, or less memory, would help",
			    why_bytes);
		return -RV_ETIMEDOUT;
	}
	string_copy(why, "the program that unlocks disks did not end well", why_bytes);
	return -RV_EIO;
}

static int keeper_ask(enum keeper_work work, const struct keeper_question *question, struct vcpu *vcpu,
		      struct keeper_volume *volume, char *why, size_t why_bytes)
{
	struct keeper_request *request = memory_allocate(sizeof(*request)); /* too large for the stack */
	struct service_question to_service = {
		.name = "keeper",
		.request = request,
		.text = question->header,
		.text_bytes = question->header_bytes,
		.memory = question->memory,
		.memory_bytes = question->memory_bytes,
	};
	struct service *service = NULL;
	int error = -RV_ENOMEM;

	if (request != NULL) {
		request->work = work;
		request->header_bytes = question->header_bytes;
		request->memory_bytes = question->memory_bytes;
		if (work == KEEPER_UNLOCK) {
			request->passphrase_bytes = (uint32_t)question->passphrase_bytes;
			memcpy(request->passphrase, question->passphrase, question->passphrase_bytes);
		}
		error = service_begin(&keeper_program, &to_service, &service);
		memory_wipe(request, sizeof(*request));
		memory_free(request);
	}
	if (error == 0)
		error = keeper_run(question, service, vcpu, volume, why, why_bytes);
	else
		string_copy(why, error == -RV_ENOMEM ? "the hypervisor's memory does not suffice for unlocking: the option "
						       "memory= gives more"
						     : "the program that unlocks disks cannot be started", why_bytes);
	service_end(service);
	return error;
}

int keeper_look(const struct keeper_question *question, struct vcpu *vcpu, struct keeper_volume *volume, char *why,
		size_t why_bytes)
{
	int error;

	*volume = (struct keeper_volume){ 0 };
	error = keeper_ask(KEEPER_LOOK, question, vcpu, volume, why, why_bytes);
	memory_wipe(volume->key, sizeof(volume->key)); /* there is none */
	return error;
}

int keeper_unlock(const struct keeper_question *question, struct vcpu *vcpu, struct keeper_volume *volume, char *why,
		  size_t why_bytes)
{
	*volume = (struct keeper_volume){ 0 };
	if (question->passphrase_bytes > KEEPER_PASSPHRASE_BYTES) {
		print_format(why, why_bytes, "the passphrase, or key file, is longer than %u bytes", KEEPER_PASSPHRASE_BYTES);
		return -RV_EACCES;
	}
	return keeper_ask(KEEPER_UNLOCK, question, vcpu, volume, why, why_bytes);
}
