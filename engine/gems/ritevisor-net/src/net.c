/*
 * net.c: what class Nic has in C.
 */
#include "net.h"

#include "address.h"

#include "rv/errno.h"
#include "rv/metric_key.h"
#include "rv/net.h"

#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/presym.h>
#include <mruby/string.h>

void mrb_ritevisor_net_gem_init(mrb_state *mrb);
void mrb_ritevisor_net_gem_final(mrb_state *mrb);

/* "52:54:00:12:34:56" */
static mrb_value nic_mac(mrb_state *mrb, uint64_t mac)
{
	uint8_t bytes[ADDRESS_MAC_BYTES];
	char text[ADDRESS_TEXT_BYTES];

	for (int i = 0; i < ADDRESS_MAC_BYTES; i++)
		bytes[i] = (uint8_t)(mac >> 8 * (ADDRESS_MAC_BYTES - 1 - i));
	address_write_mac(bytes, text);
	return mrb_str_new_cstr(mrb, text);
}

/* Nic.__word(number) -> what it is in keys of metrics */
static mrb_value nic_word(mrb_state *mrb, mrb_value self)
{
	uint64_t number = engine_to_unsigned(mrb, mrb_get_arg1(mrb), UINT32_MAX, "nic");

	(void)self;
	return mrb_int_value(mrb, (mrb_int)rv_word_pack(RV_WORD_NIC, (uint32_t)number));
}

/* Nic.__info(position) -> [number, function, flags, MAC, driver, vendor, device]; nil behind the last */
static mrb_value nic_info(mrb_state *mrb, mrb_value self)
{
	struct rv_nic_info info;
	mrb_value values[7];

	if (sys_nic((uint64_t)mrb_as_int(mrb, mrb_get_arg1(mrb)), &info) < 0)
		return mrb_nil_value();
	info.driver[sizeof(info.driver) - 1] = '\0';
	values[0] = mrb_fixnum_value(info.number);
	values[1] = mrb_fixnum_value(info.function);
	values[2] = mrb_fixnum_value((mrb_int)info.flags);
	values[3] = info.mac != 0 ? nic_mac(mrb, info.mac) : mrb_nil_value();
	values[4] = info.driver[0] != '\0' ? mrb_symbol_value(mrb_intern_cstr(mrb, info.driver)) : mrb_nil_value();
	values[5] = mrb_fixnum_value((mrb_int)(info.id & 0xffff));
	values[6] = mrb_fixnum_value((mrb_int)(info.id >> 16));
	return mrb_ary_new_from_values(mrb, 7, values);
}

static const struct {
	int number;
	const char *text;
} transfer_errors[] = {
	{ RV_ENOENT, "there is no such card" },
	{ RV_ENOTSUP, "no mediator has this card: what it sends and receives is not to be had" },
	{ RV_ERANGE, "a frame has 14 to 9018 bytes, from its destination on" },
	{ RV_EPERM, "a hook of another script decides about that" },
	{ RV_EACCES, "given up by `powers` at the script's top level: name :nic there to keep it" },
	{ RV_EAGAIN, "it cannot be had now: a script has to hook its packets, and the guest's driver has to have set it up; with vpn= the network service has to run" },
	{ RV_EBUSY, "its queue is full: try again, in `every` or `after`" },
	{ RV_ENOMEM, "the hypervisor has not enough memory: give more with memory=" },
};

static const char *transfer_error(int64_t number)
{
	for (size_t i = 0; i < sizeof(transfer_errors) / sizeof(transfer_errors[0]); i++) {
		if (transfer_errors[i].number == number)
			return transfer_errors[i].text;
	}
	return "unknown error";
}

/* Nic.__transfer(number, to the guest, frame) */
static mrb_value nic_transfer(mrb_state *mrb, mrb_value self)
{
	mrb_bool to_guest;
	mrb_value frame;
	int64_t result;
	mrb_int number;

	mrb_get_args(mrb, "ibS", &number, &to_guest, &frame);
	result = sys_nic_transfer((uint64_t)number, to_guest, RSTRING_PTR(frame), (uint64_t)RSTRING_LEN(frame));
	if (result != 0)
		mrb_raisef(mrb, mrb_class_get(mrb, result == -RV_EBUSY ? "NicBusy" : "AccessError"),
			   "Nic#%s nic%i, %i bytes: %s (error %i)", to_guest ? "deliver" : "transmit", number,
			   (mrb_int)RSTRING_LEN(frame), transfer_error(-result), (mrb_int)-result);
	return self;
}

/* Nic.__mac(number) -> "52:54:00:12:34:56" */
static mrb_value nic_mac_text(mrb_state *mrb, mrb_value self)
{
	return nic_mac(mrb, engine_to_u64(mrb, mrb_get_arg1(mrb)));
}

/* Nic.__network("10.0.0.0/8") -> [4 or 6, first half, its mask, second half, its mask]; nil: it is none */
static mrb_value nic_network(mrb_state *mrb, mrb_value self)
{
	struct network network, mask = { 0 };
	mrb_value values[5], text = mrb_get_arg1(mrb);
	uint64_t halves[4];

	mrb_ensure_string_type(mrb, text);
	if (!address_read(RSTRING_PTR(text), (size_t)RSTRING_LEN(text), &network))
		return mrb_nil_value();
	for (int i = 0; i < 16; i++)
		mask.address.bytes[i] = 0xff;
	mask.bits = network.bits;
	network_trim(&mask);
	for (int half = 0; half < 2; half++) {
		unsigned int count = network.family == 6 ? 4 : half == 0 ? 4 : 0, at = (unsigned int)half * 8;

		halves[2 * half] = packet_number(network.address.bytes + at, count);
		halves[2 * half + 1] = packet_number(mask.address.bytes + at, count);
		if (network.family == 6) {
			halves[2 * half] = halves[2 * half] << 32 | packet_number(network.address.bytes + at + 4, 4);
			halves[2 * half + 1] = halves[2 * half + 1] << 32 | packet_number(mask.address.bytes + at + 4, 4);
		}
	}
	values[0] = mrb_fixnum_value(network.family);
	for (int i = 0; i < 4; i++)
		values[i + 1] = engine_from_u64(mrb, halves[i]);
	return mrb_ary_new_from_values(mrb, 5, values);
}

void mrb_ritevisor_net_gem_init(mrb_state *mrb)
{
	struct RClass *nic = mrb_define_class(mrb, "Nic", mrb->object_class);

	(void)engine_open_constant(mrb, MRB_SYM(Bytes)); /* requests: fields of packets are replaced here */
	mrb_define_class_method_id(mrb, nic, MRB_SYM(__info), nic_info, MRB_ARGS_REQ(1));
	mrb_define_class_method_id(mrb, nic, MRB_SYM(__word), nic_word, MRB_ARGS_REQ(1));
	mrb_define_class(mrb, "NicBusy", mrb_class_get(mrb, "AccessError"));
	mrb_define_class_method_id(mrb, nic, MRB_SYM(__transfer), nic_transfer, MRB_ARGS_REQ(3));
	mrb_define_class_method_id(mrb, nic, MRB_SYM(__mac), nic_mac_text, MRB_ARGS_REQ(1));
	mrb_define_class_method_id(mrb, nic, MRB_SYM(__network), nic_network, MRB_ARGS_REQ(1));
	net_packet_init(mrb);
	net_filter_init(mrb);
	net_rules_init(mrb, nic);
	net_dns_init(mrb);
	net_vpn_init(mrb);
	net_udp_init(mrb);
}

void mrb_ritevisor_net_gem_final(mrb_state *mrb)
{
	(void)mrb;
}
