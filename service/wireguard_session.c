/*
 * service/wireguard_session.c: see the header.
 */
#include "service/wireguard_session.h"

#include "core/string.h"

void wireguard_session_begin(struct wireguard_session *session, const struct noise_keys *keys, uint64_t now_ms)
{
	wireguard_session_end(session);
	session->keys = *keys;
	session->born_ms = now_ms;
	session->is_valid = true;
}

void wireguard_session_end(struct wireguard_session *session)
{
	memory_wipe(session, sizeof(*session));
}

bool wireguard_session_note(struct wireguard_session *session, uint64_t counter)
{
	uint64_t word = counter / 64, bit = UINT64_C(1) << counter % 64;

	if (counter == UINT64_MAX)
		return false;
	if (counter >= session->receive_counter) {
		/* The words between the highest so far and this one are of counters that have not come. */
		uint64_t last = session->receive_counter == 0 ? 0 : (session->receive_counter - 1) / 64;
		uint64_t steps = word - last < WIREGUARD_WINDOW_WORDS ? word - last : WIREGUARD_WINDOW_WORDS;

		for (uint64_t i = 1; i <= steps; i++)
			session->window[(last + i) % WIREGUARD_WINDOW_WORDS] = 0;
		session->receive_counter = counter + 1;
	} else if (session->receive_counter - counter > WIREGUARD_WINDOW) {
		return false;
	}
	if ((session->window[word % WIREGUARD_WINDOW_WORDS] & bit) != 0)
		return false;
	session->window[word % WIREGUARD_WINDOW_WORDS] |= bit;
	return true;
}
