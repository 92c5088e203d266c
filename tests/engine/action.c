/*
 * tests/engine/action.c: what a hook does with its event, and every way of misbehaving.
 */
#include "engine.h"

static void action_pass(uint64_t argument)
{
	(void)argument;
}

static void action_change(uint64_t argument)
{
	engine_event()->value = argument;
	for (unsigned i = 0; i < 4; i++)
		engine_event()->cpuid[i] = (uint32_t)argument;
	engine_event()->verdict = RV_VERDICT_CHANGE;
}

static void action_xor(uint64_t argument)
{
	struct rv_event *event = engine_event();

	if (system_call(RV_SYS_EVENT_FETCH, 0, 0, 0, 0) != 0)
		engine_print("engine: not ok fetch", "", 0);
	if (!(event->flags & RV_EVENT_FETCHED))
		engine_print("engine: not ok fetched", "", 0);
	event->value ^= argument;
	event->cpuid[0] ^= (uint32_t)argument;
	event->verdict = RV_VERDICT_CHANGE;
}

static void action_deny(uint64_t argument)
{
	(void)argument;
	engine_event()->verdict = RV_VERDICT_DENY;
}

static void action_drop(uint64_t argument)
{
	(void)argument;
	engine_event()->verdict = RV_VERDICT_DROP;
}

static void action_error(uint64_t argument)
{
	(void)argument;
	engine_event()->verdict = RV_VERDICT_ERROR;
}

/* A verdict that does not exist. */
static void action_nonsense(uint64_t argument)
{
	engine_event()->verdict = (uint32_t)argument;
}

static void action_log(uint64_t argument)
{
	engine_print("engine: event %s %x", "value", engine_event()->value);
	(void)argument;
}

static void action_shout(uint64_t argument)
{
	for (uint64_t i = 0; i < argument; i++)
		engine_print("engine: shout %s%x", "", i);
}

static void action_registers(uint64_t argument)
{
	(void)argument;
	system_call(RV_SYS_EVENT_REGISTERS, 0, 0, 0, 0);
	engine_print("engine: registers %srip %x", "", engine_event()->registers.rip);
	engine_print("engine: registers %scr0 %x", "", engine_event()->registers.cr0);
}

static void action_remove(uint64_t argument)
{
	(void)argument;
	engine_expect("remove", system_call(RV_SYS_HOOK_REMOVE, engine_event()->hook, 0, 0, 0), 0);
	engine_expect("remove-again", system_call(RV_SYS_HOOK_REMOVE, engine_event()->hook, 0, 0, 0),
		      -RV_ENOENT);
}

static void action_spin(uint64_t argument)
{
	for (volatile uint64_t i = 0; i < argument; i++)
		;
}

static void action_write(uint64_t argument)
{
	*(volatile uint64_t *)argument = 0x5a5a5a5a5a5a5a5a;
}

static void action_read(uint64_t argument)
{
	engine_print("engine: not ok read %s%x", "", *(volatile uint64_t *)argument);
}

static void action_jump(uint64_t argument)
{
	((void (*)(void))argument)();
}

static void action_loop(uint64_t argument)
{
	(void)argument;
	for (;;)
		__asm__ volatile("");
}

/* Tries to keep traps away. */
static void action_loop_popf(uint64_t argument)
{
	(void)argument;
	for (;;)
		__asm__ volatile("pushfq; andq $~0x300, (%%rsp); popfq" ::: "memory", "cc");
}

static void action_loop_syscall(uint64_t argument)
{
	for (;;)
		system_call(argument, RV_LOG_PLAIN, (uint64_t) "", 0, 0);
}

__attribute__((noinline)) static uint64_t action_recurse(uint64_t depth)
{
	volatile uint64_t frame[64];

	frame[0] = depth;
	return depth == ~UINT64_C(0) ? 0 : action_recurse(depth + 1) + frame[0];
}

static void action_overflow(uint64_t argument)
{
	action_recurse(argument);
}

/* Uses so many bytes of stack, which must be there. */
static void action_stack(uint64_t argument)
{
	for (uint64_t at = RV_ENGINE_STACK_TOP - 8; at >= RV_ENGINE_STACK_TOP - argument; at -= 4096)
		*(volatile uint64_t *)at = at == RV_ENGINE_STACK_TOP - 8 ? *(volatile uint64_t *)at : 1;
	engine_print("engine: ok stack", "", 0);
}

static void action_heap(uint64_t argument)
{
	int64_t result;
	uint64_t grown = 0;

	(void)argument;
	while ((result = system_call(RV_SYS_HEAP_GROW, 0x10000, 0, 0, 0)) > 0) {
		*(volatile uint64_t *)result = 1;
		grown += 0x10000;
	}
	engine_expect("heap-exhausted", result, -RV_ENOMEM);
	engine_print("engine: heap %s%x", "", grown);
}

static void action_exit(uint64_t argument)
{
	system_call(RV_SYS_EXIT, argument, 0, 0, 0);
}

static void action_divide(uint64_t argument)
{
	__asm__ volatile("xor %%edx, %%edx; xor %%ecx, %%ecx; div %%rcx" ::"a"(argument)
			 : "rdx", "rcx");
}

#define ACTION_INSTRUCTION(name, text)                   \
	static void action_##name(uint64_t argument)     \
	{                                                \
		(void)argument;                          \
		__asm__ volatile(text ::: "memory", "rax", "rcx", "rdx", "cc"); \
	}
ACTION_INSTRUCTION(hlt, "hlt")
ACTION_INSTRUCTION(cli, "cli")
ACTION_INSTRUCTION(ud2, "ud2")
ACTION_INSTRUCTION(int3, "int3")
ACTION_INSTRUCTION(int14, "int $14")
ACTION_INSTRUCTION(icebp, ".byte 0xf1")
ACTION_INSTRUCTION(in, "inb $0x70, %%al")
ACTION_INSTRUCTION(cr3, "mov %%cr3, %%rax")
ACTION_INSTRUCTION(wrmsr, "mov $0xc0000080, %%ecx; wrmsr")
ACTION_INSTRUCTION(lgdt, "lgdt 0x10000000")
ACTION_INSTRUCTION(syscall, "syscall")
ACTION_INSTRUCTION(sysenter, "sysenter")
ACTION_INSTRUCTION(vmmcall, "vmmcall")
ACTION_INSTRUCTION(vmrun, "mov $0x1000, %%eax; vmrun %%rax")
ACTION_INSTRUCTION(sse, ".byte 0x66, 0x0f, 0xef, 0xc0") /* pxor xmm0, xmm0 */
ACTION_INSTRUCTION(mmx, ".byte 0x0f, 0xef, 0xc0")	/* pxor mm0, mm0 */
ACTION_INSTRUCTION(x87, ".byte 0xd9, 0xe8")		/* fld1 */
ACTION_INSTRUCTION(avx, ".byte 0xc5, 0xf9, 0xef, 0xc0") /* vpxor xmm0, xmm0, xmm0 */
ACTION_INSTRUCTION(xsave, "mov $0x10010000, %%rcx; .byte 0x0f, 0xae, 0x21")
ACTION_INSTRUCTION(xgetbv, "xor %%ecx, %%ecx; xgetbv")
ACTION_INSTRUCTION(tf, "pushfq; orq $0x100, (%%rsp); popfq; nop; nop")
/* Nested task, direction, alignment check and I/O privilege: the hypervisor must not trip. */
ACTION_INSTRUCTION(flags, "pushfq; orq $0x47400, (%%rsp); popfq")
ACTION_INSTRUCTION(badstack, "mov $0xffff900000000000, %%rsp; push %%rax")
/* A non-canonical stack pointer across a system call. */
ACTION_INSTRUCTION(badrsp, "mov %%rsp, %%rcx; mov $0x8000000000000000, %%rdx; mov %%rdx, %%rsp; "
			   "mov $999, %%eax; int $0x80; mov %%rcx, %%rsp")

static const struct {
	const char *name;
	void (*perform)(uint64_t argument);
} action_table[] = {
	{ "pass", action_pass },       { "change", action_change },
	{ "xor", action_xor },	       { "deny", action_deny },
	{ "drop", action_drop },       { "error", action_error },
	{ "nonsense", action_nonsense }, { "log", action_log },
	{ "shout", action_shout },     { "registers", action_registers },
	{ "remove", action_remove },   { "spin", action_spin },
	{ "write", action_write },     { "read", action_read },
	{ "jump", action_jump },       { "loop", action_loop },
	{ "loop_popf", action_loop_popf }, { "loop_syscall", action_loop_syscall },
	{ "overflow", action_overflow }, { "stack", action_stack },
	{ "heap", action_heap },       { "exit", action_exit },
	{ "divide", action_divide },   { "hlt", action_hlt },
	{ "cli", action_cli },	       { "ud2", action_ud2 },
	{ "int3", action_int3 },       { "int14", action_int14 },
	{ "icebp", action_icebp },     { "in", action_in },
	{ "cr3", action_cr3 },	       { "wrmsr", action_wrmsr },
	{ "lgdt", action_lgdt },       { "syscall", action_syscall },
	{ "sysenter", action_sysenter }, { "vmmcall", action_vmmcall },
	{ "vmrun", action_vmrun },     { "sse", action_sse },
	{ "mmx", action_mmx },	       { "x87", action_x87 },
	{ "avx", action_avx },	       { "xsave", action_xsave },
	{ "xgetbv", action_xgetbv },   { "tf", action_tf },
	{ "flags", action_flags },     { "badstack", action_badstack },
	{ "badrsp", action_badrsp },
};

void action_perform(const struct action *action)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(action_table); i++) {
		if (engine_equal(action_table[i].name, action->name)) {
			action_table[i].perform(action->argument);
			return;
		}
	}
	engine_print("engine: not ok action %s", action->name, 0);
}
