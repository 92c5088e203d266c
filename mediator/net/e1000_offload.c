/*
 * mediator/net/e1000_offload.c: arithmetic of checksums and lengths in headers (RFC 791, 1071, 8200), at places that the
 * guest has named.
 */
#include "mediator/net/e1000_offload.h"

#include "mediator/net/e1000_regs.h"

#define OFFLOAD_IPV4_BYTES 20
#define OFFLOAD_IPV6_BYTES 40
#define OFFLOAD_TCP_FIN_PSH 0x09u

static uint32_t offload_u16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static void offload_put_u16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static uint32_t offload_fold(uint64_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)sum;
}

bool e1000_offload_shift(struct e1000_offload *offload, uint32_t bytes)
{
	struct e1000_context *context = &offload->context;
	uint32_t ipcse = E1000_CONTEXT_IPCSE(context), tucse = E1000_CONTEXT_TUCSE(context);
	uint32_t header = E1000_CONTEXT_HDRLEN(context) + bytes;

	if (!offload->is_cut && !offload->sums_ip && !offload->sums_transport)
		return true;
	if (E1000_CONTEXT_IPCSS(context) + bytes > 0xff || E1000_CONTEXT_IPCSO(context) + bytes > 0xff ||
	    E1000_CONTEXT_TUCSS(context) + bytes > 0xff || E1000_CONTEXT_TUCSO(context) + bytes > 0xff ||
	    ipcse + bytes > 0xffff || tucse + bytes > 0xffff || header > 0xff)
		return false;
	context->places += (uint64_t)bytes | (uint64_t)bytes << 8 | (uint64_t)bytes << 32 | (uint64_t)bytes << 40;
	/* 0 is the end of the frame, wherever that is. */
	context->places += (ipcse != 0 ? (uint64_t)bytes << 16 : 0) + (tucse != 0 ? (uint64_t)bytes << 48 : 0);
	context->upper = (context->upper & ~0xff00u) | header << 8;
	return true;
}

/* The checksum of IPv4 by its context; nothing where that is not in what there is. */
static bool offload_fill_ip(const struct e1000_context *context, uint8_t *bytes, uint32_t nr_bytes, uint32_t length_bytes)
{
	uint32_t first = E1000_CONTEXT_IPCSS(context), place = E1000_CONTEXT_IPCSO(context);
	uint32_t end = E1000_CONTEXT_IPCSE(context) != 0 ? E1000_CONTEXT_IPCSE(context) + 1u : length_bytes;
	uint64_t sum = 0;

	if (end > nr_bytes || first >= end || place + 2 > nr_bytes)
		return false;
	for (uint32_t at = first; at < end; at++)
		sum += (at - first) % 2 == 0 ? (uint32_t)bytes[at] << 8 : bytes[at];
	offload_put_u16(bytes + place, ~offload_fold(sum));
	return true;
}

/* Where the length of IP is, and what it counts from; 0: there is no header of IP. */
static uint32_t offload_length_place(const struct e1000_context *context, const uint8_t *bytes, uint32_t nr_bytes,
				     uint32_t *from)
{
	uint32_t first = E1000_CONTEXT_IPCSS(context);
	bool is_ipv4 = (context->lower & E1000_TX_IPV4) != 0;

	if (first + OFFLOAD_IPV6_BYTES > nr_bytes || bytes[first] >> 4 != (is_ipv4 ? 4 : 6))
		return 0;
	*from = is_ipv4 ? first : first + OFFLOAD_IPV6_BYTES;
	return first + (is_ipv4 ? 2 : 4);
}

/* Adds a number to the sum in the place of TCP's or UDP's, or takes it away. */
static void offload_count(const struct e1000_context *context, uint8_t *bytes, uint32_t number, bool add)
{
	uint8_t *place = bytes + E1000_CONTEXT_TUCSO(context);

	number = offload_fold(number);
	offload_put_u16(place, offload_fold((uint64_t)offload_u16(place) + (add ? number : ~number & 0xffff)));
}

static bool offload_is_transport(const struct e1000_context *context, uint32_t nr_bytes, uint32_t length_bytes)
{
	uint32_t first = E1000_CONTEXT_TUCSS(context), place = E1000_CONTEXT_TUCSO(context);

	return place + 2 <= nr_bytes && first < length_bytes;
}

bool e1000_offload_begin(struct e1000_offload *offload, uint8_t *bytes, uint32_t nr_bytes, uint32_t length_bytes)
{
	const struct e1000_context *context = &offload->context;
	uint32_t place, from = 0;

	if (offload->is_cut) {
		place = offload_length_place(context, bytes, nr_bytes, &from);
		if (place == 0 || E1000_CONTEXT_MSS(context) == 0 || E1000_CONTEXT_HDRLEN(context) >= length_bytes ||
		    !offload_is_transport(context, nr_bytes, length_bytes))
			return false;
		offload_put_u16(bytes + place, length_bytes - from <= 0xffff ? length_bytes - from : 0);
		offload_count(context, bytes, length_bytes - E1000_CONTEXT_TUCSS(context), true);
	}
	if (offload->sums_ip && offload_fill_ip(context, bytes, nr_bytes, length_bytes) && !offload->is_cut)
		offload->sums_ip = false;
	return true;
}

void e1000_offload_end(struct e1000_offload *offload, uint8_t *bytes, uint32_t nr_bytes, uint32_t length_bytes)
{
	struct e1000_context *context = &offload->context;
	uint32_t header = E1000_CONTEXT_HDRLEN(context), place, from;

	if (!offload_is_transport(context, nr_bytes, length_bytes))
		offload->sums_transport = offload->is_cut = false;
	place = offload->is_cut ? offload_length_place(context, bytes, nr_bytes, &from) : 0;
	/* What is no longer than the first piece is sent as it is: what begin() filled in is right. */
	if (place == 0 || header >= length_bytes || length_bytes - header <= E1000_CONTEXT_MSS(context)) {
		offload->sums_ip = offload->sums_ip && !offload->is_cut;
		offload->is_cut = false;
		return;
	}
	context->lower = (context->lower & ~0xfffffu) | (length_bytes - header);
	offload_put_u16(bytes + place, 0);
	offload_count(context, bytes, length_bytes - E1000_CONTEXT_TUCSS(context), false);
	if (offload->sums_ip && E1000_CONTEXT_IPCSO(context) + 2u <= nr_bytes)
		offload_put_u16(bytes + E1000_CONTEXT_IPCSO(context), 0);
}

bool e1000_offload_piece(const struct e1000_offload *offload, uint32_t number, uint32_t length_bytes,
			 struct e1000_piece *piece)
{
	uint32_t header = E1000_CONTEXT_HDRLEN(&offload->context), mss = E1000_CONTEXT_MSS(&offload->context);
	uint64_t at = header + (uint64_t)number * mss;

	if (!offload->is_cut) {
		*piece = (struct e1000_piece){ .part_bytes = length_bytes, .is_last = true };
		return number == 0;
	}
	if (mss == 0 || at >= length_bytes)
		return false;
	*piece = (struct e1000_piece){ header, (uint32_t)at, length_bytes - (uint32_t)at < mss ? length_bytes - (uint32_t)at : mss,
				       length_bytes - (uint32_t)at <= mss };
	return true;
}

/* A sum over the bytes from `first` to `last`, 0: to the end; nothing where that, or its place, is not in the piece. */
static void offload_sum(uint8_t *bytes, uint32_t nr_bytes, uint32_t first, uint32_t last, uint32_t place)
{
	uint32_t end = last == 0 || last >= nr_bytes ? nr_bytes : last + 1;
	uint64_t sum = 0;

	if (place + 2 > nr_bytes || first >= end)
		return;
	for (uint32_t at = first; at < end; at++)
		sum += (at - first) % 2 == 0 ? (uint32_t)bytes[at] << 8 : bytes[at];
	offload_put_u16(bytes + place, ~offload_fold(sum));
}

/* The headers of a piece are the frame's, but for what tells it from the others (82574 Datasheet, 7.3.6). */
static void offload_number(const struct e1000_context *context, uint32_t number, const struct e1000_piece *piece,
			   uint8_t *bytes, uint32_t nr_bytes)
{
	uint32_t ip = E1000_CONTEXT_IPCSS(context), transport = E1000_CONTEXT_TUCSS(context), from = 0;
	uint32_t place = offload_length_place(context, bytes, nr_bytes, &from);
	uint32_t ahead = number * E1000_CONTEXT_MSS(context);

	if (place == 0 || from > nr_bytes || transport + OFFLOAD_IPV4_BYTES > nr_bytes)
		return;
	offload_put_u16(bytes + place, nr_bytes - from);
	if (context->lower & E1000_TX_IPV4)
		offload_put_u16(bytes + ip + 4, offload_u16(bytes + ip + 4) + number);
	if (context->lower & E1000_TX_TCP) {
		uint32_t sequence = (offload_u16(bytes + transport + 4) << 16 | offload_u16(bytes + transport + 6)) + ahead;

		offload_put_u16(bytes + transport + 4, sequence >> 16);
		offload_put_u16(bytes + transport + 6, sequence);
		bytes[transport + 13] &= piece->is_last ? 0xff : (uint8_t)~OFFLOAD_TCP_FIN_PSH;
	} else {
		offload_put_u16(bytes + transport + 4, nr_bytes - transport);
	}
	if (E1000_CONTEXT_TUCSO(context) + 2u <= nr_bytes)
		offload_count(context, bytes, nr_bytes - transport, true);
}

void e1000_offload_finish(const struct e1000_offload *offload, uint32_t number, const struct e1000_piece *piece,
			  uint8_t *bytes, uint32_t nr_bytes)
{
	const struct e1000_context *context = &offload->context;

	if (offload->is_cut)
		offload_number(context, number, piece, bytes, nr_bytes);
	if (offload->sums_ip)
		offload_sum(bytes, nr_bytes, E1000_CONTEXT_IPCSS(context), E1000_CONTEXT_IPCSE(context), E1000_CONTEXT_IPCSO(context));
	if (offload->sums_transport)
		offload_sum(bytes, nr_bytes, E1000_CONTEXT_TUCSS(context), offload->is_cut ? 0 : E1000_CONTEXT_TUCSE(context),
			    E1000_CONTEXT_TUCSO(context));
}
