/*
 * tests/system/engines/hostile.c: a script engine that means harm, in place of the real one. Its
 * script is one word that says what it does when an event for its hook on port 0x80 comes (with
 * at_load_ before it: already when it is loaded); the hook's on_error is :deny. The word `good` answers
 * reads of port 0x81 with 0x5a, to show that an engine's neighbours live on.
 *
 * Whatever it does must end with that event denied, the hypervisor sound and the guest unaware.
 */
#define RV_KINDS_DEFINE
#include "rv/errno.h"
#include "rv/powers.h"
#include "tests/spec.h"

#define HYPERVISOR_ADDRESS UINT64_C(0xffffffff80000000)
#define DIRECT_MAP_ADDRESS UINT64_C(0xffff800000000000)
#define HOSTILE_PORT 0x100
#define GOOD_PORT 0x81
#define RANDOM_CALLS 200000
#define AT_LOAD "at_load_"

void hostile_start(const struct rv_engine_info *info);
void *memset(void *to, int value, size_t length_bytes);

static long hostile_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
			 uint64_t e)
{
	register uint64_t r10 __asm__("r10") = d;
	register uint64_t r8 __asm__("r8") = e;
	long result;

	__asm__ volatile("int %1"
			 : "=a"(result)
			 : "i"(RV_SYSCALL_VECTOR), "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10),
			   "r"(r8)
			 : "memory");
	return result;
}

static long hostile_next_event(void)
{
	long result;

	__asm__ volatile("int %1"
			 : "=a"(result)
			 : "i"(RV_SYSCALL_VECTOR), "a"(RV_SYS_NEXT_EVENT)
			 : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory");
	return result;
}

static struct rv_event *const hostile_event = (struct rv_event *)RV_ENGINE_EVENT_ADDRESS;

static bool text_equal(const char *left, const char *right)
{
	for (; *left == *right; left++, right++)
		if (*left == '\0')
			return true;
	return false;
}

static bool text_begins(const char *text, const char *beginning)
{
	while (*beginning)
		if (*text++ != *beginning++)
			return false;
	return true;
}

static void hostile_say(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	hostile_call(RV_SYS_LOG, RV_LOG_NOTICE, (uint64_t)text, length, 0, 0);
}

static void read_null(void)
{
	*(volatile uint64_t *)8;
}

static void write_text(void)
{
	*(volatile uint8_t *)RV_ENGINE_IMAGE_ADDRESS = 0xcc;
}

static void read_hypervisor(void)
{
	*(volatile uint64_t *)HYPERVISOR_ADDRESS;
}

static void write_hypervisor(void)
{
	*(volatile uint64_t *)(HYPERVISOR_ADDRESS + 0x1000) = 0;
}

static void write_direct_map(void)
{
	*(volatile uint64_t *)(DIRECT_MAP_ADDRESS + 0x1000) = 0;
}

static void jump_hypervisor(void)
{
	((void (*)(void))(HYPERVISOR_ADDRESS + 0x1000))();
}

static void non_canonical(void)
{
	*(volatile uint64_t *)UINT64_C(0x0000900000000000);
}

static uint8_t code_in_data[16] = {0xc3};

static void execute_data(void)
{
	((void (*)(void))(uintptr_t)code_in_data)();
}

static void undefined(void)
{
	__asm__ volatile("ud2");
}

static void halt(void)
{
	__asm__ volatile("hlt");
}

static void disable_interrupts(void)
{
	__asm__ volatile("cli");
}

static void port_access(void)
{
	__asm__ volatile("out %%al, $0x80" : : "a"(0));
}

static void msr_access(void)
{
	__asm__ volatile("wrmsr" : : "c"(0xc0000080), "a"(0), "d"(0));
}

static void load_page_tables(void)
{
	__asm__ volatile("mov %0, %%cr3" : : "r"(UINT64_C(0)));
}

/* With UMIP it is refused; without, it tells where the hypervisor has its tables. */
static void store_tables(void)
{
	struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} table;

	__asm__ volatile("sidt %0" : "=m"(table));
}

static void run_vmrun(void)
{
	__asm__ volatile(".byte 0x0f, 0x01, 0xd8" : : "a"(0));
}

static void use_sse(void)
{
	__asm__ volatile(".byte 0x66, 0x0f, 0xef, 0xc0"); /* pxor xmm0, xmm0 */
}

static void use_x87(void)
{
	__asm__ volatile(".byte 0xd9, 0xeb"); /* fldpi */
}

static void divide(void)
{
	__asm__ volatile("div %0" : : "r"(0), "a"(1), "d"(0));
}

static void trap(void)
{
	__asm__ volatile("pushf; orl $0x100, (%%rsp); popf; nop; nop" : : : "memory");
}

static void breakpoint(void)
{
	__asm__ volatile("int3");
}

static void interrupt_gate(void)
{
	__asm__ volatile("int $0x20");
}

static void double_fault_gate(void)
{
	__asm__ volatile("int $8");
}

static void syscall_instruction(void)
{
	__asm__ volatile("syscall" : : : "rcx", "r11", "memory");
}

static void far_return(void)
{
	__asm__ volatile("pushq $0x08; pushq $0; lretq");
}

static void bad_stack_pointer(void)
{
	__asm__ volatile("mov $0xffff900000000000, %%rsp; push %%rax" : : : "memory");
}

static void loop(void)
{
	for (;;)
		__asm__ volatile("");
}

static void loop_in_calls(void)
{
	for (;;)
		hostile_call(RV_SYS_STATISTICS, 0, 0, 0, 0, 0);
}

static volatile uint8_t *overflow_keep;

__attribute__((noinline)) static unsigned overflow(unsigned depth)
{
	volatile uint8_t frame[1024];

	if (depth == 0) /* it never gets there */
		return 0;
	frame[0] = (uint8_t)depth;
	overflow_keep = frame;
	return overflow(depth + 1) + frame[0];
}

static void stack_overflow(void)
{
	overflow(1);
}

static void heap_exhaustion(void)
{
	while (hostile_call(RV_SYS_HEAP_GROW, 1 << 20, 0, 0, 0, 0) > 0)
		;
	while (hostile_call(RV_SYS_HEAP_GROW, 4096, 0, 0, 0, 0) > 0)
		;
	if (hostile_call(RV_SYS_HEAP_GROW, UINT64_C(1) << 62, 0, 0, 0, 0) > 0)
		hostile_say("hostile: heap grew by 2^62");
	undefined();
}

static void exit_in_event(void)
{
	hostile_call(RV_SYS_EXIT, 7, 0, 0, 0, 0);
}

static uint64_t random_next(void)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

/* An argument that is a number, a pointer into something, or the edge of something. */
static uint64_t random_argument(void)
{
	static const uint64_t places[] = {
		0, RV_ENGINE_IMAGE_ADDRESS, RV_ENGINE_INFO_ADDRESS, RV_ENGINE_EVENT_ADDRESS,
		RV_ENGINE_SCRIPT_ADDRESS, RV_ENGINE_HEAP_ADDRESS, RV_ENGINE_STACK_TOP,
		HYPERVISOR_ADDRESS, DIRECT_MAP_ADDRESS, UINT64_C(0x7fffffffffff), ~UINT64_C(0),
		UINT64_C(1) << 63, UINT64_C(1) << 47,
	};
	uint64_t value = random_next();

	switch (value & 3) {
	case 0:
		return value >> (value >> 2 & 63);
	case 1:
		return value >> 8 & 0xff;
	default:
		return places[(value >> 8) % (sizeof(places) / sizeof(places[0]))] +
		       (value >> 32 & 0x1f) - 16;
	}
}

/* Calls that reach the machine itself (ports, MMIO, MSRs, PCI, guest memory) may do to the guest
 * what scripts are allowed to do, so they are left out: the rest must be harmless. */
static void random_calls(void)
{
	for (unsigned i = 0; i < RANDOM_CALLS; i++) {
		uint64_t number = random_next() % 64;

		if (number == RV_SYS_EXIT || number == RV_SYS_NEXT_EVENT || number == RV_SYS_LOG ||
		    (number >= RV_SYS_PORT_READ && number <= RV_SYS_MEMORY_WRITE) ||
		    number == RV_SYS_HOOK_ADD || number == RV_SYS_POWERS)
			number = random_next() | 0x100;
		hostile_call(number, random_argument(), random_argument(), random_argument(),
			     random_argument(), random_argument());
	}
	hostile_say("hostile: all calls came back");
	undefined();
}

/* It kept the log alone: what does another call give? */
static void powers_expect(const char *what, int64_t result, int64_t expected)
{
	if (result != expected) {
		hostile_say("hostile: powers are not given up:");
		hostile_say(what);
	}
}

static void powers(void)
{
	struct rv_hook_spec spec = spec_of(RV_EVENT_PORT_READ, 0x200, 0x200);
	static uint64_t buffer[8];
	uint64_t at = (uint64_t)buffer;

	powers_expect("want them back", hostile_call(RV_SYS_POWERS, RV_POWERS_ALL, 0, 0, 0, 0), 0);
	powers_expect("no such power", hostile_call(RV_SYS_POWERS, ~UINT64_C(0), 0, 0, 0, 0), -RV_EINVAL);
	powers_expect("hook_add", hostile_call(RV_SYS_HOOK_ADD, (uint64_t)&spec, 0, 0, 0, 0), -RV_EACCES);
	powers_expect("hook_remove", hostile_call(RV_SYS_HOOK_REMOVE, hostile_event->hook, 0, 0, 0, 0), -RV_EACCES);
	powers_expect("port_read", hostile_call(RV_SYS_PORT_READ, 0x80, 1, 0, 0, 0), -RV_EACCES);
	powers_expect("port_write", hostile_call(RV_SYS_PORT_WRITE, 0x80, 1, 0, 0, 0), -RV_EACCES);
	powers_expect("mmio_read", hostile_call(RV_SYS_MMIO_READ, 0xfed00000, 4, at, 0, 0), -RV_EACCES);
	powers_expect("mmio_write", hostile_call(RV_SYS_MMIO_WRITE, 0xfed00000, 4, 0, 0, 0), -RV_EACCES);
	powers_expect("msr_read", hostile_call(RV_SYS_MSR_READ, 0x10, at, 0, 0, 0), -RV_EACCES);
	powers_expect("msr_write", hostile_call(RV_SYS_MSR_WRITE, 0x10, 0, 0, 0, 0), -RV_EACCES);
	powers_expect("pci_read", hostile_call(RV_SYS_PCI_READ, 0, 0, 4, 0, 0), -RV_EACCES);
	powers_expect("pci_write", hostile_call(RV_SYS_PCI_WRITE, 0, 0, 4, 0, 0), -RV_EACCES);
	powers_expect("memory_read", hostile_call(RV_SYS_MEMORY_READ, 0x1000, at, 8, 0, 0), -RV_EACCES);
	powers_expect("memory_write", hostile_call(RV_SYS_MEMORY_WRITE, 0x1000, at, 8, 0, 0), -RV_EACCES);
	powers_expect("cpuid", hostile_call(RV_SYS_CPUID, 0, 0, at, 0, 0), 0);
	hostile_say("hostile: powers are tried");
	undefined();
}

static const struct {
	const char *word;
	void (*act)(void);
} hostile_acts[] = {
	{"powers", powers},
	{"read_null", read_null},
	{"write_text", write_text},
	{"read_hypervisor", read_hypervisor},
	{"write_hypervisor", write_hypervisor},
	{"write_direct_map", write_direct_map},
	{"jump_hypervisor", jump_hypervisor},
	{"non_canonical", non_canonical},
	{"execute_data", execute_data},
	{"undefined", undefined},
	{"halt", halt},
	{"disable_interrupts", disable_interrupts},
	{"port_access", port_access},
	{"msr_access", msr_access},
	{"load_page_tables", load_page_tables},
	{"store_tables", store_tables},
	{"run_vmrun", run_vmrun},
	{"use_sse", use_sse},
	{"use_x87", use_x87},
	{"divide", divide},
	{"trap", trap},
	{"breakpoint", breakpoint},
	{"interrupt_gate", interrupt_gate},
	{"double_fault_gate", double_fault_gate},
	{"syscall_instruction", syscall_instruction},
	{"far_return", far_return},
	{"bad_stack_pointer", bad_stack_pointer},
	{"loop", loop},
	{"loop_in_calls", loop_in_calls},
	{"stack_overflow", stack_overflow},
	{"heap_exhaustion", heap_exhaustion},
	{"exit_in_event", exit_in_event},
	{"random_calls", random_calls},
};

static void (*hostile_find(const char *word))(void)
{
	for (size_t i = 0; i < sizeof(hostile_acts) / sizeof(hostile_acts[0]); i++)
		if (text_equal(word, hostile_acts[i].word))
			return hostile_acts[i].act;
	return NULL;
}

/* What the compiler calls for it. */
void *memset(void *to, int value, size_t length_bytes)
{
	for (size_t i = 0; i < length_bytes; i++)
		((volatile uint8_t *)to)[i] = (uint8_t)value;
	return to;
}

static void hostile_hook(uint16_t port)
{
	struct rv_hook_spec spec = spec_of(RV_EVENT_PORT_READ, port, port);

	spec.on_error = RV_ON_ERROR_DENY;
	if (hostile_call(RV_SYS_HOOK_ADD, (uint64_t)&spec, 0, 0, 0, 0) < 0)
		hostile_say("hostile: no hook");
}

static _Noreturn void hostile_serve(void (*act)(void))
{
	for (;;) {
		if (hostile_next_event() < 0)
			hostile_call(RV_SYS_EXIT, 1, 0, 0, 0, 0);
		if (hostile_event->kind == RV_EVENT_SHUTDOWN)
			continue;
		if (act) {
			act();
			hostile_say("hostile: still here");
		}
		hostile_event->value = 0x5a;
		hostile_event->verdict = RV_VERDICT_CHANGE;
	}
}

void hostile_start(const struct rv_engine_info *info)
{
	const struct rv_script *script = &info->scripts[info->script_index];
	const char *word = (const char *)script->source;
	void (*act)(void);

	if (text_equal(word, "good")) {
		hostile_hook(GOOD_PORT);
		hostile_serve(NULL);
	}
	if (text_begins(word, AT_LOAD)) {
		act = hostile_find(word + sizeof(AT_LOAD) - 1);
		if (act)
			act();
	}
	act = hostile_find(word);
	if (!act)
		hostile_say("hostile: unknown word");
	hostile_hook((uint16_t)(HOSTILE_PORT + info->engine_id));
	if (text_equal(word, "powers")) {
		/* Given up when the top level has ended: until then all go on. */
		powers_expect("keep log", hostile_call(RV_SYS_POWERS, RV_POWER_LOG, 0, 0, 0, 0), 0);
		powers_expect("port_read at once", hostile_call(RV_SYS_PORT_READ, 0x80, 1, 0, 0, 0) >= 0, 1);
	}
	hostile_serve(act);
}
