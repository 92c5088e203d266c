/*
 * bytes.c: what class Bytes has in C: a view of the data of a request. It holds no memory: within the object are the
 * request's number, and which part of its data it is about.
 */
#include "request.h"

#include "engine/vm/string.h"

#include <mruby/class.h>
#include <mruby/istruct.h>
#include <mruby/presym.h>
#include <mruby/string.h>

struct bytes {
	uint64_t request;
	struct RObject *event; /* one of those that are there for ever */
	uint32_t first, size;
};

_Static_assert(sizeof(struct bytes) <= ISTRUCT_DATA_SIZE, "a view is within its object");

static struct RClass *bytes_class;

static struct bytes *bytes_of(mrb_value self)
{
	return (struct bytes *)(void *)ISTRUCT_PTR(self);
}

static mrb_value bytes_new(mrb_state *mrb, struct bytes bytes)
{
	mrb_value view = mrb_obj_value(mrb_obj_alloc(mrb, MRB_TT_ISTRUCT, bytes_class));

	*bytes_of(view) = bytes;
	return view;
}

/* Event::Request#data: what is written, or, in `done`, what was read */
static mrb_value request_data(mrb_state *mrb, mrb_value self)
{
	const struct rv_event *event = engine_event_open(mrb, self);
	struct bytes bytes = { event->request, mrb_obj_ptr(self), 0, (uint32_t)event->data_bytes };

	return bytes_new(mrb, bytes);
}

/* Where these bytes of a view are in the data; raises if they are not, or not any more. */
static uint32_t bytes_at(mrb_state *mrb, mrb_value self, mrb_int at, mrb_int count)
{
	const struct bytes *bytes = bytes_of(self);

	/* The event object is the same one each time. */
	if (engine_event_open(mrb, mrb_obj_value(bytes->event))->request != bytes->request)
		mrb_raise(mrb, mrb_class_get(mrb, "EventError"),
			  "this request's block is over: copy what you need from its data");
	if (at < 0 || count < 0 || at > bytes->size || count > bytes->size - at)
		mrb_raisef(mrb, E_RANGE_ERROR, "bytes %i...%v are not within 0...%i", at,
			   mrb_funcall_id(mrb, mrb_int_value(mrb, at), MRB_OPSYM(add), 1, mrb_int_value(mrb, count)),
			   (mrb_int)bytes->size);
	return bytes->first + (uint32_t)at;
}

/* Bytes#size */
static mrb_value bytes_size(mrb_state *mrb, mrb_value self)
{
	return mrb_int_value(mrb, bytes_of(self)->size);
}

/* Bytes#__event */
static mrb_value bytes_event(mrb_state *mrb, mrb_value self)
{
	return mrb_obj_value(bytes_of(self)->event);
}

/* Bytes#__at(at, count) -> the first of them, in all of the request's data */
static mrb_value bytes_class_at(mrb_state *mrb, mrb_value self)
{
	mrb_int at, count;

	mrb_get_args(mrb, "ii", &at, &count);
	return mrb_int_value(mrb, bytes_at(mrb, self, at, count));
}

/* Bytes#__part(at, count) -> a view of that */
static mrb_value bytes_part(mrb_state *mrb, mrb_value self)
{
	struct bytes part = *bytes_of(self);
	mrb_int at, count;

	mrb_get_args(mrb, "ii", &at, &count);
	part.first = bytes_at(mrb, self, at, count);
	part.size = (uint32_t)count;
	return bytes_new(mrb, part);
}

/* Bytes#xor(key), xor(at, key): each byte with those of a String, which is begun again at its end, or with an Integer;
 * from `at` on as many as the key has. */
static mrb_value bytes_xor(mrb_state *mrb, mrb_value self)
{
	mrb_value first, key;
	mrb_int at = 0, count = bytes_of(self)->size, length = 1;
	char byte;

	if (mrb_get_args(mrb, "o|o", &first, &key) == 1)
		key = first;
	else
		at = mrb_as_int(mrb, first);
	if (mrb_integer_p(key)) {
		if (mrb_integer(key) < 0 || mrb_integer(key) > 0xff)
			mrb_raisef(mrb, E_RANGE_ERROR, "a byte is 0 to 255, not %i", mrb_integer(key));
		byte = (char)mrb_integer(key);
	} else {
		mrb_ensure_string_type(mrb, key);
		length = RSTRING_LEN(key);
	}
	if (mrb_get_argc(mrb) == 2)
		count = length;
	data_xor(mrb, bytes_at(mrb, self, at, count), (uint64_t)count, mrb_integer_p(key) ? &byte : RSTRING_PTR(key), length);
	return self;
}

void bytes_init(mrb_state *mrb, struct RClass *request)
{
	bytes_class = mrb_define_class(mrb, "Bytes", mrb->object_class);
	MRB_SET_INSTANCE_TT(bytes_class, MRB_TT_ISTRUCT);
	mrb_undef_class_method(mrb, bytes_class, "new");
	mrb_undef_class_method(mrb, bytes_class, "allocate"); /* a view without an event */
	mrb_define_method_id(mrb, request, MRB_SYM(data), request_data, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, bytes_class, MRB_SYM(size), bytes_size, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, bytes_class, MRB_SYM(length), bytes_size, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, bytes_class, MRB_SYM(xor), bytes_xor, MRB_ARGS_ARG(1, 1));
	mrb_define_method_id(mrb, bytes_class, MRB_SYM(__event), bytes_event, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, bytes_class, MRB_SYM(__at), bytes_class_at, MRB_ARGS_REQ(2));
	mrb_define_method_id(mrb, bytes_class, MRB_SYM(__part), bytes_part, MRB_ARGS_REQ(2));
}
