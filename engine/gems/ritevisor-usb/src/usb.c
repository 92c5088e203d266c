/*
 * usb.c: what class Usb has in C.
 */
#include "engine/engine.h"

#include "rv/sha256.h"
#include "rv/errno.h"
#include "rv/usb.h"

#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/presym.h>
#include <mruby/string.h>
#include <string.h>

void mrb_ritevisor_usb_gem_init(mrb_state *mrb);
void mrb_ritevisor_usb_gem_final(mrb_state *mrb);

static mrb_value usb_text(mrb_state *mrb, const char *text, size_t room_bytes)
{
	return mrb_str_new(mrb, text, (mrb_int)strnlen(text, room_bytes));
}

/* [[class, subclass, protocol], ...] */
static mrb_value usb_interfaces(mrb_state *mrb, const struct rv_usb_info *info)
{
	mrb_value list = mrb_ary_new_capa(mrb, (mrb_int)info->nr_interfaces);

	for (uint32_t i = 0; i < info->nr_interfaces && i < RV_USB_INTERFACES_MAXIMUM; i++) {
		int arena = mrb_gc_arena_save(mrb);
		mrb_value parts[3] = { mrb_fixnum_value(info->interfaces[i].class_code),
				       mrb_fixnum_value(info->interfaces[i].subclass),
				       mrb_fixnum_value(info->interfaces[i].protocol) };

		mrb_ary_push(mrb, list, mrb_ary_new_from_values(mrb, 3, parts));
		mrb_gc_arena_restore(mrb, arena);
	}
	return list;
}

/* Usb.__info(position) -> [number, vendor, product, class, speed, flags, bytes of descriptors, path, manufacturer, product,
 * serial, interfaces, release]; nil behind the last */
static mrb_value usb_info(mrb_state *mrb, mrb_value self)
{
	static struct rv_usb_info info;
	mrb_value values[13];

	(void)self;
	if (sys_usb((uint64_t)mrb_as_int(mrb, mrb_get_arg1(mrb)), &info) < 0)
		return mrb_nil_value();
	values[0] = mrb_fixnum_value(info.number);
	values[1] = mrb_fixnum_value(info.vendor_id);
	values[2] = mrb_fixnum_value(info.product_id);
	values[3] = mrb_fixnum_value(info.class_code);
	values[4] = mrb_fixnum_value(info.speed);
	values[5] = mrb_fixnum_value((mrb_int)info.flags);
	values[6] = mrb_fixnum_value((mrb_int)info.descriptor_bytes);
	values[7] = usb_text(mrb, info.path, sizeof(info.path));
	values[8] = usb_text(mrb, info.manufacturer, sizeof(info.manufacturer));
	values[9] = usb_text(mrb, info.product, sizeof(info.product));
	values[10] = usb_text(mrb, info.serial, sizeof(info.serial));
	values[11] = usb_interfaces(mrb, &info);
	values[12] = mrb_fixnum_value(info.release);
	return mrb_ary_new_from_values(mrb, 13, values);
}

/* Usb.__descriptors(number, bytes) -> String; nil: there is no such device any more */
static mrb_value usb_descriptors(mrb_state *mrb, mrb_value self)
{
	mrb_int number, bytes;
	mrb_value text;

	(void)self;
	mrb_get_args(mrb, "ii", &number, &bytes);
	if (number < 0 || bytes < 0 || bytes > RV_USB_DESCRIPTOR_BYTES)
		return mrb_nil_value();
	text = mrb_str_new(mrb, NULL, bytes);
	if (sys_usb_read((uint64_t)number, 0, RSTRING_PTR(text), (uint64_t)bytes) != 0)
		return mrb_nil_value();
	return text;
}

/* Usb.__digest(text) -> its SHA-256 in base64, as USBGuard writes it */
static mrb_value usb_digest(mrb_state *mrb, mrb_value self)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t digest[SHA256_BYTES + 1] = { 0 };
	mrb_value text = mrb_get_arg1(mrb);
	char written[44];

	(void)self;
	mrb_ensure_string_type(mrb, text);
	sha256(RSTRING_PTR(text), (size_t)RSTRING_LEN(text), digest);
	for (unsigned int i = 0; i < 43; i++) {
		unsigned int at = i * 6, pair = (unsigned int)digest[at / 8] << 8 | digest[at / 8 + 1];

		written[i] = letters[pair >> (10 - at % 8) & 63];
	}
	written[43] = '=';
	return mrb_str_new(mrb, written, sizeof(written));
}

void mrb_ritevisor_usb_gem_init(mrb_state *mrb)
{
	struct RClass *usb = mrb_define_class(mrb, "Usb", mrb->object_class);

	(void)engine_open_constant(mrb, MRB_SYM(Bytes)); /* requests */
	mrb_define_class_method_id(mrb, usb, MRB_SYM(__info), usb_info, MRB_ARGS_REQ(1));
	mrb_define_class_method_id(mrb, usb, MRB_SYM(__descriptors), usb_descriptors, MRB_ARGS_REQ(2));
	mrb_define_class_method_id(mrb, usb, MRB_SYM(__digest), usb_digest, MRB_ARGS_REQ(1));
}

void mrb_ritevisor_usb_gem_final(mrb_state *mrb)
{
	(void)mrb;
}
