/*
 * core/panic.c: the end of the road: registers, last exits, symbolised backtrace, stop.
 */
#include "core/panic.h"

#include "core/console.h"
#include "core/cpu.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/smp.h"
#include "core/symbols.h"

struct watchers panic_watchers;
struct cpu *panic_cpu;

#define PANIC_FRAMES_MAXIMUM 24

const char *symbols_find(uint64_t address, uint64_t *distance)
{
	uint32_t low = 0, high = symbols_count;

	if (address < HYPERVISOR_ADDRESS)
		return NULL;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (symbols_table[middle].offset <= address - HYPERVISOR_ADDRESS)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return NULL;
	*distance = address - HYPERVISOR_ADDRESS - symbols_table[low - 1].offset;
	return symbols_names + symbols_table[low - 1].name;
}

static void panic_print_address(uint64_t address)
{
	uint64_t distance = 0;
	const char *name = symbols_find(address, &distance);

	if (name != NULL)
		log_line(LOG_FATAL, "  %016lx %s+0x%lx", address, name, distance);
	else
		log_line(LOG_FATAL, "  %016lx", address);
}

/* Frame pointers are followed only upwards and only on this CPU's stack. */
static void panic_print_backtrace(uint64_t rip, uint64_t rbp)
{
	uint64_t low = (uint64_t)&rip & ~(CPU_STACK_BYTES - 1), high = low + CPU_STACK_BYTES;

	log_line(LOG_FATAL, "backtrace:");
	if (rip != 0)
		panic_print_address(rip);
	for (int i = 0; i < PANIC_FRAMES_MAXIMUM; i++) {
		const uint64_t *frame = (const uint64_t *)rbp;

		if (rbp < low || rbp > high - 16 || (rbp & 7) != 0)
			break;
		panic_print_address(frame[1]);
		if (frame[0] <= rbp)
			break;
		rbp = frame[0];
	}
}

_Noreturn static void panic_finish(uint64_t rip, uint64_t rbp)
{
	log_line(LOG_FATAL, "CR0 %016lx CR2 %016lx CR3 %016lx CR4 %016lx", cr0_read(), cr2_read(), cr3_read(),
		  cr4_read());
	panic_print_backtrace(rip, rbp);
	watch_tell(&panic_watchers, NULL);
	log_line(LOG_FATAL, "the machine is stopped; switch it off");
	cpu_stop();
}

/* The first panic stops the other CPUs (panic_is_elsewhere(), which their NMI handler looks at, and
 * who waits for a lock); a second one, here or on another CPU, stops at once. */
static void panic_begin(void)
{
	struct cpu *nobody = NULL;

	if (!__atomic_compare_exchange_n(&panic_cpu, &nobody, cpu_current(), false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST))
		cpu_stop();
	if (cpus_count > 1)
		smp_stop_others();
	log_unlock_for_panic();
}

_Noreturn void panic(const char *format, ...)
{
	char message[256];
	va_list arguments;

	panic_begin();
	va_start(arguments, format);
	print_format_list(message, sizeof(message), format, arguments);
	va_end(arguments);
	log_line(LOG_FATAL, "PANIC on CPU %u: %s", cpu_current()->index, message);
	panic_finish(0, (uint64_t)__builtin_frame_address(0));
}

_Noreturn void panic_exception(const struct exception_frame *frame)
{
	panic_begin();
	log_line(LOG_FATAL, "PANIC on CPU %u: exception %lu, error code %lx", cpu_current()->index,
		  frame->vector, frame->error_code);
	log_line(LOG_FATAL, "RIP %016lx RSP %016lx RFLAGS %016lx CS %lx SS %lx", frame->rip, frame->rsp,
		  frame->rflags, frame->cs, frame->ss);
	log_line(LOG_FATAL, "RAX %016lx RBX %016lx RCX %016lx RDX %016lx", frame->rax, frame->rbx, frame->rcx,
		  frame->rdx);
	log_line(LOG_FATAL, "RSI %016lx RDI %016lx RBP %016lx R8  %016lx", frame->rsi, frame->rdi, frame->rbp,
		  frame->r8);
	log_line(LOG_FATAL, "R9  %016lx R10 %016lx R11 %016lx R12 %016lx", frame->r9, frame->r10, frame->r11,
		  frame->r12);
	log_line(LOG_FATAL, "R13 %016lx R14 %016lx R15 %016lx", frame->r13, frame->r14, frame->r15);
	panic_finish(frame->rip, frame->rbp);
}
