/*
 * kinds.c: whether a String is text or binary, and characters as numbers.
 */
#include "encoding.h"

#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/string.h>

void mrb_ritevisor_encoding_gem_init(mrb_state *mrb);
void mrb_ritevisor_encoding_gem_final(mrb_state *mrb);

static bool kinds_is_named(mrb_value name, const char *wanted)
{
	mrb_int length = (mrb_int)__builtin_strlen(wanted);

	if (RSTRING_LEN(name) != length)
		return false;
	for (mrb_int i = 0; i < length; i++) {
		if (TOUPPER(RSTRING_PTR(name)[i]) != wanted[i])
			return false;
	}
	return true;
}

static bool kinds_named_binary(mrb_state *mrb, mrb_value name)
{
	mrb_ensure_string_type(mrb, name);
	if (kinds_is_named(name, "BINARY") || kinds_is_named(name, "ASCII-8BIT"))
		return true;
	if (!kinds_is_named(name, "UTF-8"))
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "unknown encoding name - %v (there are UTF-8 and "
			   "BINARY)", name);
	return false;
}

static mrb_value kinds_encoding(mrb_state *mrb, mrb_value self)
{
	return string_is_binary(mrb_str_ptr(self)) ? mrb_str_new_lit(mrb, "ASCII-8BIT")
						   : mrb_str_new_lit(mrb, "UTF-8");
}

static mrb_value kinds_force(mrb_state *mrb, mrb_value self)
{
	bool binary = kinds_named_binary(mrb, mrb_get_arg1(mrb));

	mrb_check_frozen(mrb, mrb_str_ptr(self));
	string_set_binary(mrb_str_ptr(self), binary);
	return self;
}

static mrb_value kinds_to_binary(mrb_state *mrb, mrb_value self)
{
	mrb_value made = mrb_str_dup(mrb, self);

	string_set_binary(mrb_str_ptr(made), true);
	return made;
}

static mrb_value kinds_is_ascii(mrb_state *mrb, mrb_value self)
{
	return mrb_bool_value(string_is_ascii(mrb_str_ptr(self)));
}

static mrb_value kinds_is_valid(mrb_state *mrb, mrb_value self)
{
	return mrb_bool_value(string_is_valid(mrb_str_ptr(self)));
}

mrb_value encoding_character(mrb_state *mrb, mrb_value number, bool binary)
{
	mrb_int code = mrb_as_int(mrb, number);
	char bytes[STRING_CHARACTER_BYTES];

	if (code < 0 || code > (binary ? 0xff : 0x10ffff))
		mrb_raisef(mrb, E_RANGE_ERROR, "%v out of char range", number);
	if (binary) {
		bytes[0] = (char)code;
		return string_new_binary(mrb, bytes, 1);
	}
	if (code >= 0xd800 && code <= 0xdfff)
		mrb_raisef(mrb, E_RANGE_ERROR, "invalid codepoint %v in UTF-8", number);
	return mrb_str_new(mrb, bytes, string_encode((uint32_t)code, bytes));
}

/* 65.chr, 230.chr (binary), 230.chr("UTF-8") */
static mrb_value kinds_chr(mrb_state *mrb, mrb_value self)
{
	mrb_value name = mrb_undef_value(), made;

	mrb_get_args(mrb, "|o", &name);
	if (!mrb_undef_p(name))
		return encoding_character(mrb, self, kinds_named_binary(mrb, name));
	made = encoding_character(mrb, self, true);
	string_set_binary(mrb_str_ptr(made), !string_is_ascii(mrb_str_ptr(made)));
	return made;
}

static mrb_value kinds_ord(mrb_state *mrb, mrb_value self)
{
	struct encoding_bytes text = encoding_bytes(self);
	mrb_int length;

	if (text.start == text.end)
		mrb_raise(mrb, E_ARGUMENT_ERROR, "empty string");
	return mrb_int_value(mrb, encoding_code(mrb, &text, text.start, &length));
}

static mrb_value kinds_codepoints(mrb_state *mrb, mrb_value self)
{
	struct encoding_bytes text = encoding_bytes(self);
	mrb_value codes = mrb_ary_new(mrb);
	mrb_int length;

	for (const char *at = text.start; at < text.end; at += length)
		mrb_ary_push(mrb, codes, mrb_int_value(mrb, encoding_code(mrb, &text, at, &length)));
	return codes;
}

static void kinds_append(mrb_state *mrb, mrb_value self, mrb_value part)
{
	if (mrb_integer_p(part) || mrb_float_p(part))
		part = encoding_character(mrb, part, string_is_binary(mrb_str_ptr(self)));
	mrb_str_append(mrb, self, part);
}

/* string << "text", string << 0x263a, string.concat(...): of the parts as they were before. */
static mrb_value kinds_concat(mrb_state *mrb, mrb_value self)
{
	const mrb_value *parts;
	mrb_value all;
	mrb_int count;

	if (mrb_get_argc(mrb) == 1) {
		kinds_append(mrb, self, mrb_get_arg1(mrb));
		return self;
	}
	mrb_get_args(mrb, "*", &parts, &count);
	mrb_check_frozen(mrb, mrb_str_ptr(self));
	all = encoding_part(mrb, self, 0, 0);
	for (mrb_int i = 0; i < count; i++)
		kinds_append(mrb, all, mrb_get_argv(mrb)[i]);
	return mrb_str_append(mrb, self, all);
}

static mrb_value kinds_prepend(mrb_state *mrb, mrb_value self)
{
	mrb_int count = mrb_get_argc(mrb);
	mrb_value all = encoding_part(mrb, self, 0, 0);

	for (mrb_int i = 0; i < count; i++)
		mrb_str_append(mrb, all, mrb_get_argv(mrb)[i]);
	mrb_check_frozen(mrb, mrb_str_ptr(self));
	string_replace_bytes(mrb, self, 0, 0, all);
	return self;
}

void encoding_init_kinds(mrb_state *mrb)
{
	struct RClass *string = mrb->string_class, *module = mrb_define_module(mrb, "Encoding");

	mrb_define_const(mrb, module, "UTF_8", mrb_obj_freeze(mrb, mrb_str_new_lit(mrb, "UTF-8")));
	mrb_define_const(mrb, module, "BINARY", mrb_obj_freeze(mrb, mrb_str_new_lit(mrb, "ASCII-8BIT")));
	mrb_define_const(mrb, module, "ASCII_8BIT",
			 mrb_obj_freeze(mrb, mrb_str_new_lit(mrb, "ASCII-8BIT")));
	mrb_define_method_id(mrb, string, MRB_SYM(encoding), kinds_encoding, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, string, MRB_SYM(force_encoding), kinds_force, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, string, MRB_SYM(b), kinds_to_binary, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, string, MRB_SYM_Q(ascii_only), kinds_is_ascii, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, string, MRB_SYM_Q(valid_encoding), kinds_is_valid, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, string, MRB_SYM(ord), kinds_ord, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, string, MRB_SYM(__codepoints), kinds_codepoints, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, string, MRB_OPSYM(lshift), kinds_concat, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, string, MRB_SYM(concat), kinds_concat, MRB_ARGS_ANY());
	mrb_define_method_id(mrb, string, MRB_SYM(prepend), kinds_prepend, MRB_ARGS_ANY());
	mrb_define_method_id(mrb, mrb->integer_class, MRB_SYM(chr), kinds_chr, MRB_ARGS_OPT(1));
}

void mrb_ritevisor_encoding_gem_init(mrb_state *mrb)
{
	encoding_init_kinds(mrb);
	encoding_init_places(mrb);
	encoding_init_edits(mrb);
	encoding_init_parts(mrb);
	encoding_init_sets(mrb);
	encoding_init_replacement(mrb);
}

void mrb_ritevisor_encoding_gem_final(mrb_state *mrb)
{
}
