/*
 * mediator/disk/overlay_map.c: the tree. An entry of a node of the lowest level is about 4 KiB: a page's address, or a
 * block's number in its place, or 0 where what is held is zeros, and a bit for each unit that is held. An entry above is a node's address, or 0, or
 * OVERLAY_ZEROS: all below is held, and zeros.
 */
#include "mediator/disk/overlay_map.h"

#include "core/memory.h"
#include "core/string.h"
#include "rv/errno.h"

#define OVERLAY_ZEROS OVERLAY_LEAF_UNITS /* of any level */
#define OVERLAY_LEVELS 4
#define OVERLAY_ENTRIES 512
/* So many are left for what else hooks need pages for. */
#define OVERLAY_SPARE_PAGES 512

/* What an entry of a level is about: the root's is OVERLAY_LEVELS. */
static uint64_t overlay_span(unsigned level)
{
	return (uint64_t)OVERLAY_LEAF_BYTES << 9 * level;
}

static uint64_t *overlay_node(uint64_t entry)
{
	return (uint64_t *)(uintptr_t)(entry & ~PAGE_MASK);
}

static uint8_t *overlay_page(uint64_t entry)
{
	return (uint8_t *)(uintptr_t)(entry & ~PAGE_MASK);
}

static void *overlay_take_page(struct overlay_map *map)
{
	void *page = NULL;

	if (map->nr_pages < map->pages_maximum && memory_has_spare_pages(OVERLAY_SPARE_PAGES))
		page = memory_allocate_spare_page();
	map->nr_pages += page != NULL;
	return page;
}

static void overlay_give_page(struct overlay_map *map, void *page)
{
	memory_free_page(page);
	map->nr_pages--;
}

/* All that an entry has. */
static void overlay_prune(struct overlay_map *map, uint64_t *entry, unsigned level)
{
	uint64_t *node = overlay_node(*entry);

	*entry = 0;
	if (node == NULL)
		return;
	if (level == 0 && map->has_blocks) {
		map->nr_blocks--;
		return;
	}
	for (unsigned i = 0; level != 0 && i < OVERLAY_ENTRIES; i++)
		overlay_prune(map, &node[i], level - 1);
	overlay_give_page(map, node);
}

void overlay_map_free(struct overlay_map *map)
{
	overlay_prune(map, &map->root, OVERLAY_LEVELS);
}

/* Has an entry above the lowest level have a node; false: there is no room. */
static bool overlay_grow(struct overlay_map *map, uint64_t *entry)
{
	bool zeros = *entry == OVERLAY_ZEROS;
	uint64_t *node;

	if (overlay_node(*entry) != NULL)
		return true;
	node = overlay_take_page(map);
	if (node == NULL)
		return false;
	for (unsigned i = 0; zeros && i < OVERLAY_ENTRIES; i++)
		node[i] = OVERLAY_ZEROS;
	*entry = (uint64_t)(uintptr_t)node;
	return true;
}

/* The lowest entry about an offset; NULL: there is no room for the way to it. */
static uint64_t *overlay_reach(struct overlay_map *map, uint64_t offset)
{
	uint64_t *entry = &map->root;

	for (unsigned level = OVERLAY_LEVELS; level != 0; level--) {
		if (!overlay_grow(map, entry))
			return NULL;
		entry = &overlay_node(*entry)[offset / overlay_span(level - 1) % OVERLAY_ENTRIES];
	}
	return entry;
}

/* What the lowest entry about an offset says, or that above it; *span is how much it is about. */
static uint64_t overlay_look(const struct overlay_map *map, uint64_t offset, uint64_t *span)
{
	uint64_t entry = map->root;
	unsigned level = OVERLAY_LEVELS;

	for (; level != 0 && overlay_node(entry) != NULL; level--)
		entry = overlay_node(entry)[offset / overlay_span(level - 1) % OVERLAY_ENTRIES];
	*span = overlay_span(level);
	return entry;
}

/* The bits of what lies within a leaf. */
static uint64_t overlay_bits(uint64_t in_leaf, uint64_t length_bytes)
{
	return ((1u << length_bytes / OVERLAY_UNIT_BYTES) - 1) << in_leaf / OVERLAY_UNIT_BYTES;
}

static uint64_t overlay_within(uint64_t offset, uint64_t span, uint64_t length_bytes)
{
	uint64_t left = span - offset % span;

	return length_bytes < left ? length_bytes : left;
}

static int overlay_write_leaf(struct overlay_map *map, uint64_t offset, const uint8_t *bytes, uint64_t length_bytes)
{
	uint64_t *entry = overlay_reach(map, offset);
	void *page;

	if (entry == NULL)
		return -RV_ENOSPC;
	if (overlay_page(*entry) == NULL) {
		page = overlay_take_page(map);
		if (page == NULL)
			return -RV_ENOSPC;
		*entry |= (uint64_t)(uintptr_t)page;
	}
	memcpy(overlay_page(*entry) + offset % OVERLAY_LEAF_BYTES, bytes, length_bytes);
	*entry |= overlay_bits(offset % OVERLAY_LEAF_BYTES, length_bytes);
	return 0;
}

int overlay_map_write(struct overlay_map *map, uint64_t offset, const void *bytes, size_t length_bytes)
{
	const uint8_t *from = bytes;
	int error = 0;

	while (error == 0 && length_bytes != 0) {
		uint64_t part = overlay_within(offset, OVERLAY_LEAF_BYTES, length_bytes);

		error = overlay_write_leaf(map, offset, from, part);
		offset += part;
		from += part;
		length_bytes -= part;
	}
	return error;
}

static void overlay_zero_leaf(uint64_t *entry, uint64_t in_leaf, uint64_t length_bytes)
{
	if (overlay_page(*entry) != NULL)
		memset(overlay_page(*entry) + in_leaf, 0, length_bytes);
	*entry |= overlay_bits(in_leaf, length_bytes);
}

/* The part of an entry's span from in_span on. It is as deep as the tree. */
static int overlay_zero_part(struct overlay_map *map, uint64_t *entry, unsigned level, uint64_t in_span,
			     uint64_t length_bytes)
{
	uint64_t span = level != 0 ? overlay_span(level - 1) : 0;
	int error = 0;

	if (length_bytes == overlay_span(level)) {
		overlay_prune(map, entry, level);
		*entry = OVERLAY_ZEROS;
		return 0;
	}
	if (level == 0) {
		overlay_zero_leaf(entry, in_span, length_bytes);
		return 0;
	}
	if (*entry == OVERLAY_ZEROS)
		return 0;
	if (!overlay_grow(map, entry))
		return -RV_ENOSPC;
	while (error == 0 && length_bytes != 0) {
		uint64_t part = overlay_within(in_span, span, length_bytes);

		error = overlay_zero_part(map, &overlay_node(*entry)[in_span / span], level - 1, in_span % span, part);
		in_span += part;
		length_bytes -= part;
	}
	return error;
}

int overlay_map_zero(struct overlay_map *map, uint64_t offset, uint64_t length_bytes)
{
	return length_bytes == 0 ? 0 : overlay_zero_part(map, &map->root, OVERLAY_LEVELS, offset, length_bytes);
}

int overlay_map_reserve(struct overlay_map *map, uint64_t offset, uint64_t length_bytes)
{
	for (uint64_t at = offset - offset % OVERLAY_LEAF_BYTES; at < offset + length_bytes; at += OVERLAY_LEAF_BYTES) {
		if (overlay_reach(map, at) == NULL)
			return -RV_ENOSPC;
	}
	return 0;
}

void overlay_map_place(struct overlay_map *map, uint64_t offset, uint64_t block, unsigned units)
{
	uint64_t *entry = overlay_reach(map, offset);

	overlay_prune(map, entry, 0);
	*entry = block << PAGE_SHIFT | units;
	map->nr_blocks += block != 0;
}

uint64_t overlay_map_leaf(const struct overlay_map *map, uint64_t offset, unsigned *units, uint64_t *span)
{
	uint64_t entry = overlay_look(map, offset, span);

	*units = (unsigned)(entry & OVERLAY_LEAF_UNITS);
	return *span == OVERLAY_LEAF_BYTES ? entry >> PAGE_SHIFT : 0;
}

/* How many bytes from an offset on are alike: held, or not. */
static uint64_t overlay_stretch(const struct overlay_map *map, uint64_t offset, bool *is_held)
{
	uint64_t span, entry = overlay_look(map, offset, &span), at = offset;
	uint64_t unit = offset % OVERLAY_LEAF_BYTES / OVERLAY_UNIT_BYTES;

	*is_held = (entry >> unit & 1) != 0;
	if (span != OVERLAY_LEAF_BYTES || (entry & OVERLAY_LEAF_UNITS) == OVERLAY_ZEROS || (entry & OVERLAY_LEAF_UNITS) == 0)
		return span - offset % span;
	do
		at += OVERLAY_UNIT_BYTES;
	while (at % OVERLAY_LEAF_BYTES != 0 && (entry >> at % OVERLAY_LEAF_BYTES / OVERLAY_UNIT_BYTES & 1) == *is_held);
	return at - offset;
}

enum overlay_share overlay_map_share(const struct overlay_map *map, uint64_t offset, uint64_t length_bytes)
{
	bool any = false, all = true;

	while (length_bytes != 0) {
		bool is_held;
		uint64_t part = overlay_stretch(map, offset, &is_held);

		part = part < length_bytes ? part : length_bytes;
		any |= is_held;
		all &= is_held;
		offset += part;
		length_bytes -= part;
	}
	return !any ? OVERLAY_NONE : all ? OVERLAY_ALL : OVERLAY_PART;
}

void overlay_map_read(const struct overlay_map *map, uint64_t offset, void *bytes, size_t length_bytes)
{
	uint8_t *to = bytes;

	while (length_bytes != 0) {
		uint64_t span, entry = overlay_look(map, offset, &span);
		bool is_held;
		uint64_t part = overlay_within(offset, OVERLAY_LEAF_BYTES, overlay_stretch(map, offset, &is_held));

		part = part < length_bytes ? part : length_bytes;
		if (is_held && span == OVERLAY_LEAF_BYTES && overlay_page(entry) != NULL)
			memcpy(to, overlay_page(entry) + offset % OVERLAY_LEAF_BYTES, part);
		else if (is_held)
			memset(to, 0, part);
		offset += part;
		to += part;
		length_bytes -= part;
	}
}

bool overlay_map_next(const struct overlay_map *map, uint64_t *offset, uint64_t *length_bytes, uint64_t most_bytes)
{
	uint64_t length;
	bool is_held = false;

	while (*offset < OVERLAY_BYTES_MAXIMUM) {
		length = overlay_stretch(map, *offset, &is_held);
		if (is_held)
			break;
		*offset += length;
	}
	*length_bytes = 0;
	while (is_held && *offset + *length_bytes < OVERLAY_BYTES_MAXIMUM && *length_bytes < most_bytes) {
		length = overlay_stretch(map, *offset + *length_bytes, &is_held);
		*length_bytes += is_held ? length : 0;
	}
	if (*length_bytes > most_bytes)
		*length_bytes = most_bytes;
	return *length_bytes != 0;
}
