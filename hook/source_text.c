/*
 * hook/source_text.c: texts that a script gives or gets: what it hands over to the one that takes its place, what
 * that one gets, and lines that a user types. Nothing is intercepted for them: hook_tell() delivers.
 */
#include "core/string.h"
#include "hook/hook.h"
#include "rv/errno.h"

static int text_attach(struct hook *hook)
{
	(void)hook;
	return 0;
}

static void text_detach(struct hook *hook)
{
	(void)hook;
}

static void text_fill(struct rv_event *event, const struct event_origin *origin)
{
	event->data_bytes = origin->text != NULL ? origin->text->length_bytes : 0;
}

static bool text_lies_within(uint64_t offset, uint64_t length_bytes, uint64_t end)
{
	return offset <= end && length_bytes <= end - offset;
}

static int text_read(struct event_origin *origin, uint64_t offset, void *buffer, size_t length_bytes, bool write)
{
	const struct hook_text *text = origin->text;

	if (text == NULL || write)
		return -RV_EAGAIN;
	if (!text_lies_within(offset, length_bytes, text->length_bytes))
		return -RV_ERANGE;
	memcpy(buffer, text->bytes + offset, length_bytes);
	return 0;
}

/* Without gaps. */
static int text_write(struct event_origin *origin, uint64_t offset, void *buffer, size_t length_bytes, bool write)
{
	struct hook_text *text = origin->text;

	if (text == NULL || !write)
		return -RV_EAGAIN;
	if (offset > text->length_bytes || !text_lies_within(offset, length_bytes, text->room_bytes))
		return -RV_ERANGE;
	memcpy(text->bytes + offset, buffer, length_bytes);
	if (offset + length_bytes > text->length_bytes)
		text->length_bytes = offset + length_bytes;
	return 0;
}

SOURCE(hand_over) = {
	.kind = RV_EVENT_HAND_OVER,
	.attach = text_attach,
	.detach = text_detach,
	.data = text_write,
};
SOURCE(reloaded) = {
	.kind = RV_EVENT_RELOADED,
	.attach = text_attach,
	.detach = text_detach,
	.fill = text_fill,
	.data = text_read,
};
SOURCE(input) = {
	.kind = RV_EVENT_INPUT,
	.attach = text_attach,
	.detach = text_detach,
	.fill = text_fill,
	.data = text_read,
};
