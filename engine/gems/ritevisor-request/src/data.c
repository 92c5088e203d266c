/*
 * data.c: the data of requests: read, written, and worked on in bulk.
 */
#include "request.h"

#include "engine/vm/string.h"

#include <mruby/class.h>
#include <mruby/presym.h>
#include <mruby/string.h>
#include <string.h>

enum { DATA_READ_MAXIMUM_BYTES = 1 << 20 };

static void data_check(mrb_state *mrb, mrb_int offset, int64_t result)
{
	engine_check(mrb, "Event#data", (uint64_t)offset, result);
}

/* Event::Request#__read(offset, bytes) -> a binary String */
static mrb_value request_read(mrb_state *mrb, mrb_value self)
{
	mrb_int offset, bytes;
	mrb_value text;

	mrb_get_args(mrb, "ii", &offset, &bytes);
	(void)engine_event_open(mrb, self);
	if (bytes < 0 || bytes > DATA_READ_MAXIMUM_BYTES)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "a read takes 0 to %i bytes, not %i",
			   (mrb_int)DATA_READ_MAXIMUM_BYTES, bytes);
	text = string_new_binary(mrb, NULL, bytes);
	engine_check(mrb, "Event#data", (uint64_t)offset,
		     sys_data_read((uint64_t)offset, RSTRING_PTR(text), (uint64_t)bytes));
	return text;
}

/* Event::Request#__write(offset, string) */
static mrb_value request_write(mrb_state *mrb, mrb_value self)
{
	mrb_int offset;
	mrb_value text;

	mrb_get_args(mrb, "iS", &offset, &text);
	(void)engine_event_open(mrb, self);
	engine_check(mrb, "Event#data", (uint64_t)offset,
		     sys_data_write((uint64_t)offset, RSTRING_PTR(text), (uint64_t)RSTRING_LEN(text)));
	return self;
}

/* Event::Request#__resize(bytes): its data are so many from now on */
static mrb_value request_resize(mrb_state *mrb, mrb_value self)
{
	struct rv_event *event = engine_event_open(mrb, self);
	uint64_t bytes = engine_to_unsigned(mrb, mrb_get_arg1(mrb), UINT32_MAX, "the size of data");

	engine_check(mrb, "Event#data", bytes, sys_data_resize(bytes));
	event->data_bytes = bytes;
	return self;
}

/* Event::Request#answer(string): what the guest gets in the place of what the device would give, which does not hear of
 * it */
static mrb_value request_answer(mrb_state *mrb, mrb_value self)
{
	struct rv_event *event = engine_event_open(mrb, self);
	mrb_value text;

	mrb_get_args(mrb, "S", &text);
	if (event->answer_bytes == 0)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "answer: %v gives no data that could be given in its place",
			   mrb_obj_as_string(mrb, self));
	if ((uint64_t)RSTRING_LEN(text) != event->answer_bytes)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "answer: %v takes %i bytes, not %i", mrb_obj_as_string(mrb, self),
			   (mrb_int)event->answer_bytes, (mrb_int)RSTRING_LEN(text));
	data_check(mrb, 0, sys_data_write(0, RSTRING_PTR(text), (uint64_t)RSTRING_LEN(text)));
	event->verdict = RV_VERDICT_DROP;
	return self;
}

/* Event::Request#__size: how many bytes of data there are now */
static mrb_value request_size(mrb_state *mrb, mrb_value self)
{
	return engine_from_u64(mrb, engine_event_open(mrb, self)->data_bytes);
}

/* Bulk work goes through a window: a system call for each, and nothing allocated. */
enum { DATA_WINDOW_BYTES = 4096 };

static uint64_t data_words[DATA_WINDOW_BYTES / 8];
static uint8_t *const data_window = (uint8_t *)data_words;

static mrb_int data_window_part(mrb_int done, mrb_int bytes)
{
	return bytes - done < DATA_WINDOW_BYTES ? bytes - done : DATA_WINDOW_BYTES;
}

/* A key of so many bytes is begun anew after as many words: these are in there, a short key's several times. A longer
 * one goes by bytes. */
enum { DATA_KEY_BYTES = 512, DATA_KEY_WORDS_AT_LEAST = 32 };

static uint64_t data_key[DATA_KEY_BYTES];

/* How many words it is. */
static mrb_int data_key_fill(const char *key, mrb_int length)
{
	mrb_int words = length;
	uint8_t *bytes = (uint8_t *)data_key;

	while (words < DATA_KEY_WORDS_AT_LEAST)
		words += length;
	memcpy(bytes, key, (size_t)length);
	for (mrb_int done = length, part; done < words * 8; done += part) {
		part = done < words * 8 - done ? done : words * 8 - done;
		memcpy(bytes + done, bytes, (size_t)part);
	}
	return words;
}

/* The window's first bytes, of which the first is the one at `done` of all; returns how many. */
static mrb_int data_window_xor_words(mrb_int done, mrb_int part, mrb_int key_words)
{
	mrb_int words = part / 8, at = done / 8 % key_words;

	for (mrb_int i = 0, run; i < words; i += run, at = 0) {
		run = key_words - at < words - i ? key_words - at : words - i;
		for (mrb_int k = 0; k < run; k++)
			data_words[i + k] ^= data_key[at + k];
	}
	return words * 8;
}

void data_xor(mrb_state *mrb, uint64_t offset, uint64_t bytes, const char *key, mrb_int length)
{
	mrb_int key_words, all = (mrb_int)bytes;

	if (length == 0)
		mrb_raise(mrb, E_ARGUMENT_ERROR, "xor needs a byte at least");
	key_words = length <= DATA_KEY_BYTES ? data_key_fill(key, length) : 0;
	for (mrb_int done = 0, part; done < all; done += part) {
		mrb_int i;

		part = data_window_part(done, all);
		data_check(mrb, (mrb_int)offset, sys_data_read(offset + (uint64_t)done, data_window, (uint64_t)part));
		i = key_words != 0 ? data_window_xor_words(done, part, key_words) : 0;
		for (mrb_int at = (done + i) % length; i < part; i++) {
			data_window[i] ^= (uint8_t)key[at];
			at = at + 1 == length ? 0 : at + 1;
		}
		data_check(mrb, (mrb_int)offset, sys_data_write(offset + (uint64_t)done, data_window, (uint64_t)part));
	}
}

/* Event::Request#__fill(offset, bytes, byte) */
static mrb_value request_fill(mrb_state *mrb, mrb_value self)
{
	mrb_int offset, bytes, byte;

	mrb_get_args(mrb, "iii", &offset, &bytes, &byte);
	(void)engine_event_open(mrb, self);
	if (byte < 0 || byte > 0xff)
		mrb_raisef(mrb, E_RANGE_ERROR, "a byte is 0 to 255, not %i", byte);
	memset(data_window, (int)byte, DATA_WINDOW_BYTES);
	for (mrb_int done = 0, part; done < bytes; done += part) {
		part = data_window_part(done, bytes);
		data_check(mrb, offset, sys_data_write((uint64_t)(offset + done), data_window, (uint64_t)part));
	}
	return self;
}

/* Where `pattern` stands first in the window, of which `bytes` are there; -1: nowhere. */
static mrb_int data_window_find(mrb_int bytes, const char *pattern, mrb_int length)
{
	for (mrb_int at = 0; at + length <= bytes; at++) {
		if (data_window[at] == (uint8_t)pattern[0] &&
		    memcmp(data_window + at, pattern, (size_t)length) == 0)
			return at;
	}
	return -1;
}

/* Event::Request#__index(offset, bytes, pattern) -> from `offset` on, or nil. Windows overlap by as much as
 * a pattern can begin in one and end in the next. */
static mrb_value request_index(mrb_state *mrb, mrb_value self)
{
	mrb_int offset, bytes, length;
	mrb_value pattern;

	mrb_get_args(mrb, "iiS", &offset, &bytes, &pattern);
	(void)engine_event_open(mrb, self);
	length = RSTRING_LEN(pattern);
	if (length == 0 || length > DATA_WINDOW_BYTES / 2)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "what is looked for has 1 to %i bytes, not %i",
			   (mrb_int)DATA_WINDOW_BYTES / 2, length);
	for (mrb_int done = 0; done + length <= bytes; done += DATA_WINDOW_BYTES - length + 1) {
		mrb_int part = data_window_part(done, bytes), found;

		data_check(mrb, offset, sys_data_read((uint64_t)(offset + done), data_window, (uint64_t)part));
		found = data_window_find(part, RSTRING_PTR(pattern), length);
		if (found >= 0)
			return mrb_int_value(mrb, done + found);
	}
	return mrb_nil_value();
}

/* Event::Request#__number(offset, count, big) -> of so many bytes, 1 to 8 */
static mrb_value request_number(mrb_state *mrb, mrb_value self)
{
	mrb_int offset, count;
	mrb_bool big;
	uint64_t number = 0;

	mrb_get_args(mrb, "iib", &offset, &count, &big);
	(void)engine_event_open(mrb, self);
	if (count < 1 || count > (mrb_int)sizeof(number))
		mrb_raise(mrb, E_ARGUMENT_ERROR, "a number has 1 to 8 bytes");
	data_check(mrb, offset, sys_data_read((uint64_t)offset, &number, (uint64_t)count));
	if (big)
		number = __builtin_bswap64(number) >> 8 * (8 - count);
	return engine_from_u64(mrb, number);
}

void data_init(mrb_state *mrb, struct RClass *request)
{
	mrb_define_method_id(mrb, request, MRB_SYM(answer), request_answer, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, request, MRB_SYM(__read), request_read, MRB_ARGS_REQ(2));
	mrb_define_method_id(mrb, request, MRB_SYM(__write), request_write, MRB_ARGS_REQ(2));
	mrb_define_method_id(mrb, request, MRB_SYM(__fill), request_fill, MRB_ARGS_REQ(3));
	mrb_define_method_id(mrb, request, MRB_SYM(__index), request_index, MRB_ARGS_REQ(3));
	mrb_define_method_id(mrb, request, MRB_SYM(__number), request_number, MRB_ARGS_REQ(3));
	mrb_define_method_id(mrb, request, MRB_SYM(__size), request_size, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, request, MRB_SYM(__resize), request_resize, MRB_ARGS_REQ(1));
}
