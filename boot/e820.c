/*
 * boot/e820.c: owns the rules by which the firmware's memory map is cleaned and edited. Pure code:
 * no state, no lock.
 */
#include "boot/e820.h"

#include "rv/errno.h"

#define PLACE_ALIGNMENT MIB(2)

/* Last byte of an entry, clamped to the address space; the entry is not empty. */
static uint64_t e820_last(const struct e820_entry *entry)
{
	uint64_t last = entry->base + (entry->length_bytes - 1);

	return last < entry->base ? ~UINT64_C(0) : last;
}

static unsigned e820_restriction(uint32_t type)
{
	switch (type) {
	case E820_USABLE:
		return 1;
	case E820_PERSISTENT:
		return 2;
	case E820_ACPI_RECLAIMABLE:
		return 3;
	case E820_ACPI_NVS:
		return 4;
	case E820_UNUSABLE:
		return 6;
	default:
		return 5;
	}
}

/* Which type holds at `position` (0: none), and the last address up to which nothing changes. */
static uint32_t e820_type_at(const struct e820_entry *in, size_t nr_in, uint64_t position,
			     uint64_t *last)
{
	uint32_t type = 0;

	*last = ~UINT64_C(0);
	for (size_t i = 0; i < nr_in; i++) {
		uint64_t entry_last;

		if (in[i].length_bytes == 0)
			continue;
		entry_last = e820_last(&in[i]);
		if (in[i].base > position) {
			if (in[i].base - 1 < *last)
				*last = in[i].base - 1;
			continue;
		}
		if (entry_last < position)
			continue;
		if (entry_last < *last)
			*last = entry_last;
		if (type == 0 || e820_restriction(in[i].type) > e820_restriction(type))
			type = in[i].type;
	}
	return type;
}

/* A single entry over all 2^64 bytes loses its last byte. */
static uint64_t e820_length(uint64_t first, uint64_t last)
{
	return last - first == ~UINT64_C(0) ? last : last - first + 1;
}

size_t e820_normalise(const struct e820_entry *in, size_t nr_in, struct e820_entry *out,
		      size_t out_maximum)
{
	uint64_t position = 0, last;
	size_t count = 0;

	do {
		uint32_t type = e820_type_at(in, nr_in, position, &last);
		struct e820_entry *before = count != 0 ? &out[count - 1] : NULL;

		if (type != 0 && before && before->type == type &&
		    before->base + before->length_bytes == position) {
			before->length_bytes = e820_length(before->base, last);
		} else if (type != 0) {
			if (count == out_maximum)
				return 0;
			out[count++] = (struct e820_entry){
				.base = position,
				.length_bytes = e820_length(position, last),
				.type = type,
				.attributes = 1,
			};
		}
		position = last + 1;
	} while (last != ~UINT64_C(0));
	return count;
}

/* The usable entry above 1 MiB that is worth least; nr_entries if there is none. */
static size_t e820_smallest_usable(const struct e820_entry *entries, size_t nr_entries)
{
	size_t smallest = nr_entries;

	for (size_t i = 0; i < nr_entries; i++) {
		if (entries[i].type == E820_USABLE && entries[i].base >= MIB(1) &&
		    (smallest == nr_entries ||
		     entries[i].length_bytes < entries[smallest].length_bytes))
			smallest = i;
	}
	return smallest;
}

uint64_t e820_shorten(struct e820_entry *entries, size_t *nr_entries, size_t maximum)
{
	uint64_t lost_bytes = 0;

	while (*nr_entries > maximum) {
		size_t gone = e820_smallest_usable(entries, *nr_entries);

		if (gone == *nr_entries) {
			*nr_entries = maximum;
			break;
		}
		lost_bytes += entries[gone].length_bytes;
		for ((*nr_entries)--; gone < *nr_entries; gone++)
			entries[gone] = entries[gone + 1];
	}
	return lost_bytes;
}

int e820_reserve(struct e820_entry *entries, size_t *nr_entries, size_t maximum, uint64_t base,
		 uint64_t length_bytes)
{
	uint64_t last = base + (length_bytes - 1);
	struct e820_entry pieces[3];
	size_t first_hit = 0, end_hit, nr_pieces = 0, nr_after;

	if (length_bytes == 0 || last < base)
		return -RV_EINVAL;
	while (first_hit < *nr_entries && e820_last(&entries[first_hit]) < base)
		first_hit++;
	end_hit = first_hit;
	while (end_hit < *nr_entries && entries[end_hit].base <= last)
		end_hit++;

	/* entries[first_hit..end_hit) touch the range: what sticks out on both sides stays. */
	if (first_hit < end_hit && entries[first_hit].base < base) {
		pieces[nr_pieces] = entries[first_hit];
		pieces[nr_pieces++].length_bytes = base - entries[first_hit].base;
	}
	pieces[nr_pieces++] = (struct e820_entry){base, length_bytes, E820_RESERVED, 1};
	if (first_hit < end_hit && e820_last(&entries[end_hit - 1]) > last) {
		pieces[nr_pieces] = entries[end_hit - 1];
		pieces[nr_pieces].base = last + 1;
		pieces[nr_pieces++].length_bytes = e820_last(&entries[end_hit - 1]) - last;
	}

	nr_after = *nr_entries - end_hit;
	if (first_hit + nr_pieces + nr_after > maximum)
		return -RV_ENOSPC;
	if (first_hit + nr_pieces > end_hit) {
		for (size_t i = nr_after; i-- > 0;)
			entries[first_hit + nr_pieces + i] = entries[end_hit + i];
	} else {
		for (size_t i = 0; i < nr_after; i++)
			entries[first_hit + nr_pieces + i] = entries[end_hit + i];
	}
	for (size_t i = 0; i < nr_pieces; i++)
		entries[first_hit + i] = pieces[i];
	*nr_entries = first_hit + nr_pieces + nr_after;
	return 0;
}

int e820_find_place(const struct e820_entry *entries, size_t nr_entries, uint64_t length_bytes,
		    uint64_t *base)
{
	if (length_bytes == 0)
		return -RV_EINVAL;
	for (size_t i = nr_entries; i-- > 0;) {
		uint64_t end, place;

		if (entries[i].type != E820_USABLE || entries[i].base >= GIB(4))
			continue;
		end = e820_last(&entries[i]) + 1;
		if (end > GIB(4) || end == 0)
			end = GIB(4);
		if (end - entries[i].base < length_bytes)
			continue;
		place = align_down(end - length_bytes, PLACE_ALIGNMENT);
		if (place < entries[i].base || place == 0)
			continue;
		*base = place;
		return 0;
	}
	return -RV_ENOMEM;
}

void e820_legacy_sizes(const struct e820_entry *entries, size_t nr_entries, uint16_t *e801_ax_kib,
		       uint16_t *e801_bx_64kib, uint16_t *int88_kib)
{
	uint64_t end = MIB(1);

	/* The end of the usable memory that starts at 1 MiB without a hole. */
	for (size_t i = 0; i < nr_entries; i++) {
		if (entries[i].type == E820_USABLE && entries[i].base <= end &&
		    e820_last(&entries[i]) >= end)
			end = e820_last(&entries[i]) + 1;
	}
	if (end > GIB(4) || end == 0)
		end = GIB(4);
	*e801_ax_kib = (uint16_t)(((end < MIB(16) ? end : MIB(16)) - MIB(1)) >> 10);
	*e801_bx_64kib = end > MIB(16) ? (uint16_t)((end - MIB(16)) >> 16) : 0;
	*int88_kib = (uint16_t)(((end < MIB(64) ? end : MIB(64)) - MIB(1)) >> 10);
}
