/*
 * tests/guest/fault.c: the interrupt descriptor table and what exceptions do: a handler of the
 * guest's resumes them, fault_catch() catches them, or they end the guest as a failure.
 */
#include "guest.h"

#include "instruction.h"

#define SELECTOR_CODE64 0x18
#define GATE_INTERRUPT 0x8e00u
#define FAULT_ENTRY_BYTES 16

struct idt_gate {
	uint16_t offset_low, selector, attributes, offset_middle;
	uint32_t offset_high, reserved;
};

extern const uint8_t fault_entries[], fault_caught[];
extern uint64_t fault_catch_rsp;

void fault_dispatch(struct fault_frame *frame);

uint64_t fault_error_code;
bool (*fault_handler)(struct fault_frame *frame);

static struct idt_gate idt[256];

void fault_init(void)
{
	struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} pointer = {sizeof(idt) - 1, (uintptr_t)idt};

	for (unsigned vector = 0; vector < 256; vector++) {
		uint64_t entry = (uintptr_t)fault_entries + vector * FAULT_ENTRY_BYTES;

		idt[vector] = (struct idt_gate){
			.offset_low = (uint16_t)entry,
			.selector = SELECTOR_CODE64,
			.attributes = GATE_INTERRUPT,
			.offset_middle = (uint16_t)(entry >> 16),
			.offset_high = (uint32_t)(entry >> 32),
		};
	}
	__asm__ volatile("lidt %0" : : "m"(pointer));
}

void fault_dispatch(struct fault_frame *frame)
{
	if (fault_handler && fault_handler(frame))
		return;
	if (fault_catch_rsp && frame->vector < 32) {
		fault_error_code = frame->error_code;
		frame->rax = frame->vector;
		frame->rip = (uintptr_t)fault_caught;
		frame->rsp = fault_catch_rsp;
		return;
	}
	guest_print("not ok fault: vector %lu error 0x%lx at 0x%lx, cr2 0x%lx\n", frame->vector,
		    frame->error_code, frame->rip, cr2_read());
	guest_power_off();
}
