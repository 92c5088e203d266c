/*
 * run_elf.c: runs the real engine.elf as a process of this machine: its segments, heap and stack
 * at their addresses, its `int 0x80` caught by ptrace and answered by the simulated machine.
 *
 * All of the engine's memory is shared with this process, at the same addresses, so the pointers
 * in its system calls can be followed. --measure counts the instructions it executes per event.
 */
#include "arguments.h"
#include "machine.h"
#include "report.h"
#include "session.h"
#include "syscall.h"

#include "rv/abi.h"
#include "rv/errno.h"
#include "rv/kinds.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ELF_PAGE_BYTES = 4096, ELF_SYSCALL_STOP = SIGTRAP | 0x80 };

static uint64_t elf_heap_end = RV_ENGINE_HEAP_ADDRESS;
static bool elf_measure, elf_in_event;
static uint64_t elf_instructions;
static volatile bool elf_rung;
static uint64_t elf_alarm_function;	/* RV_SYS_ALARM */
static pid_t elf_engine;

static timer_t elf_timer;

/* Milliseconds until an event's alarm rings, unless its hook asked for more, until that of the script's
 * top level, and from then until the engine is killed. */
enum { ELF_ALARM_MS = 300, ELF_LOAD_ALARM_MS = 7500, ELF_KILL_MS = 1500 };

static _Noreturn void elf_die(const char *what)
{
	perror(what);
	exit(3);
}

static void *elf_map(uint64_t address, uint64_t bytes)
{
	uint64_t first = address & ~(uint64_t)(ELF_PAGE_BYTES - 1);
	void *memory = mmap((void *)(uintptr_t)first, bytes + (address - first),
			    PROT_READ | PROT_WRITE | PROT_EXEC,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (memory != (void *)(uintptr_t)first)
		elf_die("cannot map the engine's memory");
	return (void *)(uintptr_t)address;
}

/* Returns the entry. */
static uint64_t elf_load(const char *path)
{
	static uint8_t image[16 << 20];
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)image;
	const Elf64_Phdr *segment;
	FILE *file = fopen(path, "rb");

	if (!file || fread(image, 1, sizeof(image), file) < sizeof(*header))
		elf_die(path);
	fclose(file);
	segment = (const Elf64_Phdr *)(image + header->e_phoff);
	for (int i = 0; i < header->e_phnum; i++, segment++) {
		if (segment->p_type != PT_LOAD)
			continue;
		memcpy(elf_map(segment->p_vaddr, segment->p_memsz), image + segment->p_offset,
		       segment->p_filesz);
	}
	return header->e_entry;
}

static int64_t elf_heap_grow(uint64_t bytes)
{
	uint64_t quota = 8u << 20, address = elf_heap_end;

	if (bytes == 0 || bytes % ELF_PAGE_BYTES)
		return -RV_EINVAL;
	if (bytes > RV_ENGINE_HEAP_ADDRESS + quota - address)
		return -RV_ENOMEM;
	elf_heap_end += bytes;
	host_heap_bytes += bytes;
	return (int64_t)address;
}

static void elf_set_timer(uint64_t milliseconds)
{
	struct itimerspec timer = { .it_value = { (time_t)(milliseconds / 1000),
						  (long)(milliseconds % 1000) * 1000000 } };

	if (timer_settime(elf_timer, 0, &timer, NULL) != 0)
		elf_die("timer_settime");
}

/* Time is what the engine computes for: a machine that is busy with other things takes none of it. */
static void elf_make_timer(void)
{
	clockid_t clock;

	if (clock_getcpuclockid(elf_engine, &clock) != 0 || timer_create(clock, NULL, &elf_timer) != 0)
		elf_die("timer_create");
}

/* Three quarters of the hook's budget, as on a machine, but never so little as its default: what runs
 * here is traced at each call. */
static uint64_t elf_alarm_ms(const struct rv_event *event)
{
	const struct hook *hook = host_hook_get(event->hook);
	uint64_t milliseconds = hook ? hook->spec.budget_us / 1000 * 3 / 4 : 0;

	return milliseconds > ELF_ALARM_MS ? milliseconds : ELF_ALARM_MS;
}

/* First the engine is stopped, for elf_ring(); then it is killed. */
static void elf_on_timer(int signal)
{
	(void)signal;
	kill(elf_engine, !elf_rung && elf_alarm_function ? SIGUSR1 : SIGKILL);
	elf_rung = true;
	elf_set_timer(ELF_KILL_MS);
}

/* Lets the engine call its alarm function. */
static void elf_ring(struct user_regs_struct *registers)
{
	registers->rsp -= 8;
	memcpy((void *)(uintptr_t)registers->rsp, &registers->rip, 8);
	registers->rip = elf_alarm_function;
	if (ptrace(PTRACE_SETREGS, elf_engine, NULL, registers) != 0)
		elf_die("PTRACE_SETREGS");
}

static int64_t elf_syscall(const struct user_regs_struct *registers)
{
	uint64_t number = registers->orig_rax;

	if (number == RV_SYS_HEAP_GROW)
		return elf_heap_grow(registers->rdi);
	if (number == RV_SYS_ALARM) {
		elf_alarm_function = registers->rdi;
		return 0;
	}
	return host_syscall(number, registers->rdi, registers->rsi, registers->rdx, registers->r10,
			    registers->r8);
}

static void elf_on_delivery(bool begins, const struct rv_event *event)
{
	if (!elf_measure) {
		elf_set_timer(begins ? elf_alarm_ms(event) : 0);
		elf_rung = false;
		return;
	}
	if (!begins)
		printf("%s: %llu instructions\n", rv_kind_name(event->kind),
		       (unsigned long long)elf_instructions);
	elf_instructions = 0;
	elf_in_event = begins;
}

static void elf_handle_syscall(pid_t engine, struct user_regs_struct *registers)
{
	registers->rax = (unsigned long long)elf_syscall(registers);
	registers->orig_rax = ~0ull;
	if (ptrace(PTRACE_SETREGS, engine, NULL, registers) != 0)
		elf_die("PTRACE_SETREGS");
}

static _Noreturn void elf_fault(const struct user_regs_struct *registers, int signal)
{
	char reason[96];

	snprintf(reason, sizeof(reason), "signal %d at rip 0x%llx, rsp 0x%llx", signal,
		 (unsigned long long)registers->rip, (unsigned long long)registers->rsp);
	session_end(128 + signal, reason);
}

static void elf_handle_stop(pid_t engine, int signal)
{
	struct user_regs_struct registers;

	if (ptrace(PTRACE_GETREGS, engine, NULL, &registers) != 0)
		elf_die("PTRACE_GETREGS");
	if (signal == ELF_SYSCALL_STOP) {
		elf_handle_syscall(engine, &registers);
	} else if (signal == SIGSEGV && memcmp((void *)(uintptr_t)registers.rip, "\xcd\x80", 2) == 0) {
		/* A kernel without 32-bit system calls. */
		registers.orig_rax = registers.rax;
		registers.rip += 2;
		elf_handle_syscall(engine, &registers);
	} else if (signal == SIGUSR1) {
		elf_ring(&registers);
	} else if (signal == SIGTRAP) {
		elf_instructions++;
	} else {
		elf_fault(&registers, signal);
	}
}

static void elf_wait(pid_t engine, int *status)
{
	while (waitpid(engine, status, 0) != engine) {
		if (errno != EINTR)
			elf_die("waitpid");
	}
}

static _Noreturn void elf_trace(pid_t engine, uint64_t entry)
{
	struct user_regs_struct registers;
	int status;

	if (waitpid(engine, &status, 0) != engine ||
	    ptrace(PTRACE_SETOPTIONS, engine, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) ||
	    ptrace(PTRACE_GETREGS, engine, NULL, &registers))
		elf_die("ptrace");
	registers.rip = entry;
	registers.rsp = RV_ENGINE_STACK_TOP;
	registers.rdi = RV_ENGINE_INFO_ADDRESS;
	registers.orig_rax = ~0ull;
	if (ptrace(PTRACE_SETREGS, engine, NULL, &registers))
		elf_die("PTRACE_SETREGS");
	for (;;) {
		bool step = elf_measure && elf_in_event;

		if (ptrace(step ? PTRACE_SYSEMU_SINGLESTEP : PTRACE_SYSEMU, engine, NULL, NULL))
			elf_die("PTRACE_SYSEMU");
		elf_wait(engine, &status);
		if (!WIFSTOPPED(status))
			session_end(137, "the engine was killed: its time was up");
		elf_handle_stop(engine, WSTOPSIG(status));
	}
}

int main(int argc, char **argv)
{
	struct arguments arguments = arguments_take(argc, argv);
	uint64_t entry = elf_load(arguments.engine ? arguments.engine : "build/engine.elf");
	pid_t engine;

	elf_map(RV_ENGINE_HEAP_ADDRESS, 8u << 20);
	elf_map(RV_ENGINE_STACK_TOP - RV_ENGINE_STACK_BYTES, RV_ENGINE_STACK_BYTES);
	elf_measure = arguments.measure;
	session_on_delivery = elf_on_delivery;
	signal(SIGALRM, elf_on_timer);
	engine = fork();
	if (engine < 0)
		elf_die("fork");
	if (engine == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(3);
	}
	elf_engine = engine;
	elf_make_timer();
	if (report_is_on())
		elf_set_timer(ELF_LOAD_ALARM_MS);
	elf_trace(engine, entry);
}
