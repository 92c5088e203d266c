/*
 * mediator/bounce.h: a request's data in memory of ours, between the device and the guest: what hooks
 * judged is what the device gets, and what the device gave is what they judge, whatever another CPU of the
 * guest's does with its own memory meanwhile.
 */
#ifndef MEDIATOR_BOUNCE_H
#define MEDIATOR_BOUNCE_H

#include "rv/types.h"

/* A piece of guest-physical memory. */
struct bounce_segment {
	gpa_t address;
	uint64_t length_bytes;
};

struct bounce {
	struct bounce_segment *segments; /* these two are its owner's */
	uint8_t **pages;
	uint32_t segments_maximum, pages_maximum;
	uint32_t nr_segments;
	uint32_t nr_pages;
	uint64_t length_bytes;
	uint8_t *spare; /* a page that is the first to be taken, whatever is in it; NULL: there is none */
};

/* Of a new one, that is zero. */
static inline void bounce_init(struct bounce *bounce, struct bounce_segment *segments, uint32_t segments_maximum,
			       uint8_t **pages, uint32_t pages_maximum)
{
	bounce->segments = segments;
	bounce->segments_maximum = segments_maximum;
	bounce->pages = pages;
	bounce->pages_maximum = pages_maximum;
}

/* Appends a piece of the guest's memory. 0; -RV_E2BIG: too many, or too much; -RV_EFAULT: it is no RAM of the
 * guest's. */
int bounce_add_segment(struct bounce *bounce, gpa_t address, uint64_t length_bytes);

/* How many bytes the segments have. */
uint64_t bounce_segments_bytes(const struct bounce *bounce);

/* Takes pages for as many bytes as the segments have, at most `most_bytes`. 0, -RV_ENOMEM, -RV_E2BIG. */
int bounce_take_pages(struct bounce *bounce, uint64_t most_bytes);

/* Takes pages for that many. As the last. */
int bounce_take_bytes(struct bounce *bounce, uint64_t bytes);

/* Takes pages until there are so many, of which there is room. What is in them is zeros, or was there when one of them was
 * kept. 0; -RV_ENOMEM: it has those that were had. */
int bounce_grow(struct bounce *bounce, uint64_t nr_pages);

/* From now on it has so many bytes: what is new are zeros, whatever was in the pages. 0, -RV_ENOMEM, -RV_E2BIG; it is as
 * it was then. Pages that are not needed any more stay. */
int bounce_resize(struct bounce *bounce, uint64_t bytes);

/* Copies all between the guest's memory and the pages. 0 or -RV_EFAULT. */
int bounce_gather(struct bounce *bounce);
int bounce_scatter(const struct bounce *bounce);
/* The same of what is from an offset on: into the pages; and into pieces that are told, until these are full or there is
 * no more. The offset goes on by what was copied. */
int bounce_gather_at(struct bounce *bounce, uint64_t offset);
int bounce_scatter_part(const struct bounce *bounce, uint64_t *offset, const struct bounce_segment *segments,
			uint32_t nr_segments);

/* Copies a part of it; the caller has checked that it is within length_bytes. */
void bounce_copy(struct bounce *bounce, uint64_t offset, void *buffer, size_t length_bytes, bool write);

/* Where a byte of it is, and how many follow it in that page. NULL: it is beyond the end. */
uint8_t *bounce_at(const struct bounce *bounce, uint64_t offset, size_t *length_bytes);

/* Its pages are another's from now on, which has none, and room for them. */
void bounce_hand_over(struct bounce *bounce, struct bounce *to);

/* Gives the pages back: no device may have them any more. The second forgets the segments too. */
void bounce_release_pages(struct bounce *bounce);
void bounce_release(struct bounce *bounce);
/* As bounce_release(), but one page is kept for the next time: to take one costs its clearing. */
void bounce_keep_page(struct bounce *bounce);
void bounce_release_spare(struct bounce *bounce);

#endif
