/*
 * net_dns.c: Dns.__parse
 */
#include "net.h"

#include "address.h"
#include "dns.h"

#include "engine/vm/string.h"

#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/presym.h>
#include <mruby/string.h>
#include <stdio.h>
#include <string.h>

static mrb_value dns_address(mrb_state *mrb, const uint8_t *bytes, uint8_t family)
{
	struct address address = { { 0 } };
	char text[ADDRESS_TEXT_BYTES];

	memcpy(address.bytes, bytes, family == 6 ? 16 : 4);
	address_write(&address, family, text);
	return mrb_str_new_cstr(mrb, text);
}

/* A name in a record's data, behind some numbers of 16 bits; nil: there is none, or it goes on behind the data. */
static mrb_value dns_data_name(mrb_state *mrb, const struct dns_message *message, const struct dns_record *record,
			       unsigned int nr_numbers)
{
	mrb_value text = mrb_str_new_lit(mrb, "");
	uint32_t at = record->data_at + 2 * nr_numbers, end;
	char name[DNS_TEXT_BYTES], number[8];

	if (record->data_bytes < 2 * nr_numbers + 1)
		return mrb_nil_value();
	end = dns_name(message, at, name);
	if (end == 0 || end > record->data_at + record->data_bytes)
		return mrb_nil_value();
	for (uint32_t i = record->data_at; i < at; i += 2) {
		snprintf(number, sizeof(number), "%u ", (unsigned int)packet_number(message->bytes + i, 2));
		mrb_str_cat_cstr(mrb, text, number);
	}
	return mrb_str_cat_cstr(mrb, text, name);
}

/* The Strings of a TXT record, one after the other. */
static mrb_value dns_text(mrb_state *mrb, const struct dns_message *message, const struct dns_record *record)
{
	uint32_t at = record->data_at, end = at + record->data_bytes;
	mrb_value text = string_new_binary(mrb, NULL, 0);

	while (at < end) {
		uint32_t count = message->bytes[at++];

		if (count > end - at)
			return mrb_nil_value();
		mrb_str_cat(mrb, text, (const char *)message->bytes + at, count);
		at += count;
	}
	return text;
}

/* What a record says; nil: what its type does not allow. */
static mrb_value dns_data(mrb_state *mrb, const struct dns_message *message, const struct dns_record *record)
{
	const uint8_t *bytes = message->bytes + record->data_at;

	switch (record->type) {
	case DNS_A:
		return record->data_bytes == 4 ? dns_address(mrb, bytes, 4) : mrb_nil_value();
	case DNS_AAAA:
		return record->data_bytes == 16 ? dns_address(mrb, bytes, 6) : mrb_nil_value();
	case DNS_NS:
	case DNS_CNAME:
	case DNS_PTR:
		return dns_data_name(mrb, message, record, 0);
	case DNS_MX:
		return dns_data_name(mrb, message, record, 1);
	case DNS_SRV:
		return dns_data_name(mrb, message, record, 3);
	case DNS_TXT:
		return dns_text(mrb, message, record);
	default:
		return string_new_binary(mrb, (const char *)bytes, record->data_bytes);
	}
}

/* [section, name, type, class, ttl, data] */
static mrb_value dns_record_value(mrb_state *mrb, const struct dns_message *message, const struct dns_record *record)
{
	char name[DNS_TEXT_BYTES];
	mrb_value values[6];

	(void)dns_name(message, record->name_at, name);
	values[0] = mrb_fixnum_value(record->section);
	values[1] = mrb_str_new_cstr(mrb, name);
	values[2] = mrb_fixnum_value(record->type);
	values[3] = mrb_fixnum_value(record->class);
	values[4] = mrb_fixnum_value((mrb_int)record->ttl);
	values[5] = record->section == DNS_QUESTION ? mrb_nil_value() : dns_data(mrb, message, record);
	return mrb_ary_new_from_values(mrb, 6, values);
}

/* Dns.__parse(bytes) -> [id, flags, cut, records], or nil */
static mrb_value dns_class_parse(mrb_state *mrb, mrb_value self)
{
	struct dns_message message;
	mrb_value text = mrb_get_arg1(mrb), values[4];
	int arena;

	mrb_ensure_string_type(mrb, text);
	if (RSTRING_LEN(text) > 0xffff ||
	    !dns_parse(&message, (const uint8_t *)RSTRING_PTR(text), (uint32_t)RSTRING_LEN(text)))
		return mrb_nil_value();
	values[3] = mrb_ary_new_capa(mrb, (mrb_int)message.nr_records);
	arena = mrb_gc_arena_save(mrb);
	for (uint32_t i = 0; i < message.nr_records; i++) {
		mrb_ary_push(mrb, values[3], dns_record_value(mrb, &message, &message.records[i]));
		mrb_gc_arena_restore(mrb, arena);
	}
	values[0] = mrb_fixnum_value(message.id);
	values[1] = mrb_fixnum_value(message.flags);
	values[2] = mrb_bool_value(message.is_cut);
	return mrb_ary_new_from_values(mrb, 4, values);
}

void net_dns_init(mrb_state *mrb)
{
	struct RClass *dns = mrb_define_class(mrb, "Dns", mrb->object_class);

	mrb_define_class_method_id(mrb, dns, MRB_SYM(__parse), dns_class_parse, MRB_ARGS_REQ(1));
}
