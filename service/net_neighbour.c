/*
 * service/net_neighbour.c: see the header.
 */
#include "service/net_neighbour.h"

#include "core/string.h"

void neighbours_forget(struct neighbours *neighbours)
{
	memset(neighbours->entries, 0, sizeof(neighbours->entries));
}

static struct neighbour *neighbour_find(struct neighbours *neighbours, const uint8_t *address)
{
	for (unsigned i = 0; i < NEIGHBOURS_MAXIMUM; i++) {
		struct neighbour *neighbour = &neighbours->entries[i];

		if (neighbour->is_used && memcmp(neighbour->address, address, NET_V6_BYTES) == 0)
			return neighbour;
	}
	return NULL;
}

/* A new one; there it takes the place of who was longest without use. */
static struct neighbour *neighbour_add(struct neighbours *neighbours, const uint8_t *address)
{
	struct neighbour *oldest = &neighbours->entries[0];

	for (unsigned i = 0; i < NEIGHBOURS_MAXIMUM && oldest->is_used; i++) {
		if (!neighbours->entries[i].is_used || neighbours->entries[i].used_ms < oldest->used_ms)
			oldest = &neighbours->entries[i];
	}
	*oldest = (struct neighbour){ .is_used = true };
	memcpy(oldest->address, address, NET_V6_BYTES);
	return oldest;
}

/* One that was known once is asked by itself first. */
static void neighbour_ask(struct neighbours *neighbours, struct neighbour *neighbour, uint64_t now_ms)
{
	bool is_known = neighbour->is_known && neighbour->nr_asks == 0;

	neighbour->nr_asks++;
	neighbour->asked_ms = now_ms;
	neighbours->ask(neighbours->context, neighbour->address, is_known ? neighbour->mac : NULL);
}

static bool neighbour_is_asked(const struct neighbour *neighbour)
{
	return neighbour->is_used && neighbour->nr_asks != 0;
}

uint64_t neighbours_advance(struct neighbours *neighbours, uint64_t now_ms)
{
	uint64_t next = UINT64_MAX;

	for (unsigned i = 0; i < NEIGHBOURS_MAXIMUM; i++) {
		struct neighbour *neighbour = &neighbours->entries[i];

		if (neighbour_is_asked(neighbour) && now_ms >= neighbour->asked_ms + NEIGHBOUR_ASK_MS) {
			if (neighbour->nr_asks < NEIGHBOUR_ASKS)
				neighbour_ask(neighbours, neighbour, now_ms);
			else
				*neighbour = (struct neighbour){ 0 };
		}
		if (neighbour_is_asked(neighbour) && neighbour->asked_ms + NEIGHBOUR_ASK_MS < next)
			next = neighbour->asked_ms + NEIGHBOUR_ASK_MS;
	}
	return next;
}

void neighbours_send(struct neighbours *neighbours, const uint8_t *address, uint8_t *frame, size_t nr_bytes, uint64_t now_ms)
{
	struct neighbour *neighbour = neighbour_find(neighbours, address);

	if (neighbour == NULL)
		neighbour = neighbour_add(neighbours, address);
	neighbour->used_ms = now_ms;
	if (neighbour->nr_asks == 0 && (!neighbour->is_known || now_ms >= neighbour->known_ms + NEIGHBOUR_FRESH_MS))
		neighbour_ask(neighbours, neighbour, now_ms);
	if (neighbour->is_known) {
		memcpy(frame, neighbour->mac, NET_MAC_BYTES);
		neighbours->send(neighbours->context, frame, nr_bytes);
		return;
	}
	neighbours->nr_dropped += neighbour->waiting_bytes != 0;
	memcpy(neighbour->waiting, frame, nr_bytes);
	neighbour->waiting_bytes = nr_bytes;
}

void neighbours_heard(struct neighbours *neighbours, const uint8_t *address, const uint8_t *mac, uint64_t now_ms)
{
	struct neighbour *neighbour = neighbour_find(neighbours, address);

	/* What is said of one that nobody has asked for is not believed. */
	if (neighbour == NULL || !neighbour_is_asked(neighbour) || (mac[0] & 1))
		return;
	memcpy(neighbour->mac, mac, NET_MAC_BYTES);
	neighbour->is_known = true;
	neighbour->known_ms = now_ms;
	neighbour->nr_asks = 0;
	if (neighbour->waiting_bytes == 0)
		return;
	memcpy(neighbour->waiting, neighbour->mac, NET_MAC_BYTES);
	neighbours->send(neighbours->context, neighbour->waiting, neighbour->waiting_bytes);
	neighbour->waiting_bytes = 0;
}
