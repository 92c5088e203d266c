/*
 * tests/guest/task.c: hardware task switches by JMP, CALL, IRET, an interrupt and a fault, in 32-bit
 * protected mode. On Intel each of them is an exit.
 */
#include "guest.h"

#define CR0_TS 0x8u
#define RFLAGS_NT 0x4000u
#define TSS_A 0x20
#define TSS_B 0x28
#define TSS_C 0x30
#define TSS_LIMIT 103
#define DESCRIPTOR_BUSY 0x200u
#define BAD_SELECTOR 0x78u

/* tests/guest/task_switch.S */
void task_run_switches(void);
extern uint64_t task_gdt[];
extern uint8_t tss_a[], task_tss_b[], task_tss_c[], task_bad_load[], task_stack_a_end[];

/* What the tasks saw, in the order in which task_switch.S stores it. */
extern struct {
	uint32_t esi, cr0, tr, rflags_after_call, after_interrupt, after_fault;
	uint32_t descriptor_a, descriptor_b, esp, unused;
	uint32_t b_eax, b_tr, b_rflags, b_link;
	uint32_t c_rflags, c_return_address, c_error_code, c_fault_address;
} task_results;

static uint64_t tss_descriptor(const uint8_t *tss)
{
	uint64_t base = (uintptr_t)tss;

	return TSS_LIMIT | (base & 0xffffff) << 16 | UINT64_C(0x89) << 40 | (base >> 24) << 56;
}

void guest_main(void)
{
	task_gdt[TSS_A / 8] = tss_descriptor(tss_a);
	task_gdt[TSS_B / 8] = tss_descriptor(task_tss_b);
	task_gdt[TSS_C / 8] = tss_descriptor(task_tss_c);
	task_run_switches();
	guest_check(task_results.b_eax == 0xb0b0, "jump: the new task's registers", "EAX 0x%x",
		    task_results.b_eax);
	guest_check(task_results.b_tr == TSS_B, "jump: TR", "0x%x", task_results.b_tr);
	guest_check(task_results.esi == 0xa1a1a1a1 && task_results.tr == TSS_A,
		    "jump back: the old task's registers", "ESI 0x%x TR 0x%x", task_results.esi,
		    task_results.tr);
	guest_check(task_results.cr0 & CR0_TS, "jump: TS is set", "CR0 0x%x", task_results.cr0);
	guest_check((task_results.b_rflags & RFLAGS_NT) && task_results.b_link == TSS_A,
		    "call: NT and the link", "flags 0x%x link 0x%x", task_results.b_rflags,
		    task_results.b_link);
	guest_check(!(task_results.rflags_after_call & RFLAGS_NT), "return: NT is clear", "0x%x",
		    task_results.rflags_after_call);
	guest_check(task_results.after_interrupt && (task_results.c_rflags & RFLAGS_NT),
		    "interrupt through a task gate", "flags 0x%x", task_results.c_rflags);
	guest_check(task_results.after_fault && task_results.c_error_code == BAD_SELECTOR &&
			    task_results.c_fault_address == (uintptr_t)task_bad_load,
		    "fault through a task gate", "error code 0x%x at 0x%x",
		    task_results.c_error_code, task_results.c_fault_address);
	guest_check((task_results.descriptor_a & DESCRIPTOR_BUSY) &&
			    !(task_results.descriptor_b & DESCRIPTOR_BUSY),
		    "busy bits", "A 0x%x B 0x%x", task_results.descriptor_a,
		    task_results.descriptor_b);
	guest_check(task_results.esp == (uint32_t)(uintptr_t)task_stack_a_end, "the old stack",
		    "ESP 0x%x", task_results.esp);
}
