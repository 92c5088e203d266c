/*
 * disk.c: what class Disk and Event::Request have in C.
 */
#include "data.h"
#include "disk.h"

#include "engine/engine.h"
#include "engine/vm/string.h"

#include "rv/disk.h"

#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/presym.h>
#include <mruby/string.h>
#include <string.h>

void mrb_ritevisor_disk_gem_init(mrb_state *mrb);
void mrb_ritevisor_disk_gem_final(mrb_state *mrb);

enum { DATA_READ_MAXIMUM_BYTES = 1 << 20 };

/* Disk.__info(position) -> [name, number of sectors, bytes a sector, model, serial], nil behind the last */
static mrb_value disk_info(mrb_state *mrb, mrb_value self)
{
	struct rv_disk_info info;
	char name[RV_DISK_NAME_BYTES];
	mrb_value values[5];

	if (sys_disk((uint64_t)mrb_as_int(mrb, mrb_get_arg1(mrb)), &info) < 0)
		return mrb_nil_value();
	rv_disk_name(info.number, name);
	values[0] = mrb_symbol_value(mrb_intern_cstr(mrb, name));
	values[1] = engine_from_u64(mrb, info.sectors);
	values[2] = mrb_fixnum_value((mrb_int)info.sector_bytes);
	values[3] = mrb_str_new_cstr(mrb, info.model);
	values[4] = mrb_str_new_cstr(mrb, info.serial);
	return mrb_ary_new_from_values(mrb, 5, values);
}

/* Disk.__fail(name): its controller's end, until the guest resets it; nil: it has no word for that */
static mrb_value disk_fail(mrb_state *mrb, mrb_value self)
{
	uint32_t number = rv_disk_named(mrb_sym_name(mrb, mrb_obj_to_sym(mrb, mrb_get_arg1(mrb))));
	int64_t result = sys_disk_fail(number);

	(void)self;
	if (result == -RV_ENOTSUP)
		return mrb_nil_value();
	engine_check(mrb, "Disk::Controller#fail", number, result);
	return mrb_true_value();
}

/* A script's own reads and writes ----------------------------------------------------------------- */

static const struct {
	int number;
	const char *text;
} transfer_errors[] = {
	{ RV_ENOENT, "there is no such disk, or it is not known yet: wait for on(:disk_attach)" },
	{ RV_EINVAL, "a disk is read and written in whole sectors" },
	{ RV_ERANGE, "beyond its end" },
	{ RV_EPERM, "a hook of another script decides about that" },
	{ RV_EACCES, "given up by `powers` at the script's top level: name :disk there to keep it" },
	{ RV_EAGAIN, "it cannot be had now: a script has to hook its requests before the guest's driver sets it up, and "
		     "the driver has to have done that" },
	{ RV_EBUSY, "it is amid a command of the guest's: try again, in `every` or `after`" },
	{ RV_ENOTSUP, "not with a disk of this kind" },
	{ RV_EIO, "it has failed that, or was reset" },
	{ RV_ETIMEDOUT, "it takes too long: for one event it is two seconds in all" },
	{ RV_ENOMEM, "the hypervisor has not enough memory: give more with memory=" },
};

static const char *transfer_error(int64_t number)
{
	for (size_t i = 0; i < ARRAY_LENGTH(transfer_errors); i++) {
		if (transfer_errors[i].number == number)
			return transfer_errors[i].text;
	}
	return "unknown error";
}

static void transfer_check(mrb_state *mrb, const char *what, mrb_value name, mrb_int lba, int64_t result)
{
	if (result == 0)
		return;
	mrb_raisef(mrb, mrb_class_get(mrb, result == -RV_EBUSY ? "DiskBusy" : "AccessError"), "Disk#%s %v lba=%i: %s (error %i)",
		   what, name, lba, transfer_error(-result), (mrb_int)-result);
}

uint32_t disk_number_of(mrb_state *mrb, mrb_value name)
{
	return rv_disk_named(mrb_sym_name(mrb, mrb_obj_to_sym(mrb, name)));
}

/* Disk.__read(name, lba, bytes) -> a binary String */
static mrb_value disk_read(mrb_state *mrb, mrb_value self)
{
	mrb_int lba, bytes;
	mrb_value name, text;

	(void)self;
	mrb_get_args(mrb, "oii", &name, &lba, &bytes);
	if (lba < 0 || bytes <= 0 || bytes > RV_DISK_IO_BYTES)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "a read takes sectors from 0 on, and 1 to %i bytes, not %i from %i",
			   (mrb_int)RV_DISK_IO_BYTES, bytes, lba);
	text = string_new_binary(mrb, NULL, bytes);
	transfer_check(mrb, "read", name, lba,
		       sys_disk_read(disk_number_of(mrb, name), (uint64_t)lba, RSTRING_PTR(text), (uint64_t)bytes));
	return text;
}

/* Disk.__write(name, lba, string) */
static mrb_value disk_write(mrb_state *mrb, mrb_value self)
{
	mrb_value name, text;
	mrb_int lba;

	mrb_get_args(mrb, "oiS", &name, &lba, &text);
	if (lba < 0 || RSTRING_LEN(text) == 0 || RSTRING_LEN(text) > RV_DISK_IO_BYTES)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "a write takes sectors from 0 on, and 1 to %i bytes, not %i from %i",
			   (mrb_int)RV_DISK_IO_BYTES, (mrb_int)RSTRING_LEN(text), lba);
	transfer_check(mrb, "write", name, lba,
		       sys_disk_write(disk_number_of(mrb, name), (uint64_t)lba, RSTRING_PTR(text),
				      (uint64_t)RSTRING_LEN(text)));
	return self;
}

/* Disk.__flush(name) */
static mrb_value disk_flush(mrb_state *mrb, mrb_value self)
{
	mrb_value name = mrb_get_arg1(mrb);

	transfer_check(mrb, "flush", name, 0, sys_disk_flush(disk_number_of(mrb, name)));
	return self;
}

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

/* A range as [lba, sectors]: of ATA 48 bits and 16, of NVMe in the second half, and the upper half of the first. */
static void range_push(mrb_state *mrb, mrb_value list, const uint64_t *words, bool is_nvme)
{
	uint64_t sectors = is_nvme ? words[0] >> 32 : words[0] >> 48;
	uint64_t lba = is_nvme ? words[1] : words[0] & ((UINT64_C(1) << 48) - 1);
	int arena = mrb_gc_arena_save(mrb);
	mrb_value pair[2];

	if (sectors == 0)
		return;
	pair[0] = engine_from_u64(mrb, lba);
	pair[1] = engine_from_u64(mrb, sectors);
	mrb_ary_push(mrb, list, mrb_ary_new_from_values(mrb, 2, pair));
	mrb_gc_arena_restore(mrb, arena);
}

/* Event::Request#__ranges(is_nvme) -> the ranges of the list that are its data */
static mrb_value request_ranges(mrb_state *mrb, mrb_value self)
{
	uint64_t bytes = engine_event_open(mrb, self)->data_bytes;
	mrb_value list = mrb_ary_new(mrb);
	mrb_bool is_nvme;

	mrb_get_args(mrb, "b", &is_nvme);
	for (uint64_t done = 0; done < bytes; done += DATA_WINDOW_BYTES) {
		mrb_int part = data_window_part((mrb_int)done, (mrb_int)bytes), entry_bytes = is_nvme ? 16 : 8;

		data_check(mrb, (mrb_int)done, sys_data_read(done, data_window, (uint64_t)part));
		for (mrb_int at = 0; at + entry_bytes <= part; at += entry_bytes) {
			uint64_t words[2] = { 0 };

			memcpy(words, data_window + at, (size_t)entry_bytes);
			range_push(mrb, list, words, is_nvme);
		}
	}
	return list;
}

/* Event::Request#__hold(us, delays): it waits, with what was changed in it so far and is changed yet. Less than 0
 * microseconds: for ever. */
static mrb_value request_hold(mrb_state *mrb, mrb_value self)
{
	struct rv_event *event = engine_event_open(mrb, self);
	uint32_t verdict = event->verdict & ~(uint32_t)RV_VERDICT_MODIFIERS;
	mrb_int us;
	mrb_bool delays;

	mrb_get_args(mrb, "ib", &us, &delays);
	if (verdict != RV_VERDICT_PASS && verdict != RV_VERDICT_CHANGE)
		mrb_raise(mrb, E_ARGUMENT_ERROR, "what is denied or dropped cannot wait");
	event->verdict |= RV_VERDICT_HOLD;
	event->hold_us = us < 0 ? RV_HOLD_US_EVER : (uint64_t)us;
	event->flags = delays ? event->flags | RV_EVENT_DELAYED : event->flags & ~RV_EVENT_DELAYED;
	return self;
}

static _Noreturn void refusal_raise_reason(mrb_state *mrb, mrb_value reason)
{
	mrb_value known = mrb_str_new_lit(mrb, "");

	for (uint32_t i = 1; i < RV_DISK_REASON_COUNT; i++) {
		mrb_str_cat_cstr(mrb, known, i == 1 ? ":" : ", :");
		mrb_str_cat_cstr(mrb, known, rv_disk_reason_name(i));
	}
	mrb_raisef(mrb, E_ARGUMENT_ERROR, "deny: no reason is called %v; there are %v, and any text for the log",
		   mrb_inspect(mrb, reason), known);
}

static uint32_t refusal_reason(mrb_state *mrb, mrb_value reason)
{
	for (uint32_t i = 1; i < RV_DISK_REASON_COUNT; i++) {
		if (strcmp(rv_disk_reason_name(i), mrb_sym_name(mrb, mrb_symbol(reason))) == 0)
			return i;
	}
	refusal_raise_reason(mrb, reason);
}

/* RV_REFUSAL_* of what `deny` was given; nil where it was not. */
static uint32_t refusal_of(mrb_state *mrb, mrb_value reason, mrb_value status, mrb_value retry)
{
	uint32_t refusal = mrb_symbol_p(reason) ? refusal_reason(mrb, reason) : 0;

	if (!mrb_nil_p(status)) {
		if (!mrb_integer_p(status) || mrb_integer(status) < 1 || mrb_integer(status) > (mrb_int)RV_REFUSAL_LOW)
			mrb_raisef(mrb, E_ARGUMENT_ERROR, "status: is a code of the controller's, 1 to 0xffff, not %v",
				   mrb_inspect(mrb, status));
		refusal = RV_REFUSAL_STATUS | (uint32_t)mrb_integer(status);
	}
	return refusal | (mrb_test(retry) ? RV_REFUSAL_RETRY : 0);
}

/* Takes deny's arguments: the first, or nil, goes to *reason. */
static uint32_t refusal_arguments(mrb_state *mrb, mrb_value *reason)
{
	const mrb_sym names[2] = { MRB_SYM(status), MRB_SYM(retry) };
	mrb_value values[2];
	mrb_kwargs keywords = { .num = 2, .table = names, .values = values };

	*reason = mrb_nil_value();
	mrb_get_args(mrb, "|o:", reason, &keywords);
	for (unsigned int i = 0; i < 2; i++) {
		if (mrb_undef_p(values[i]))
			values[i] = mrb_nil_value();
	}
	return refusal_of(mrb, *reason, values[0], values[1]);
}

/* Event::Request#deny(reason = nil, status: nil, retry: false): the reason a Symbol that the guest's driver gets to
 * know, or a text for the log. */
static mrb_value request_deny(mrb_state *mrb, mrb_value self)
{
	mrb_value reason;
	uint32_t refusal = refusal_arguments(mrb, &reason);

	(void)mrb_funcall_id(mrb, self, MRB_SYM(__deny), mrb_nil_p(reason) || mrb_symbol_p(reason) ? 0 : 1, reason);
	engine_event()->refusal = refusal;
	return self;
}

/* Event::Held.__refusal(reason = nil, status: nil, retry: false) -> what __resolve takes */
static mrb_value held_refusal(mrb_state *mrb, mrb_value self)
{
	mrb_value reason;

	(void)self;
	return mrb_fixnum_value((mrb_int)refusal_arguments(mrb, &reason));
}

/* Event::Held.__resolve(request, verdict, refusal) -> did it wait? The verdict: 0 pass, 1 deny, 2 drop */
static mrb_value held_resolve(mrb_state *mrb, mrb_value self)
{
	static const uint32_t verdicts[] = { RV_VERDICT_PASS, RV_VERDICT_DENY, RV_VERDICT_DROP };
	mrb_value request;
	mrb_int verdict, refusal;
	int64_t result;

	(void)self;
	mrb_get_args(mrb, "oii", &request, &verdict, &refusal);
	result = sys_resolve(engine_to_u64(mrb, request), verdicts[verdict % 3], (uint64_t)refusal);
	return mrb_bool_value(result == 0);
}

void mrb_ritevisor_disk_gem_init(mrb_state *mrb)
{
	struct RClass *disk = mrb_define_class(mrb, "Disk", mrb->object_class);
	struct RClass *request = mrb_class_get_under(mrb, mrb_class_get(mrb, "Event"), "Request");

	struct RClass *held = mrb_define_class_under(mrb, mrb_class_get(mrb, "Event"), "Held", mrb->object_class);

	mrb_define_class_method_id(mrb, held, MRB_SYM(__resolve), held_resolve, MRB_ARGS_REQ(3));
	mrb_define_class_method_id(mrb, held, MRB_SYM(__refusal), held_refusal, MRB_ARGS_OPT(1) | MRB_ARGS_KEY(2, 0));
	mrb_define_class_method_id(mrb, disk, MRB_SYM(__info), disk_info, MRB_ARGS_REQ(1));
	mrb_define_class_method_id(mrb, disk, MRB_SYM(__fail), disk_fail, MRB_ARGS_REQ(1));
	overlay_init(mrb);
	mrb_define_class(mrb, "DiskBusy", mrb_class_get(mrb, "AccessError"));
	mrb_define_class_method_id(mrb, disk, MRB_SYM(__read), disk_read, MRB_ARGS_REQ(3));
	mrb_define_class_method_id(mrb, disk, MRB_SYM(__write), disk_write, MRB_ARGS_REQ(3));
	mrb_define_class_method_id(mrb, disk, MRB_SYM(__flush), disk_flush, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, request, MRB_SYM(answer), request_answer, MRB_ARGS_REQ(1));
	mrb_define_alias_id(mrb, request, MRB_SYM(__deny), MRB_SYM(deny));
	mrb_define_method_id(mrb, request, MRB_SYM(deny), request_deny, MRB_ARGS_OPT(1) | MRB_ARGS_KEY(2, 0));
	mrb_define_method_id(mrb, request, MRB_SYM(__read), request_read, MRB_ARGS_REQ(2));
	mrb_define_method_id(mrb, request, MRB_SYM(__write), request_write, MRB_ARGS_REQ(2));
	mrb_define_method_id(mrb, request, MRB_SYM(__fill), request_fill, MRB_ARGS_REQ(3));
	mrb_define_method_id(mrb, request, MRB_SYM(__index), request_index, MRB_ARGS_REQ(3));
	mrb_define_method_id(mrb, request, MRB_SYM(__number), request_number, MRB_ARGS_REQ(3));
	mrb_define_method_id(mrb, request, MRB_SYM(__ranges), request_ranges, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, request, MRB_SYM(__size), request_size, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, request, MRB_SYM(__resize), request_resize, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, request, MRB_SYM(__hold), request_hold, MRB_ARGS_REQ(2));
	bytes_init(mrb, request);
}

void mrb_ritevisor_disk_gem_final(mrb_state *mrb)
{
	(void)mrb;
}
