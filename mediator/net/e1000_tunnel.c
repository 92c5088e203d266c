/*
 * mediator/net/e1000_tunnel.c: what the guest sends where it leaves by a tunnel (tunnel.h): drivers rely on the card to fill
 * in checksums and to cut frames, without asking, so that we do.
 */
#include "mediator/net/e1000.h"
#include "mediator/net/tunnel.h"

#define E1000_PIECES_MAXIMUM 128 /* of a frame: more than find room with the service */

static void e1000_tunnel_piece(struct e1000_slot *slot, uint32_t number, const struct e1000_piece *piece)
{
	uint32_t nr_bytes = piece->header_bytes + piece->part_bytes;
	uint8_t frame[NET_FRAME_BYTES];

	if (nr_bytes > sizeof(frame))
		return;
	bounce_copy(&slot->bounce, slot->before_bytes, frame, piece->header_bytes, false);
	bounce_copy(&slot->bounce, slot->before_bytes + piece->at, frame + piece->header_bytes, piece->part_bytes, false);
	e1000_offload_finish(&slot->offload, number, piece, frame, nr_bytes);
	tunnel_take_frame(TUNNEL_GUEST, frame, nr_bytes);
}

void e1000_tunnel_divert(struct e1000_slot *slot)
{
	uint32_t length_bytes = (uint32_t)slot->bounce.length_bytes - slot->before_bytes;
	struct e1000_piece piece;

	for (uint32_t i = 0; i < E1000_PIECES_MAXIMUM && e1000_offload_piece(&slot->offload, i, length_bytes, &piece); i++)
		e1000_tunnel_piece(slot, i, &piece);
}

/* The driver has the card send and receive: it does neither before. */
void e1000_tunnel_link(struct e1000 *card)
{
	if (!tunnel_is_wanted() || card->is_linked || !(card->rctl & E1000_RCTL_EN) || !(card->tctl & E1000_TCTL_EN))
		return;
	card->is_linked = true;
	tunnel_link();
}
