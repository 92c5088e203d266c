/*
 * mediator/bounce.c: owns the pages of a request's data, and the way between them and the guest.
 */
#include "mediator/bounce.h"

#include "core/memory.h"
#include "core/string.h"
#include "rv/errno.h"
#include "vmm/guest_memory.h"

int bounce_add_segment(struct bounce *bounce, gpa_t address, uint64_t length_bytes)
{
	if (bounce->nr_segments == bounce->segments_maximum)
		return -RV_E2BIG;
	if (!memory_is_ram(address, length_bytes)) /* nor is ours any */
		return -RV_EFAULT;
	bounce->segments[bounce->nr_segments++] = (struct bounce_segment){ address, length_bytes };
	return 0;
}

uint64_t bounce_segments_bytes(const struct bounce *bounce)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < bounce->nr_segments; i++)
		sum += bounce->segments[i].length_bytes;
	return sum;
}

int bounce_take_pages(struct bounce *bounce, uint64_t most_bytes)
{
	uint64_t bytes = bounce_segments_bytes(bounce);

	return bounce_take_bytes(bounce, bytes < most_bytes ? bytes : most_bytes);
}

int bounce_grow(struct bounce *bounce, uint64_t nr_pages)
{
	while (bounce->nr_pages < nr_pages) {
		uint8_t *page = bounce->spare != NULL ? bounce->spare : memory_allocate_device_page();

		bounce->spare = NULL;
		if (page == NULL)
			return -RV_ENOMEM;
		bounce->pages[bounce->nr_pages++] = page;
	}
	return 0;
}

int bounce_take_bytes(struct bounce *bounce, uint64_t bytes)
{
	uint64_t nr_pages = align_up(bytes, PAGE_BYTES) / PAGE_BYTES;

	if (nr_pages > bounce->pages_maximum)
		return -RV_E2BIG;
	bounce->nr_pages = 0;
	if (bounce_grow(bounce, nr_pages) != 0) {
		bounce_release_pages(bounce);
		return -RV_ENOMEM;
	}
	bounce->length_bytes = bytes;
	return 0;
}

void bounce_copy(struct bounce *bounce, uint64_t offset, void *buffer, size_t length_bytes, bool write)
{
	uint8_t *bytes = buffer;

	while (length_bytes != 0) {
		uint8_t *at = bounce->pages[offset / PAGE_BYTES] + offset % PAGE_BYTES;
		size_t part = PAGE_BYTES - offset % PAGE_BYTES;

		if (part > length_bytes)
			part = length_bytes;
		if (write)
			memcpy(at, bytes, part);
		else
			memcpy(bytes, at, part);
		offset += part;
		bytes += part;
		length_bytes -= part;
	}
}

uint8_t *bounce_at(const struct bounce *bounce, uint64_t offset, size_t *length_bytes)
{
	uint64_t left;

	if (offset >= bounce->length_bytes)
		return NULL;
	left = bounce->length_bytes - offset;
	*length_bytes = PAGE_BYTES - offset % PAGE_BYTES;
	if (*length_bytes > left)
		*length_bytes = left;
	return bounce->pages[offset / PAGE_BYTES] + offset % PAGE_BYTES;
}

/* Between the guest and the page that holds a byte, as far as that page and `left` go. Returns how far that
 * was; 0: the guest's memory is none. */
static uint64_t bounce_move(const struct bounce *bounce, gpa_t address, uint64_t offset, uint64_t left,
			    bool to_guest)
{
	size_t part;
	uint8_t *at = bounce_at(bounce, offset, &part);
	int error;

	if (part > left)
		part = left;
	error = to_guest ? guest_memory_write(address, at, part) : guest_memory_read(address, at, part);
	return error == 0 ? part : 0;
}

/* Between pieces of the guest's memory and the pages, from `*offset` on, which goes on as far as bytes were moved. */
static int bounce_move_part(const struct bounce *bounce, uint64_t *offset, const struct bounce_segment *segments,
			    uint32_t nr_segments, bool to_guest)
{
	for (uint32_t i = 0; i < nr_segments; i++) {
		for (uint64_t done = 0; done < segments[i].length_bytes && *offset < bounce->length_bytes;) {
			uint64_t left = segments[i].length_bytes - done, part;

			part = bounce_move(bounce, segments[i].address + done, *offset, left, to_guest);
			if (part == 0)
				return -RV_EFAULT;
			done += part;
			*offset += part;
		}
	}
	return 0;
}

int bounce_gather_at(struct bounce *bounce, uint64_t offset)
{
	return bounce_move_part(bounce, &offset, bounce->segments, bounce->nr_segments, false);
}

int bounce_gather(struct bounce *bounce)
{
	return bounce_gather_at(bounce, 0);
}

int bounce_scatter_part(const struct bounce *bounce, uint64_t *offset, const struct bounce_segment *segments,
			uint32_t nr_segments)
{
	return bounce_move_part(bounce, offset, segments, nr_segments, true);
}

int bounce_scatter(const struct bounce *bounce)
{
	uint64_t offset = 0;

	return bounce_scatter_part(bounce, &offset, bounce->segments, bounce->nr_segments);
}

int bounce_resize(struct bounce *bounce, uint64_t bytes)
{
	uint64_t nr_pages = align_up(bytes, PAGE_BYTES) / PAGE_BYTES, old = bounce->length_bytes;

	if (nr_pages > bounce->pages_maximum)
		return -RV_E2BIG;
	if (bounce_grow(bounce, nr_pages) != 0)
		return -RV_ENOMEM;
	for (uint64_t at = old; at < bytes; at = align_up(at + 1, PAGE_BYTES)) {
		uint64_t end = align_up(at + 1, PAGE_BYTES);

		memset(bounce->pages[at / PAGE_BYTES] + at % PAGE_BYTES, 0, (end < bytes ? end : bytes) - at);
	}
	bounce->length_bytes = bytes;
	return 0;
}

void bounce_hand_over(struct bounce *bounce, struct bounce *to)
{
	memcpy(to->pages, bounce->pages, bounce->nr_pages * sizeof(to->pages[0]));
	to->nr_pages = bounce->nr_pages;
	to->length_bytes = bounce->length_bytes;
	bounce->nr_pages = 0;
}

void bounce_release_pages(struct bounce *bounce)
{
	while (bounce->nr_pages != 0)
		memory_free_page(bounce->pages[--bounce->nr_pages]);
	bounce->length_bytes = 0;
}

void bounce_release(struct bounce *bounce)
{
	bounce_release_pages(bounce);
	bounce->nr_segments = 0;
}

void bounce_keep_page(struct bounce *bounce)
{
	if (bounce->spare == NULL && bounce->nr_pages != 0)
		bounce->spare = bounce->pages[--bounce->nr_pages];
	bounce_release(bounce);
}

void bounce_release_spare(struct bounce *bounce)
{
	if (bounce->spare != NULL)
		memory_free_page(bounce->spare);
	bounce->spare = NULL;
}
