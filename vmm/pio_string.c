/*
 * vmm/pio_string.c: INS and OUTS on claimed ports. Each element's memory is translated before the
 * device is touched, so that a fault has no side effect; long repetitions are done in batches, with
 * the registers updated in between so that interrupts stay possible, as on hardware.
 */
#include "vmm/pio.h"

#include "core/instructions.h"
#include "vmm/breakpoint.h"
#include "vmm/guest_memory.h"
#include "vmm/operand.h"
#include "vmm/prefix.h"

#define PIO_BATCH 256

struct pio_string {
	uint8_t address_bytes;
	enum segment segment; /* of OUTS; INS always uses ES */
	unsigned length;      /* of the instruction */
	struct decoded_instruction instruction; /* its mode, for the operand in memory */
	bool long_mode;
	unsigned breakpoints; /* that the last element met: DR6 */
};

static enum segment pio_segment_of(uint8_t prefix, enum segment otherwise)
{
	switch (prefix) {
	case 0x26:
		return SEGMENT_ES;
	case 0x2e:
		return SEGMENT_CS;
	case 0x36:
		return SEGMENT_SS;
	case 0x3e:
		return SEGMENT_DS;
	case 0x64:
		return SEGMENT_FS;
	case 0x65:
		return SEGMENT_GS;
	default:
		return otherwise;
	}
}

/* Reads the prefixes for what the exit does not tell: address size, segment and length. */
static bool pio_decode(struct vcpu *vcpu, struct pio_string *string)
{
	struct segment_register code;
	struct guest_fault fault;
	uint8_t bytes[15];
	unsigned nr = guest_fetch_instruction(vcpu, bytes, &fault), at = 0;

	if (nr == 0) {
		guest_inject_fault(vcpu, &fault);
		return false;
	}
	vcpu_ops->get_segment(vcpu, SEGMENT_CS, &code);
	string->instruction.mode = decode_mode_of(vcpu);
	string->long_mode = string->instruction.mode == DECODE_64;
	string->segment = SEGMENT_DS;
	string->address_bytes = string->long_mode ? 8 : code.attributes >> 10 & 1 ? 4 : 2;
	for (; at < nr && prefix_is_legacy(bytes[at]); at++) {
		if (bytes[at] == 0x67)
			string->address_bytes = string->address_bytes == 4 ? (string->long_mode ? 4 : 2)
									   : 4;
		string->segment = pio_segment_of(bytes[at], string->segment);
	}
	if (string->long_mode && at < nr && prefix_is_rex(bytes[at]))
		at++;
	string->length = at + 1;
	return true;
}

static uint64_t pio_address_mask(const struct pio_string *string)
{
	return string->address_bytes == 8 ? ~UINT64_C(0)
					  : (UINT64_C(1) << 8 * string->address_bytes) - 1;
}

/* Adds to the part of a register that the address size covers; 32 bits clear the upper half. */
static void pio_advance(uint64_t *reg, uint64_t delta, const struct pio_string *string)
{
	uint64_t mask = pio_address_mask(string);
	uint64_t keep = string->address_bytes == 2 ? *reg & ~mask : 0;

	*reg = keep | ((*reg + delta) & mask);
}

/* One element. False: a fault was injected. */
static bool pio_string_element(struct vcpu *vcpu, struct pio_string *string)
{
	bool write = !(vcpu->exit.port & EXIT_PORT_IN);
	uint64_t *index = &vcpu->gpr[write ? GPR_RSI : GPR_RDI];
	uint8_t width_bytes = exit_port_bytes(vcpu->exit.port);
	uint64_t delta = vcpu->rflags & RFLAGS_DF ? (uint64_t)0 - width_bytes : width_bytes;
	struct emulation emulation = { .vcpu = vcpu, .instruction = &string->instruction };
	struct memory_operand operand;
	uint32_t value = 0;

	if (!operand_translate(&emulation, write ? string->segment : SEGMENT_ES,
			       *index & pio_address_mask(string), width_bytes,
			       write ? GUEST_READ : GUEST_WRITE, &operand)) {
		guest_inject_fault(vcpu, &emulation.fault);
		return false;
	}
	if (write)
		value = (uint32_t)operand_read_memory(&emulation, &operand);
	string->breakpoints = emulation.breakpoints |
			      breakpoint_match(vcpu, BREAKPOINT_PORT,
					       exit_port_number(vcpu->exit.port), width_bytes);
	value = pio_access(vcpu, exit_port_number(vcpu->exit.port), width_bytes, write, value);
	if (!write)
		operand_write_memory(&emulation, &operand, value);
	pio_advance(index, delta, string);
	return true;
}

static void pio_string_trap(struct vcpu *vcpu, const struct pio_string *string)
{
	if (string->breakpoints == 0)
		return;
	vcpu->shadow_ended = true;
	vcpu_ops->inject_breakpoints(vcpu, string->breakpoints);
}

void pio_handle_string(struct vcpu *vcpu)
{
	struct pio_string string = { 0 };

	if (!pio_decode(vcpu, &string))
		return;
	vcpu->exit.next_rip = vcpu->rip + string.length;
	if (!(vcpu->exit.port & EXIT_PORT_REPEAT)) {
		if (pio_string_element(vcpu, &string)) {
			vcpu_skip_instruction(vcpu, string.length);
			pio_string_trap(vcpu, &string);
		}
		return;
	}
	for (unsigned i = 0; i < PIO_BATCH; i++) {
		if ((vcpu->gpr[GPR_RCX] & pio_address_mask(&string)) == 0) {
			vcpu_skip_instruction(vcpu, string.length);
			return;
		}
		if (!pio_string_element(vcpu, &string))
			return;
		pio_advance(&vcpu->gpr[GPR_RCX], ~UINT64_C(0), &string);
		/* In single steps there is a trap after each iteration (AMD APM v2 13.1.4). */
		if ((vcpu->rflags & RFLAGS_TF) || string.breakpoints != 0)
			break;
	}
	/* Not done: RIP stays, the guest executes the rest again. */
	if ((vcpu->gpr[GPR_RCX] & pio_address_mask(&string)) == 0) {
		vcpu_skip_instruction(vcpu, string.length);
	} else if (vcpu->rflags & RFLAGS_TF) {
		vcpu->shadow_ended = true;
		vcpu_ops->inject_single_step(vcpu);
	}
	pio_string_trap(vcpu, &string);
}

/* CPL against IOPL is all that counts but in virtual-8086 mode and above IOPL, where the I/O permission bitmap
 * does (AMD APM v2 12.2.4, v3 INS). */
bool pio_perform_string(struct vcpu *vcpu, uint32_t what)
{
	unsigned iopl = (unsigned)(vcpu->rflags >> RFLAGS_IOPL_SHIFT) & 3;

	if ((vcpu->rflags & RFLAGS_VM) || vcpu_ops->get_cpl(vcpu) > iopl)
		return false;
	vcpu->exit.port = what | (uint32_t)(uint16_t)vcpu->gpr[GPR_RDX] << EXIT_PORT_NUMBER_SHIFT;
	pio_handle_string(vcpu);
	return true;
}
