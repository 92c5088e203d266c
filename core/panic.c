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
void (*panic_forget)(void);

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

/* Zeroes what the CPU's stacks hold, and all registers. An NMI may come meanwhile, and later: its handler finds the
 * CPU by the stack's lowest word, which stays. */
_Noreturn static void panic_erase_stack(struct cpu_stack *stack)
{
	register uint8_t *first __asm__("r8") = stack->nmi;
	register uint64_t first_bytes __asm__("r9") = sizeof(stack->nmi) + sizeof(stack->trouble);
	register uint8_t *last __asm__("r10") = stack->bytes;
	register uint64_t last_bytes __asm__("r11") = sizeof(stack->bytes);

	__asm__ volatile("mov %%r8, %%rdi; mov %%r9, %%rcx; xor %%eax, %%eax; rep stosb\n\t"
			 "mov %%r10, %%rdi; mov %%r11, %%rcx; rep stosb; mov %%rdi, %%rsp\n\t"
			 "xor %%edx, %%edx; xor %%ebx, %%ebx; xor %%esi, %%esi; xor %%edi, %%edi; xor %%ebp, %%ebp\n\t"
			 "xor %%r8d, %%r8d; xor %%r9d, %%r9d; xor %%r10d, %%r10d; xor %%r11d, %%r11d\n\t"
			 "xor %%r12d, %%r12d; xor %%r13d, %%r13d; xor %%r14d, %%r14d; xor %%r15d, %%r15d\n"
			 "1: cli; hlt; jmp 1b"
			 :
			 : "r"(first), "r"(first_bytes), "r"(last), "r"(last_bytes)
			 : "memory");
	__builtin_unreachable();
}

_Noreturn void panic_stop(void)
{
	if (panic_forget != NULL)
		panic_forget();
	if (cpu_current()->holds_secrets)
		panic_erase_stack(cpu_own_stack());
	cpu_stop();
}

_Noreturn static void panic_finish(uint64_t rip, uint64_t rbp)
{
	log_line(LOG_FATAL, "CR0 %016lx CR2 %016lx CR3 %016lx CR4 %016lx", cr0_read(), cr2_read(), cr3_read(),
		  cr4_read());
	panic_print_backtrace(rip, rbp);
	watch_tell(&panic_watchers, NULL);
	log_line(LOG_FATAL, "the machine is stopped; switch it off");
	panic_stop();
}

/* The first panic stops the other CPUs (panic_is_elsewhere(), which their NMI handler looks at, and
 * who waits for a lock); a second one, here or on another CPU, stops at once. */
static void panic_begin(void)
{
	struct cpu *nobody = NULL;

	if (!__atomic_compare_exchange_n(&panic_cpu, &nobody, cpu_current(), false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST))
		panic_stop();
	if (panic_forget != NULL)
		panic_forget();
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
	if (cpu_current()->holds_secrets) {
		log_line(LOG_FATAL, "the general registers are not shown: they may have a part of a key in them");
		panic_finish(frame->rip, frame->rbp);
	}
	log_line(LOG_FATAL, "RAX %016lx RBX %016lx RCX %016lx RDX %016lx", frame->rax, frame->rbx, frame->rcx,
		  frame->rdx);
	log_line(LOG_FATAL, "RSI %016lx RDI %016lx RBP %016lx R8  %016lx", frame->rsi, frame->rdi, frame->rbp,
		  frame->r8);
	log_line(LOG_FATAL, "R9  %016lx R10 %016lx R11 %016lx R12 %016lx", frame->r9, frame->r10, frame->r11,
		  frame->r12);
	log_line(LOG_FATAL, "R13 %016lx R14 %016lx R15 %016lx", frame->r13, frame->r14, frame->r15);
	panic_finish(frame->rip, frame->rbp);
}
