/*
 * service/keeper_main.c: the frame of the program that unlocks disks.
 */
#include "core/string.h"
#include "service/arena.h"
#include "service/keeper.h"
#include "service/luks.h"

_Static_assert(RV_SYS_EXIT == 2, "start.S");
_Static_assert(KEEPER_KEY_BYTES == LUKS_KEY_BYTES_MAXIMUM && KEEPER_UUID_BYTES == LUKS_UUID_BYTES &&
	       KEEPER_WHY_BYTES == LUKS_WHY_BYTES, "luks.h");

int service_main(const struct keeper_request *request);

static enum luks_result keeper_work(const struct keeper_request *request, struct luks_header *header,
				    struct keeper_answer *answer)
{
	const uint8_t *bytes = (const uint8_t *)SERVICE_TEXT_ADDRESS;
	enum luks_result result = luks_read(bytes, request->header_bytes, header, answer->why);

	if (result != LUKS_GOOD || request->work != KEEPER_UNLOCK)
		return result;
	if (request->passphrase_bytes > sizeof(request->passphrase))
		return LUKS_WRONG;
	return luks_unlock(bytes, header, request->passphrase, request->passphrase_bytes, answer->key, answer->why);
}

int service_main(const struct keeper_request *request)
{
	static const uint64_t verdicts[] = {
		[LUKS_GOOD] = KEEPER_GOOD,
		[LUKS_WRONG] = KEEPER_WRONG,
		[LUKS_NO_MEMORY] = KEEPER_NO_MEMORY,
	};
	struct keeper_answer *answer = (struct keeper_answer *)SERVICE_ANSWER_ADDRESS;
	static struct luks_header header;

	arena_begin((void *)SERVICE_MEMORY_ADDRESS, request->memory_bytes);
	answer->verdict = verdicts[keeper_work(request, &header, answer)];
	answer->offset_bytes = header.offset_bytes;
	answer->size_bytes = header.size_bytes;
	answer->iv_tweak = header.iv_tweak;
	answer->whole_bytes = header.whole_bytes;
	answer->memory_bytes = luks_memory_bytes(&header);
	answer->sector_bytes = header.sector_bytes;
	answer->key_bytes = header.key_bytes;
	memcpy(answer->uuid, header.uuid, sizeof(answer->uuid));
	return 0;
}
