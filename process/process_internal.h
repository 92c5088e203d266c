/*
 * process/process_internal.h: what an engine is to the files of process/.
 */
#ifndef PROCESS_PROCESS_INTERNAL_H
#define PROCESS_PROCESS_INTERNAL_H

#include "core/cpu.h"
#include "core/exception.h"
#include "core/string.h"
#include "hook/hook.h"
#include "hook/metric.h"
#include "process/budget.h"
#include "process/process.h"
#include "rv/abi.h"

enum process_state {
	PROCESS_LOADING, /* its script's top level has not reached the first RV_SYS_NEXT_EVENT */
	PROCESS_WAITING, /* for the next event */
	PROCESS_ENDED,	 /* its memory is freed */
};

/* Why an engine stopped running. entry.S knows PROCESS_STOP_EVENT. */
enum process_stop {
	PROCESS_STOP_EVENT = 1, /* RV_SYS_NEXT_EVENT: it waits */
	PROCESS_STOP_EXIT,	/* RV_SYS_EXIT */
	PROCESS_STOP_KILLED,	/* a fault, or its time is up; logged already */
	PROCESS_STOP_SUSPENDED, /* its slice is over, or it is the template and open; it goes on where it was */
	PROCESS_STOP_WAITS,	/* RV_SYS_WAIT; likewise */
};

/* Whose program it runs. What is no script's may hardly call anything (syscall.c). */
enum process_role {
	PROCESS_ROLE_SCRIPT,
	PROCESS_ROLE_SERVICE,  /* service.c */
	PROCESS_ROLE_RESIDENT, /* resident.c */
	PROCESS_ROLE_TEMPLATE, /* template.c */
};

/* The registers of an engine that waits. */
struct process_registers {
	uint64_t rip, rsp, rflags;
	uint64_t rax, rcx, rdx, rbx, rbp, rsi, rdi;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
};

struct process {
	/* entry.S knows where these are. */
	uint64_t host_rsp; /* while it runs: the hypervisor's stack below the engine */
	uint64_t root;	   /* CR3 */
	uint64_t host_root;
	struct process_registers registers;

	struct hook_owner owner;
	struct process *next;	  /* in process.c's list of those of the boot */
	enum process_state state;
	unsigned id;		  /* 0 to 63; no other that lives has it */
	const struct space_script *script; /* NULL: the template */
	char name[RV_SCRIPT_NAME_BYTES];
	struct rv_event *event;	  /* its event page */
	struct vcpu *vcpu;	  /* while it runs */
	struct hook *hook;	  /* whose event is open; NULL while its top level runs */
	uint64_t exit_status;
	uint64_t heap_quota_bytes;
	uint64_t heap_bytes, stack_bytes; /* mapped */
	uint64_t metric_bytes;		  /* taken, of the heap's quota; under its metrics' lock */
	struct metrics metrics;
	uint64_t budget_us;		  /* of the run going on */
	struct budget budget;
	uint64_t log_tsc;		  /* spent in RV_SYS_LOG in the run going on */
	uint64_t disk_tsc;		  /* waited for disks in it */
	uint64_t alarm_function; /* RV_SYS_ALARM; 0: none */
	uint32_t powers;	  /* what it may do (rv/powers.h) */
	uint32_t powers_kept;	  /* what it has not given up: in force when the top level has ended */
	bool policy;		  /* it must not fail open (rv/policy.h) */
	bool alarm_rung;	  /* in the run going on */
	bool live;		  /* loaded while the guest lives: process_live.c */
	bool sliced;		  /* live, and its top level runs: in slices */
	bool going;		  /* it is taken away: process_unload.c */
	uint8_t role;		  /* enum process_role */
	const char *service_work; /* of a service: what it does, and what becomes of it when it is killed */
	const char *service_fate;
	uint64_t wait_tsc;	  /* RV_SYS_WAIT's */
	struct process_live *live_state;
	struct process_output *output; /* what takes its output in the log's place; NULL: nothing */
	/* In the run going on, the last exception that may have been an interrupt: fault.c. */
	bool suspect_is_new;
	uint8_t suspect_vector;
	uint64_t suspect_rip; /* 0: none */
	uint64_t log_dropped;		  /* bytes not logged for want of time */
	char log_text[RV_LOG_BYTES + 1];  /* of RV_SYS_LOG */
};

_Static_assert(offsetof(struct process, root) == 8, "entry.S");
_Static_assert(offsetof(struct process, host_root) == 16, "entry.S");
_Static_assert(offsetof(struct process, registers) == 24, "entry.S");

/* What a killed engine's exit status is, which no script can give. */
#define PROCESS_STATUS_KILLED 256

/* process.c */
extern struct process_options process_options;
extern bool process_is_ready; /* process_init() found an engine program; written at boot only */
extern bool process_can_run;  /* process_prepare() was here; likewise */

/* Frees all that an ended engine had. Under its owner's lock. */
void process_bury(struct process *process, enum process_stop stop);
/* Bytes of its output that there was no time for are told of. */
void process_report_log(struct process *process);
/* Those of the boot, one after another: NULL, the first. */
struct process *process_next_of_boot(const struct process *process);
/* Gives a zeroed record its owner, and the script its address space. 0, -RV_ENOMEM. */
int process_fill(struct process *process, const struct space_script *script, unsigned id);

/* A script's text, in whole pages. */
struct space_script {
	char name[RV_SCRIPT_NAME_BYTES];
	const void *pages; /* the source and a NUL, then zeros to the end of the page */
	uint64_t address;  /* in the engines */
	uint64_t length_bytes;
	bool policy;
	bool live; /* of one engine alone, which no other sees */
};

/* syscall_metric.c */
void process_metrics_begin(struct process *process);
/* Gives their memory back. */
void process_metrics_end(struct process *process);

/* process_output.c: an error of an engine's, to the log and to its own output. */
void process_tell(struct process *process, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* process_live.c: of one whose memory is given back. */
void process_live_bury(struct process *process);
/* Is it about to take another's place? */
bool process_live_is_swapping(const struct process *process);
/* May a live engine have so many more pages? Some stay for those of the boot. */
bool process_live_has_pages(uint64_t nr_pages);
/* The engine goes on where the frame is when it is entered next. Context: its system call, an interrupt or a step. */
_Noreturn void process_suspend(struct process *process, const struct exception_frame *frame);
/* The same, and process_enter() returns `stop`. */
_Noreturn void process_stop_at(struct process *process, const struct exception_frame *frame, enum process_stop stop);

/* process_space.c: address spaces. */
int process_space_init(const void *engine_elf, size_t engine_bytes);
int process_space_add_script(const char *name, const void *source, size_t length_bytes, bool policy);
unsigned process_space_count_scripts(void);
const struct space_script *process_space_script(unsigned index);
/* Makes a script that one engine alone gets, of pages that stay the caller's. -RV_ENOSPC, -RV_E2BIG. */
int process_space_make_live(struct space_script *script, const char *name, const void *pages, size_t length_bytes);
/* The engine is told that its script is a policy. */
void process_space_tell_policy(struct process *process);
/* Builds the address space of an engine whose id, script and quota are set. 0, -RV_ENOMEM (nothing is left behind). */
int process_space_create(struct process *process);
/* Gives all of its memory back. */
void process_space_destroy(struct process *process);
/* Where an engine has memory of its own that it may write, but for the event page; there may be none at some of it. */
typedef void (*process_space_visitor)(struct process *process, uint64_t address, uint64_t length_bytes, void *context);
void process_space_visit_own(struct process *process, process_space_visitor visit, void *context);

/* template.c: an engine that is open, which others are copied from. */
/* Makes it, if it can be made; engines open by themselves else. Context: boot, before any script has run. */
void template_make(struct vcpu *vcpu);
/* Is there one that fits into this heap quota? */
bool template_fits(uint64_t heap_quota_bytes);
/* Maps copies of its pages into an address space that has nothing at their addresses, and gives the process its registers
 * and counts. 0, -RV_ENOMEM: some are mapped, which process_space_destroy() finds. */
int template_copy(struct process *process);

/* entry.S */
/* Enters CPL 3 with process->registers; rsp0 is the TSS's field. Returns when the engine stops. */
static inline enum process_stop process_enter(struct process *process, uint64_t *rsp0)
{
	enum process_stop stop;

	__asm__ volatile("call process_enter_user"
			 : "=a"(stop), "+D"(process), "+S"(rsp0)
			 :
			 : "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
			   "memory", "cc");
	return stop;
}
/* Abandons what the engine does and returns from its process_enter(). */
_Noreturn void process_leave(struct process *process, enum process_stop stop);
/* The gate of RV_SYSCALL_VECTOR. */
void process_syscall_entry(void);

/* syscall.c, called by entry.S: all but RV_SYS_NEXT_EVENT. */
void process_syscall(struct exception_frame *frame);

/* fault.c */
void process_handle_exception(struct exception_frame *frame);
void process_handle_interrupt(struct exception_frame *frame);
/* Logs why, and ends the engine that runs. */
_Noreturn void process_kill(struct process *process, const struct exception_frame *frame,
			    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same, because of its time. */
_Noreturn void process_kill_late(struct process *process, const struct exception_frame *frame);

/* The engine on whose behalf this CPU runs: process_enter() leaves the pointer where the stack begins that
 * CPL 3 enters the hypervisor on. The frame may lie on another one. */
static inline struct process *process_of_frame(const struct exception_frame *frame)
{
	(void)frame;
	return *(struct process *const *)cpu_current()->tss.rsp[0];
}

#define PROCESS_FRAMES_BYTES KIB(2) /* of our stack: an interrupt's frame, and what its handler calls */

/* Where the registers of one with secrets lay when it was interrupted: below the part of the stack of whoever called
 * process_run(), and calls this. */
static inline __attribute__((noinline)) void process_wipe_stack(void)
{
	uint8_t below[PROCESS_FRAMES_BYTES];

	memory_wipe(below, sizeof(below));
}

#endif
