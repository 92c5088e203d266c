/*
 * tests/unit/process.c: the engine loader on broken programs, the checks of system calls'
 * arguments, and the arithmetic of the borrowed timer.
 */
#include "hook/trace.h"
#include "process/net_service.h"
#include "process/process_internal.h"

#include <setjmp.h>

#include "core/log.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/string.h"
#include "core/time.h"
#include "hook/hook_hold.h"
#include "vmm/apic_timer_math.h"
#include "process/controllers.h"
#include "process/budget.h"
#include "process/elf.h"
#include "process/process_live.h"
#include "process/process_output.h"
#include "core/entropy.h"
#include "process/resident_internal.h"
#include "rv/service.h"
#include "process/syscall.h"
#include "process/user_memory.h"
#include "rv/errno.h"
#include "rv/powers.h"
#include "tests/spec.h"
#include "unit.h"
#include "vmm/pci_function.h"
#include "vmm/guest_memory.h"

/* The machine ---------------------------------------------------------------------------------- */

#define RAM_BYTES MIB(4)
#define OURS_START MIB(2)
#define OURS_BYTES MIB(1)

uint8_t *fake_memory;
hpa_t memory_reserved_start = OURS_START;
uint64_t memory_reserved_bytes = OURS_BYTES;
uint64_t memory_end = RAM_BYTES;
struct cpu fake_cpu;
uint32_t cpus_count = 1;
uint64_t time_tsc_hz = 1000000000;
struct process_options process_options;
const struct vcpu_operations *vcpu_ops;
uint8_t layout_image_start[1], layout_text_end[1], layout_rodata_end[1];
/* What process/controllers.c and the linker script have. */
bool controllers_have_port(uint64_t port, uint64_t width_bytes)
{
	(void)port;
	(void)width_bytes;
	return false;
}

bool controllers_have_memory(gpa_t gpa, uint64_t width_bytes)
{
	(void)gpa;
	(void)width_bytes;
	return false;
}

bool process_live_has_pages(uint64_t nr_pages)
{
	(void)nr_pages;
	return true;
}

bool process_live_is_lent(const struct process *process)
{
	(void)process;
	return true;
}

void process_output_write(struct process_output *output, unsigned level, const char *text, size_t length_bytes)
{
	(void)output;
	(void)level;
	(void)text;
	(void)length_bytes;
}

static jmp_buf leave;
static unsigned pool_used, pool_limit = 256;
static bool page_taken[FAKE_MEMORY_BYTES / PAGE_BYTES];
static size_t logged_bytes;
static unsigned device_accesses;

struct cpu *cpu_get(uint32_t index)
{
	(void)index;
	return &fake_cpu;
}

/* Pages of ours, from the end of the fake memory. */
void *memory_allocate_spare_page(void)
{
	return memory_allocate_page();
}

void *memory_allocate_page(void)
{
	if (pool_used == pool_limit)
		return NULL;
	for (size_t page = RAM_BYTES / PAGE_BYTES; page < ARRAY_LENGTH(page_taken); page++) {
		if (!page_taken[page]) {
			page_taken[page] = true;
			pool_used++;
			memset(fake_memory + page * PAGE_BYTES, 0, PAGE_BYTES);
			return fake_memory + page * PAGE_BYTES;
		}
	}
	return NULL;
}

void memory_free_page(void *page)
{
	size_t number = (size_t)((uint8_t *)page - fake_memory) / PAGE_BYTES;

	UNIT_CHECK(page_taken[number]);
	page_taken[number] = false;
	pool_used--;
}

bool memory_is_ram(hpa_t hpa, uint64_t length_bytes)
{
	return hpa < RAM_BYTES && length_bytes <= RAM_BYTES - hpa &&
	       !memory_is_reserved(hpa, length_bytes);
}

void spinlock_acquire(struct spinlock *lock)
{
	(void)lock;
}

void spinlock_release(struct spinlock *lock)
{
	(void)lock;
}

void log_line(enum log_level level, const char *format, ...)
{
	(void)level;
	(void)format;
}

void log_raw(const char *text, size_t length_bytes)
{
	for (size_t i = 0; i < length_bytes; i++)
		UNIT_CHECK((uint8_t)text[i] >= ' ' || text[i] == '\n' || text[i] == '\t');
	logged_bytes += length_bytes;
}

void budget_pause(struct process *process)
{
	(void)process;
}

void budget_resume(struct process *process)
{
	(void)process;
}

/* Time is up at the so manyth look at the clock; 0: never. */
static unsigned looks_left;

bool budget_charge_call(struct process *process, uint64_t *start_tsc)
{
	(void)process;
	(void)start_tsc;
	return looks_left != 0 && --looks_left == 0;
}

_Noreturn void process_kill_late(struct process *process, const struct exception_frame *frame)
{
	(void)process;
	(void)frame;
	longjmp(leave, PROCESS_STOP_KILLED);
}

uint64_t budget_ticks(uint64_t budget_us)
{
	return budget_us;
}

_Noreturn void process_leave(struct process *process, enum process_stop stop)
{
	(void)process;
	longjmp(leave, (int)stop);
}

_Noreturn void process_stop_at(struct process *process, const struct exception_frame *frame, enum process_stop stop)
{
	process->registers.rax = frame->rax;
	process_leave(process, stop);
}

_Noreturn void process_suspend(struct process *process, const struct exception_frame *frame)
{
	process->registers.rax = frame->rax;
	process_leave(process, PROCESS_STOP_SUSPENDED);
}

/* Of two services, the first has two rings for scripts. */
static uint32_t service_tag, service_bytes;
static uint8_t service_record[RV_SERVICE_BYTES];
static bool logs_too_much;

bool resident_describe(unsigned position, struct resident_facts *facts)
{
	*facts = (struct resident_facts){ .name = "first", .runs = true, .cycles = 7, .starts = 2,
					  .script_writes = position == 0 ? 3 : -1, .script_reads = position == 0 ? 4 : -1 };
	return position < 2;
}

int resident_write(struct resident *resident, unsigned ring, uint32_t tag, const void *bytes, uint32_t length_bytes)
{
	UNIT_CHECK(resident == NULL && ring == 3 && length_bytes <= sizeof(service_record));
	memcpy(service_record, bytes, length_bytes);
	service_bytes = length_bytes;
	service_tag = tag;
	return 0;
}

int64_t resident_read(struct resident *resident, unsigned ring, uint32_t *tag, void *to, uint32_t room_bytes)
{
	int64_t length = service_bytes <= room_bytes ? (int64_t)service_bytes : -RV_E2BIG;

	UNIT_CHECK(resident == NULL && ring == 4);
	if (service_bytes == 0)
		return -RV_EAGAIN;
	if (length > 0)
		memcpy(to, service_record, service_bytes);
	*tag = service_tag;
	service_bytes = 0;
	return length;
}

bool resident_may_log(struct process *process)
{
	(void)process;
	return !logs_too_much;
}

static bool entropy_is_there = true;

static bool has_vpn;

bool net_service_describe(struct tunnel_status *status)
{
	*status = (struct tunnel_status){ .runs = 1, .nr_peers = 2 };
	return has_vpn;
}

bool entropy_draw(uint64_t *value)
{
	*value = 0x1122334455667788;
	return entropy_is_there;
}

static struct hook_owner *fake_owner; /* who added a hook */

int hook_add(struct hook_owner *owner, const struct rv_hook_spec *spec)
{
	fake_owner = owner;
	return spec->kind == RV_EVENT_PORT_READ ? 5 : -RV_EINVAL;
}

static bool hook_denies;

bool hook_keeps_denying(const struct hook *hook)
{
	(void)hook;
	return hook_denies;
}

static unsigned policies_told;

void process_space_tell_policy(struct process *process)
{
	(void)process;
	policies_told++;
}

int hook_remove(struct hook_owner *owner, uint32_t id)
{
	(void)owner;
	return id == 5 ? 0 : -RV_ENOENT;
}

int hook_hold_resolve(const struct hook_owner *owner, uint64_t handle, enum rv_verdict verdict, uint32_t refusal)
{
	(void)owner;
	(void)refusal;
	return handle == 7 && verdict == RV_VERDICT_DENY ? 0 : -RV_ENOENT;
}

static struct hook_hold held;
static uint8_t held_answer[8];
static int held_error;
static enum rv_verdict held_verdict;

static int answer_held(struct hook_hold *hold, uint64_t offset, void *bytes, size_t length_bytes)
{
	UNIT_CHECK(hold == &held && length_bytes <= sizeof(held_answer) && offset <= sizeof(held_answer) - length_bytes);
	memcpy(held_answer + offset, bytes, length_bytes);
	return held_error;
}

int hook_hold_take(const struct hook_owner *owner, uint64_t handle, uint64_t answer_bytes, struct hook_hold **taken)
{
	static const struct hook_hold_operations operations = { .answer = answer_held };

	(void)owner;
	held.operations = &operations;
	*taken = &held;
	return handle != 7 ? -RV_ENOENT : answer_bytes != sizeof(held_answer) ? -RV_ERANGE : 0;
}

void hook_hold_settle(struct hook_hold *hold, enum rv_verdict verdict)
{
	UNIT_CHECK(hold == &held);
	held_verdict = verdict;
}

uint64_t trace_kinds = 1; /* what scripts say */
static char said[2 * RV_TRACE_BYTES + 2];

void trace_say(const struct hook_owner *owner, const struct vcpu *vcpu, const char *name, const char *values)
{
	(void)owner, (void)vcpu;
	snprintf(said, sizeof(said), "%s %s", name, values);
}

struct hook *hook_find(uint32_t id)
{
	static struct hook hook;

	hook.owner = fake_owner;
	hook.spec.kind = RV_EVENT_PORT_READ;
	return id == 5 ? &hook : NULL;
}

void access_fetch(struct access *access)
{
	access->value = 0x77;
	access->resolved = true;
}

static void check_device(gpa_t gpa, uint8_t width_bytes)
{
	UNIT_CHECK(gpa >= RAM_BYTES);
	UNIT_CHECK(gpa + width_bytes <= 0xfee00000 || gpa >= 0xfee01000);
	UNIT_CHECK(gpa + width_bytes <= GIB(512));
	device_accesses++;
}

static void check_msr(const struct access *access)
{
	uint64_t msr = access->address;

	UNIT_CHECK(msr <= UINT32_MAX && access->width_bytes == 8);
	UNIT_CHECK(msr < 0xc0010114 || msr > 0xc001011b);
	UNIT_CHECK(!access->write || (msr != 0x1b && msr != 0xc0000080 && msr != 0xc0010117 &&
				      msr != 0x6e0 && (msr < 0x800 || msr > 0x8ff)));
}

enum access_result access_perform_direct(struct access *access)
{
	switch (access->kind) {
	case ACCESS_PORT:
		UNIT_CHECK(access->address + access->width_bytes <= 0x10000 &&
			   access->width_bytes <= 4);
		device_accesses++;
		break;
	case ACCESS_MMIO:
		check_device(access->address, access->width_bytes);
		break;
	case ACCESS_MSR:
		check_msr(access);
		break;
	default:
		UNIT_CHECK(access->address < 0x10000000 && access->width_bytes <= 4);
	}
	if (!access->write)
		access->value = access->kind == ACCESS_MSR ? access->address
				: access->kind == ACCESS_PCI ? 0 : 0x42;
	return ACCESS_PASS;
}

/* Any function of bus 0 has one of each sort. */
int pci_bar_get(uint64_t address, unsigned number, struct pci_bar *bar)
{
	UNIT_CHECK(address <= 0xffff000 && (address & 0xfff) == 0 && number < PCI_BARS_MAXIMUM);
	if (address >> 20 != 0)
		return -RV_ENOENT;
	*bar = (struct pci_bar){ .address = 0xfeb00000 + number, .size_bytes = 0x1000, .port = number == 1,
				 .wide = number == 2, .prefetchable = number == 3, .decoded = true };
	return 0;
}

int pci_function_switch_off(uint64_t address)
{
	UNIT_CHECK(address <= 0xffff000 && (address & 0xfff) == 0);
	return address == 0x8000 ? 2 : -RV_ENOENT;
}

void cpuid_hardware(struct vcpu *vcpu, uint32_t leaf, uint32_t subleaf, uint32_t registers[4])
{
	(void)vcpu;
	registers[0] = registers[1] = leaf;
	registers[2] = registers[3] = subleaf;
}

/* What ASan cannot see: that nothing of ours is read or written. */
int guest_memory_read(gpa_t gpa, void *buffer, size_t length_bytes)
{
	if (!memory_is_ram(gpa, length_bytes))
		return memory_is_reserved(gpa, length_bytes) ? -RV_EPERM : -RV_EFAULT;
	memcpy(buffer, fake_memory + gpa, length_bytes);
	return 0;
}

int guest_memory_write(gpa_t gpa, const void *buffer, size_t length_bytes)
{
	if (!memory_is_ram(gpa, length_bytes))
		return memory_is_reserved(gpa, length_bytes) ? -RV_EPERM : -RV_EFAULT;
	memcpy(fake_memory + gpa, buffer, length_bytes);
	return 0;
}

/* An engine without a program -------------------------------------------------------------------- */

#define DATA RV_ENGINE_IMAGE_ADDRESS
#define TEXT (RV_ENGINE_IMAGE_ADDRESS + 0x10000)

static struct vcpu vcpu;

static void engine_open(struct process *process)
{
	memset(process, 0, sizeof(*process));
	process->powers = process->powers_kept = RV_POWERS_ALL;
	process->heap_quota_bytes = 64 * PAGE_BYTES;
	process_options.budget_us = 2000;
	process_options.load_budget_ms = 10000;
	paging_direct_bytes = GIB(512);
	paging_host_root = memory_physical(memory_allocate_page());
	process->root = paging_create();
	process->vcpu = &vcpu;
	process_metrics_begin(process);
	UNIT_EQUAL(user_map_new_page(process, DATA, PAGING_WRITABLE), 0);
	UNIT_EQUAL(user_map_new_page(process, DATA + PAGE_BYTES, PAGING_WRITABLE), 0);
	UNIT_EQUAL(user_map_new_page(process, TEXT, 0), 0);
	UNIT_EQUAL(user_map_new_page(process, RV_ENGINE_EVENT_ADDRESS, PAGING_WRITABLE), 0);
	process->event = user_pointer(process, RV_ENGINE_EVENT_ADDRESS, true);
}

/* All that was taken must come back. */
static void engine_close(struct process *process)
{
	user_unmap(process, DATA, 2 * PAGE_BYTES);
	user_unmap(process, TEXT, PAGE_BYTES);
	user_unmap(process, RV_ENGINE_EVENT_ADDRESS, PAGE_BYTES);
	user_unmap(process, RV_ENGINE_HEAP_ADDRESS, process->heap_bytes);
	user_unmap(process, RV_ENGINE_STACK_TOP - RV_ENGINE_STACK_BYTES, RV_ENGINE_STACK_BYTES);
	process_metrics_end(process);
	UNIT_EQUAL(process->metric_bytes, 0);
	paging_destroy((hpa_t)process->root);
	memory_free_page(memory_direct(paging_host_root));
	UNIT_EQUAL(pool_used, 0);
}

static int last_stop; /* by which the last call ended; 0: it returned */

/* A system call as entry.S makes it. */
struct stack {
	struct exception_frame frame;
	struct process *process;
};

static int64_t call(struct process *process, uint64_t number, uint64_t a, uint64_t b, uint64_t c,
		    uint64_t d)
{
	struct stack stack = { .frame = { .rax = number, .rdi = a, .rsi = b, .rdx = c, .r10 = d },
			       .process = process };

	fake_cpu.tss.rsp[0] = (uint64_t)&stack.process;
	last_stop = setjmp(leave);
	if (last_stop != 0)
		return 0;
	process_syscall(&stack.frame);
	return (int64_t)stack.frame.rax;
}

/* Tests ------------------------------------------------------------------------------------------ */

static void test_user_memory(void)
{
	struct process process;
	uint8_t buffer[64] = { 1, 2, 3 };

	engine_open(&process);
	UNIT_EQUAL(user_copy_out(&process, DATA + PAGE_BYTES - 8, buffer, 64), 0);
	memset(buffer, 0, sizeof(buffer));
	UNIT_EQUAL(user_copy_in(&process, buffer, DATA + PAGE_BYTES - 8, 64), 0);
	UNIT_EQUAL(buffer[2], 3);
	UNIT_EQUAL(user_copy_out(&process, DATA + 2 * PAGE_BYTES - 8, buffer, 9), -RV_EFAULT);
	UNIT_EQUAL(user_copy_out(&process, TEXT, buffer, 1), -RV_EFAULT);
	UNIT_EQUAL(user_copy_in(&process, buffer, TEXT, 1), 0);
	UNIT_EQUAL(user_copy_in(&process, buffer, TEXT - 1, 2), -RV_EFAULT);
	UNIT_CHECK(!user_check(&process, ~UINT64_C(0), 2, false));
	UNIT_CHECK(!user_check(&process, 0, ~UINT64_C(0), false));
	UNIT_CHECK(!user_check(&process, RV_ENGINE_STACK_TOP - 4, 5, false));
	UNIT_CHECK(!user_check(&process, 0xffff800000000000, 1, false));
	UNIT_CHECK(!user_check(&process, 0x0000800000000000, 1, false));
	UNIT_CHECK(user_check(&process, 0, 0, true));
	/* Stack that was not used yet is there; what lies below it is not. */
	UNIT_CHECK(user_check(&process, RV_ENGINE_STACK_TOP - RV_ENGINE_STACK_BYTES, 8, true));
	UNIT_CHECK(!user_check(&process, RV_ENGINE_STACK_TOP - RV_ENGINE_STACK_BYTES - 1, 2, true));
	engine_close(&process);
}

static void test_heap(void)
{
	struct process process;

	engine_open(&process);
	UNIT_EQUAL(call(&process, RV_SYS_HEAP_GROW, 2 * PAGE_BYTES, 0, 0, 0), RV_ENGINE_HEAP_ADDRESS);
	UNIT_EQUAL(call(&process, RV_SYS_HEAP_GROW, 62 * PAGE_BYTES, 0, 0, 0),
		   RV_ENGINE_HEAP_ADDRESS + 2 * PAGE_BYTES);
	UNIT_EQUAL(call(&process, RV_SYS_HEAP_GROW, PAGE_BYTES, 0, 0, 0), -RV_ENOMEM);
	UNIT_EQUAL(call(&process, RV_SYS_HEAP_GROW, 0, 0, 0, 0),
		   RV_ENGINE_HEAP_ADDRESS + 64 * PAGE_BYTES);
	UNIT_EQUAL(process.heap_bytes, 64 * PAGE_BYTES);
	engine_close(&process);
	/* The pool runs out halfway: nothing is kept. */
	engine_open(&process);
	pool_limit = pool_used + 10;
	UNIT_EQUAL(call(&process, RV_SYS_HEAP_GROW, 32 * PAGE_BYTES, 0, 0, 0), -RV_ENOMEM);
	UNIT_EQUAL(process.heap_bytes, 0);
	pool_limit = 256;
	UNIT_EQUAL(call(&process, RV_SYS_HEAP_GROW, 32 * PAGE_BYTES, 0, 0, 0), RV_ENGINE_HEAP_ADDRESS);
	engine_close(&process);
}

/* What opens for others to begin with its copy can have asked for nothing that a script could tell. */
static void test_template(void)
{
	struct process process;

	engine_open(&process);
	UNIT_EQUAL(call(&process, RV_SYS_OPENED, 0, 0, 0, 0), 0);
	UNIT_EQUAL(last_stop, 0);
	process.role = PROCESS_ROLE_TEMPLATE;
	UNIT_EQUAL(call(&process, RV_SYS_HEAP_GROW, PAGE_BYTES, 0, 0, 0), RV_ENGINE_HEAP_ADDRESS);
	UNIT_EQUAL(call(&process, RV_SYS_ALARM, TEXT, 0, 0, 0), 0);
	for (uint64_t number = 1; number <= RV_SYSCALL_COUNT; number++) {
		if (number == RV_SYS_HEAP_GROW || number == RV_SYS_ALARM)
			continue;
		process.registers.rax = 1;
		(void)call(&process, number, 0, 0, 0, 0);
		UNIT_EQUAL(last_stop, number == RV_SYS_OPENED ? PROCESS_STOP_SUSPENDED : PROCESS_STOP_EXIT);
		UNIT_EQUAL(process.registers.rax, number == RV_SYS_OPENED ? 0 : 1);
	}
	engine_close(&process);
}

/* What is counted takes of the heap's quota, and the heap of what it leaves. */
static void test_metrics(void)
{
	struct rv_metric_spec spec = { .name = "n", .kind = RV_METRIC_COUNTER };
	struct rv_metric_facts facts;
	struct rv_metric_key key = { .shape = 1 };
	struct process process;
	uint64_t lost = 0;

	engine_open(&process);
	UNIT_EQUAL(call(&process, RV_SYS_METRIC, TEXT - 1, 0, 0, 0), -RV_EFAULT);
	UNIT_EQUAL(user_copy_out(&process, DATA, &spec, sizeof(spec)), 0);
	UNIT_EQUAL(call(&process, RV_SYS_HEAP_GROW, 60 * PAGE_BYTES, 0, 0, 0), RV_ENGINE_HEAP_ADDRESS);
	UNIT_EQUAL(call(&process, RV_SYS_METRIC, DATA, 0, 0, 0), 0);
	for (key.words[0] = 0; key.words[0] < 1000; key.words[0]++) {
		UNIT_EQUAL(user_copy_out(&process, DATA, &key, sizeof(key)), 0);
		lost += call(&process, RV_SYS_METRIC_ADD, 0, DATA, 1, 0) == -RV_ENOMEM;
	}
	UNIT_EQUAL(lost, 1000 - 2 * 64);
	UNIT_EQUAL(process.metric_bytes, 4 * PAGE_BYTES);
	UNIT_EQUAL(call(&process, RV_SYS_HEAP_GROW, PAGE_BYTES, 0, 0, 0), -RV_ENOMEM);
	UNIT_EQUAL(call(&process, RV_SYS_METRIC_NEXT, 0, 127, TEXT, 0), -RV_EFAULT);
	UNIT_EQUAL(call(&process, RV_SYS_METRIC_NEXT, 0, 127, DATA, 0), 128);
	UNIT_EQUAL(call(&process, RV_SYS_METRIC_NEXT, 0, 128, DATA, 0), -RV_ENOENT);
	UNIT_EQUAL(user_copy_in(&process, &facts, DATA, sizeof(facts)), 0);
	UNIT_EQUAL(facts.lost, lost);
	UNIT_EQUAL(call(&process, RV_SYS_METRIC_CLEAR, 1, 0, 0, 0), -RV_ENOENT);
	UNIT_EQUAL(call(&process, RV_SYS_METRIC_CLEAR, 0, 0, 0, 0), 0);
	UNIT_EQUAL(call(&process, RV_SYS_METRIC_NEXT, 0, 0, DATA, 0), -RV_ENOENT);
	process.powers &= ~(uint32_t)RV_POWER_LOG;
	UNIT_EQUAL(call(&process, RV_SYS_METRIC, DATA, 0, 0, 0), -RV_EACCES);
	engine_close(&process);
}

/* The time is up amid a call: what was done so far is known, so that it can be undone. */
static void test_heap_late(void)
{
	struct process process;

	engine_open(&process);
	looks_left = 3;
	UNIT_EQUAL(call(&process, RV_SYS_HEAP_GROW, 64 * PAGE_BYTES, 0, 0, 0), 0);
	UNIT_EQUAL(looks_left, 0);
	UNIT_CHECK(process.heap_bytes != 0 && process.heap_bytes < 64 * PAGE_BYTES);
	engine_close(&process);
}

/* A hook on much device memory takes its time, which an event has not. */
static void test_hook_in_event(void)
{
	struct rv_hook_spec spec = spec_of(RV_EVENT_MMIO_READ, 0x1000, 0x1000 + RV_HOOK_BYTES_IN_EVENT);
	struct process process;
	struct hook hook;

	engine_open(&process);
	UNIT_EQUAL(user_copy_out(&process, DATA, &spec, sizeof(spec)), 0);
	UNIT_EQUAL(call(&process, RV_SYS_HOOK_ADD, DATA, 0, 0, 0), -RV_EINVAL); /* the fake's */
	process.hook = &hook;
	UNIT_EQUAL(call(&process, RV_SYS_HOOK_ADD, DATA, 0, 0, 0), -RV_E2BIG);
	spec.clauses[0].last--;
	UNIT_EQUAL(user_copy_out(&process, DATA, &spec, sizeof(spec)), 0);
	UNIT_EQUAL(call(&process, RV_SYS_HOOK_ADD, DATA, 0, 0, 0), -RV_EINVAL);
	engine_close(&process);
}

static void test_trace(void)
{
	struct process process;

	engine_open(&process);
	UNIT_EQUAL(user_copy_out(&process, DATA, "name{values}", 12), 0);
	UNIT_EQUAL(call(&process, RV_SYS_TRACE, DATA, 4, DATA + 4, 8), 0);
	UNIT_CHECK(strcmp(said, "name {values}") == 0);
	UNIT_EQUAL(call(&process, RV_SYS_TRACE, DATA, 4, DATA + 4, 9), -RV_EINVAL); /* a NUL */
	UNIT_EQUAL(call(&process, RV_SYS_TRACE, DATA, RV_TRACE_BYTES + 1, DATA, 0), -RV_E2BIG);
	UNIT_EQUAL(call(&process, RV_SYS_TRACE, DATA, 4, DATA, ~UINT64_C(0)), -RV_E2BIG);
	UNIT_EQUAL(call(&process, RV_SYS_TRACE, TEXT - 1, 2, DATA, 0), -RV_EFAULT);
	said[0] = '\0';
	UNIT_EQUAL(call(&process, RV_SYS_TRACE, 0, 0, 0, 0), 0);
	trace_kinds = 2;
	UNIT_EQUAL(call(&process, RV_SYS_TRACE, DATA, 4, DATA + 4, 8), -RV_EAGAIN);
	UNIT_EQUAL(said[0], '\0');
	trace_kinds = 1;
	engine_close(&process);
}

/* From two pages of the engine's; what is not all its own is not begun; what cannot be given is denied. */
static void test_answer(void)
{
	struct process process;

	engine_open(&process);
	UNIT_EQUAL(call(&process, RV_SYS_HEAP_GROW, 2 * PAGE_BYTES, 0, 0, 0), RV_ENGINE_HEAP_ADDRESS);
	UNIT_EQUAL(user_copy_out(&process, RV_ENGINE_HEAP_ADDRESS + PAGE_BYTES - 3, "answered", 8), 0);
	held_verdict = RV_VERDICT_PASS;
	UNIT_EQUAL(call(&process, RV_SYS_ANSWER, 7, RV_ENGINE_HEAP_ADDRESS + 2 * PAGE_BYTES - 7, 8, 0), -RV_EFAULT);
	UNIT_EQUAL(call(&process, RV_SYS_ANSWER, 8, RV_ENGINE_HEAP_ADDRESS, 8, 0), -RV_ENOENT);
	UNIT_EQUAL(call(&process, RV_SYS_ANSWER, 7, RV_ENGINE_HEAP_ADDRESS, 7, 0), -RV_ERANGE);
	UNIT_EQUAL(held_verdict, RV_VERDICT_PASS);
	UNIT_EQUAL(call(&process, RV_SYS_ANSWER, 7, RV_ENGINE_HEAP_ADDRESS + PAGE_BYTES - 3, 8, 0), 0);
	UNIT_EQUAL(held_verdict, RV_VERDICT_DROP);
	UNIT_CHECK(memcmp(held_answer, "answered", 8) == 0);
	held_error = -RV_ENOMEM;
	UNIT_EQUAL(call(&process, RV_SYS_ANSWER, 7, RV_ENGINE_HEAP_ADDRESS, 8, 0), -RV_ENOMEM);
	UNIT_EQUAL(held_verdict, RV_VERDICT_DENY);
	held_error = 0;
	engine_close(&process);
}

static void test_transfer(void)
{
	struct process process;

	engine_open(&process);
	fake_memory[0x500] = 0xa5;
	UNIT_EQUAL(call(&process, RV_SYS_MEMORY_READ, 0x400, DATA + PAGE_BYTES - 100, 1000, 0), 0);
	UNIT_EQUAL(*(uint8_t *)user_pointer(&process, DATA + PAGE_BYTES + 156, false), 0xa5);
	UNIT_EQUAL(call(&process, RV_SYS_MEMORY_READ, OURS_START - 4, DATA, 8, 0), -RV_EPERM);
	UNIT_EQUAL(call(&process, RV_SYS_MEMORY_WRITE, OURS_START + OURS_BYTES - 1, DATA, 1, 0),
		   -RV_EPERM);
	UNIT_EQUAL(call(&process, RV_SYS_MEMORY_READ, ~UINT64_C(0) - 2, DATA, 8, 0), -RV_EFAULT);
	UNIT_EQUAL(call(&process, RV_SYS_MEMORY_WRITE, 0, TEXT, 8, 0), 0);
	UNIT_EQUAL(call(&process, RV_SYS_MEMORY_READ, 0, TEXT, 8, 0), -RV_EFAULT);
	UNIT_EQUAL(call(&process, RV_SYS_MEMORY_READ, 0, DATA, MIB(1) + 1, 0), -RV_E2BIG);
	engine_close(&process);
}

static uint64_t random_number(void)
{
	static const uint64_t borders[] = {
		0, PAGE_BYTES, 0x10000, OURS_START, OURS_START + OURS_BYTES, RAM_BYTES, DATA,
		DATA + 2 * PAGE_BYTES, TEXT, TEXT + PAGE_BYTES, RV_ENGINE_EVENT_ADDRESS,
		RV_ENGINE_HEAP_ADDRESS, RV_ENGINE_STACK_TOP, 0xfee00000, 0xfee01000, GIB(512),
		0x800000000000, 0xffff800000000000, 0xc0010114, 0x800, 0x900, ~UINT64_C(0),
	};
	uint64_t r = unit_random() >> 8;

	if (r % 8 < 3)
		return (r >> 8) % 40;
	if (r % 8 < 7)
		return borders[(r >> 8) % ARRAY_LENGTH(borders)] + (r >> 20) % 32 - 16;
	return unit_random();
}

/* ASan and the checks in the fakes watch. */
static void test_random_calls(void)
{
	static const struct vcpu_operations none;
	struct process process;

	vcpu_ops = &none;
	engine_open(&process);
	process.budget_us = 2000;
	for (int i = 0; i < 2000000; i++) {
		/* Few have arguments by chance that a log line can be made of. */
		uint64_t number = unit_random() % 4 == 0 ? RV_SYS_LOG : unit_random() % (RV_SYSCALL_COUNT + 3);

		process.powers_kept = RV_POWERS_ALL;
		/* entry.S and the back end would handle these two. */
		if (number != RV_SYS_NEXT_EVENT && number != RV_SYS_EVENT_REGISTERS)
			call(&process, number, random_number(), random_number(), random_number(),
			     random_number());
		if (i % 64 == 0) /* which hardly any level says */
			call(&process, RV_SYS_LOG, RV_LOG_PLAIN, random_number(), random_number(), 0);
	}
	UNIT_CHECK(device_accesses > 1000);
	UNIT_CHECK(logged_bytes > 1000);
	engine_close(&process);
}

static void test_pci(void)
{
	static const uint32_t flags[] = { 8, 8 | RV_PCI_BAR_PORT, 8 | RV_PCI_BAR_WIDE, 8 | RV_PCI_BAR_PREFETCHABLE };
	struct process process;
	struct rv_pci_bar bar;

	engine_open(&process);
	for (uint64_t number = 0; number < 4; number++) {
		UNIT_EQUAL(call(&process, RV_SYS_PCI_BAR, 3 << 3, number, DATA, 0), 0);
		UNIT_EQUAL(user_copy_in(&process, &bar, DATA, sizeof(bar)), 0);
		UNIT_CHECK(bar.address == 0xfeb00000 + number && bar.size_bytes == 0x1000 &&
			   bar.flags == flags[number]);
	}
	UNIT_EQUAL(call(&process, RV_SYS_PCI_BAR, 0x100, 0, DATA, 0), -RV_ENOENT);
	UNIT_EQUAL(call(&process, RV_SYS_PCI_BAR, 0x10000, 0, DATA, 0), -RV_EINVAL);
	UNIT_EQUAL(call(&process, RV_SYS_PCI_BAR, 0, 6, DATA, 0), -RV_EINVAL);
	UNIT_EQUAL(call(&process, RV_SYS_PCI_BAR, 0, 0, 0, 0), -RV_EFAULT);
	UNIT_EQUAL(call(&process, RV_SYS_PCI_SWITCH_OFF, 8, 0, 0, 0), 2);
	UNIT_EQUAL(call(&process, RV_SYS_PCI_SWITCH_OFF, 0, 0, 0, 0), -RV_ENOENT);
	UNIT_EQUAL(call(&process, RV_SYS_PCI_SWITCH_OFF, 0x10000, 0, 0, 0), -RV_EINVAL);
	engine_close(&process);
}

/* Each call with and without each power: it is what decides. */
static void test_powers(void)
{
	struct process process;

	for (unsigned power = 0; power < RV_POWER_COUNT; power++) {
		engine_open(&process);
		UNIT_EQUAL(call(&process, RV_SYS_POWERS, RV_POWERS_ALL & ~(1u << power), 0, 0, 0), 0);
		UNIT_EQUAL(process.powers, RV_POWERS_ALL); /* the top level goes on */
		process.state = PROCESS_WAITING;
		UNIT_EQUAL(call(&process, RV_SYS_POWERS, RV_POWERS_ALL, 0, 0, 0), 0);
		UNIT_EQUAL(process.powers, RV_POWERS_ALL & ~(1u << power));
		for (uint64_t number = 0; number < RV_SYSCALL_COUNT; number++) {
			if (number == RV_SYS_NEXT_EVENT || number == RV_SYS_EVENT_REGISTERS || number == RV_SYS_EXIT)
				continue;
			UNIT_EQUAL(call(&process, number, DATA, 1, DATA, 0) == -RV_EACCES,
				   rv_syscall_powers[number] == 1u << power);
			process.powers_kept = process.powers;
		}
		engine_close(&process);
	}
}

/* A policy is one for good, from before its first hook on, and keeps what denies by itself. */
static void test_policy(void)
{
	struct rv_hook_spec spec = spec_of(RV_EVENT_PORT_READ, 0x60, 0x60);
	struct process process;

	policies_told = 0;
	engine_open(&process);
	process.owner.nr_hooks = 1;
	UNIT_EQUAL(call(&process, RV_SYS_POLICY, 0, 0, 0, 0), -RV_EBUSY);
	process.owner.nr_hooks = 0;
	process.state = PROCESS_WAITING;
	UNIT_EQUAL(call(&process, RV_SYS_POLICY, 0, 0, 0, 0), -RV_EAGAIN);
	process.state = PROCESS_LOADING;
	UNIT_CHECK(!process.policy);
	UNIT_EQUAL(call(&process, RV_SYS_POLICY, 0, 0, 0, 0), 0);
	UNIT_CHECK(process.policy && process.owner.keeps_hooks);
	UNIT_EQUAL(policies_told, 1);
	spec.on_error = RV_ON_ERROR_DISABLE;
	UNIT_EQUAL(user_copy_out(&process, DATA, &spec, sizeof(spec)), 0);
	UNIT_EQUAL(call(&process, RV_SYS_HOOK_ADD, DATA, 0, 0, 0), -RV_EPERM);
	spec.on_error = RV_ON_ERROR_DENY;
	UNIT_EQUAL(user_copy_out(&process, DATA, &spec, sizeof(spec)), 0);
	UNIT_EQUAL(call(&process, RV_SYS_HOOK_ADD, DATA, 0, 0, 0), 5);
	hook_denies = true;
	UNIT_EQUAL(call(&process, RV_SYS_HOOK_REMOVE, 5, 0, 0, 0), 0); /* while it loads */
	process.state = PROCESS_WAITING;
	UNIT_EQUAL(call(&process, RV_SYS_HOOK_REMOVE, 5, 0, 0, 0), -RV_EPERM);
	UNIT_EQUAL(call(&process, RV_SYS_POLICY, 0, 0, 0, 0), 0);
	hook_denies = false;
	UNIT_EQUAL(call(&process, RV_SYS_HOOK_REMOVE, 5, 0, 0, 0), 0);
	engine_close(&process);
}

static void test_powers_of_hooks(void)
{
	struct rv_hook_spec spec = spec_of(RV_EVENT_PORT_READ, 0x60, 0x60);
	struct process process;

	engine_open(&process);
	UNIT_EQUAL(user_copy_out(&process, DATA, &spec, sizeof(spec)), 0);
	UNIT_EQUAL(call(&process, RV_SYS_HOOK_ADD, DATA, 0, 0, 0), 5);
	process.powers = RV_POWERS_ALL & ~RV_POWER_HOOK;
	UNIT_EQUAL(call(&process, RV_SYS_HOOK_ADD, DATA, 0, 0, 0), -RV_EACCES);
	UNIT_EQUAL(call(&process, RV_SYS_HOOK_REMOVE, 5, 0, 0, 0), -RV_EACCES);
	spec = spec_of(RV_EVENT_TIMER, 1000, 1000);
	UNIT_EQUAL(user_copy_out(&process, DATA, &spec, sizeof(spec)), 0);
	UNIT_EQUAL(call(&process, RV_SYS_HOOK_ADD, DATA, 0, 0, 0), -RV_EINVAL); /* the fake's */
	process.powers = RV_POWERS_ALL;
	UNIT_EQUAL(call(&process, RV_SYS_HOOK_REMOVE, 5, 0, 0, 0), 0);
	engine_close(&process);
}

static int fake_fetch(struct rv_event *event, struct event_origin *origin)
{
	if (origin->access->write)
		return -RV_EAGAIN;
	event->value = 0x77;
	return 0;
}

static void test_fetch(void)
{
	static const struct source source = { .fetch = fake_fetch };
	static const struct source plain = { .fetch = NULL };
	struct access access = { .kind = ACCESS_PORT };
	struct event_origin origin = { .access = &access };
	struct hook hook = { .source = &source, .origin = &origin };
	struct process process;

	engine_open(&process);
	UNIT_EQUAL(call(&process, RV_SYS_EVENT_FETCH, 0, 0, 0, 0), -RV_EAGAIN);
	process.hook = &hook;
	UNIT_EQUAL(call(&process, RV_SYS_EVENT_FETCH, 0, 0, 0, 0), 0);
	UNIT_EQUAL(process.event->value, 0x77);
	access.write = true;
	UNIT_EQUAL(call(&process, RV_SYS_EVENT_FETCH, 0, 0, 0, 0), -RV_EAGAIN);
	access.write = false;
	hook.source = &plain;
	UNIT_EQUAL(call(&process, RV_SYS_EVENT_FETCH, 0, 0, 0, 0), -RV_EAGAIN);
	engine_close(&process);
}

/* The loader ------------------------------------------------------------------------------------- */

struct image {
	uint8_t bytes[0x3000];
};

static void put(struct image *image, size_t offset, uint64_t value, unsigned width)
{
	memcpy(image->bytes + offset, &value, width);
}

#define HEADERS 64
#define SEGMENT(n) (HEADERS + 56 * (n))

static void put_segment(struct image *image, unsigned n, uint32_t flags, uint64_t offset,
			uint64_t address, uint64_t file_bytes, uint64_t memory_bytes)
{
	size_t at = SEGMENT(n);

	put(image, at, 1, 4);
	put(image, at + 4, flags, 4);
	put(image, at + 8, offset, 8);
	put(image, at + 16, address, 8);
	put(image, at + 32, file_bytes, 8);
	put(image, at + 40, memory_bytes, 8);
}

static struct image image_good(void)
{
	struct image image = { .bytes = { 0x7f, 'E', 'L', 'F', 2, 1, 1 } };

	put(&image, 16, 2, 2);
	put(&image, 18, 62, 2);
	put(&image, 24, 0x401010, 8);
	put(&image, 32, HEADERS, 8);
	put(&image, 54, 56, 2);
	put(&image, 56, 2, 2);
	put_segment(&image, 0, 5, 0x1000, 0x401000, 0x800, 0x800);
	put_segment(&image, 1, 6, 0x2000, 0x402000, 0x100, 0x2100);
	return image;
}

static int parse(const struct image *image, size_t bytes, struct elf_program *program)
{
	const char *why = NULL;
	/* An exact copy, so that ASan sees a read behind its end. */
	void *copy = malloc(bytes);
	int error;

	memcpy(copy, image, bytes);
	error = elf_parse(copy, bytes, 0x400000, 0x10000000, program, &why);
	UNIT_CHECK((error == 0) == (why == NULL));
	free(copy);
	return error;
}

static void test_elf(void)
{
	static const struct {
		size_t offset;
		unsigned width;
		uint64_t value;
	} broken[] = {
		{ 0, 1, 0 },	    { 4, 1, 1 },	 { 5, 1, 2 },
		{ 16, 2, 3 },	    { 18, 2, 3 },	 { 24, 8, 0x402000 },
		{ 24, 8, 0x401800 }, { 32, 8, 0x2fff },	 { 32, 8, ~UINT64_C(0) },
		{ 54, 2, 32 },	    { 56, 2, 0xffff },
		{ SEGMENT(0) + 4, 4, 7 }, /* writable and executable */
		{ SEGMENT(0) + 4, 4, 1 }, /* not readable */
		{ SEGMENT(0) + 8, 8, 0x2900 },
		{ SEGMENT(0) + 8, 8, ~UINT64_C(0) - 0x7f },
		{ SEGMENT(0) + 16, 8, 0x3ff000 },
		{ SEGMENT(0) + 16, 8, 0x403000 }, /* out of order */
		{ SEGMENT(0) + 40, 8, 0x1001 },	  /* into the next one's page */
		{ SEGMENT(0) + 40, 8, 0x7ff },	  /* less than in the file */
		{ SEGMENT(1) + 16, 8, 0x401800 },
		{ SEGMENT(1) + 40, 8, ~UINT64_C(0) },
		{ SEGMENT(1) + 40, 8, 0x10000000 },
		{ SEGMENT(1), 4, 2 }, /* dynamic */
		{ SEGMENT(1), 4, 3 }, /* interpreter */
	};
	struct elf_program program;
	struct image image = image_good();

	UNIT_EQUAL(parse(&image, sizeof(image), &program), 0);
	UNIT_EQUAL(program.nr_segments, 2);
	UNIT_EQUAL(program.entry, 0x401010);
	UNIT_CHECK(program.segments[0].executable && !program.segments[0].writable);
	UNIT_EQUAL(program.segments[1].memory_bytes, 0x2100);
	for (size_t i = 0; i < ARRAY_LENGTH(broken); i++) {
		image = image_good();
		put(&image, broken[i].offset, broken[i].value, broken[i].width);
		if (parse(&image, sizeof(image), &program) != -RV_EINVAL)
			unit_fail("broken header %zu was accepted", i);
	}
	image = image_good();
	for (size_t bytes = 1; bytes < 0x2100; bytes++)
		UNIT_EQUAL(parse(&image, bytes, &program), -RV_EINVAL);
}

/* Whatever the loader accepts must be safe to load. */
static void test_elf_random(void)
{
	unsigned accepted = 0;

	for (int round = 0; round < 200000; round++) {
		struct image image = image_good();
		struct elf_program program;

		for (unsigned n = (unsigned)(unit_random() >> 60); n > 0; n--)
			image.bytes[unit_random() % SEGMENT(2)] =
				(uint8_t)(unit_random() >> (unit_random() % 57));
		if (parse(&image, sizeof(image), &program) != 0)
			continue;
		accepted++;
		for (unsigned i = 0; i < program.nr_segments; i++) {
			const struct elf_segment *s = &program.segments[i];

			UNIT_CHECK(s->file_bytes <= s->memory_bytes);
			UNIT_CHECK(s->file_offset <= sizeof(image) &&
				   s->file_bytes <= sizeof(image) - s->file_offset);
			UNIT_CHECK(s->address >= 0x400000 && s->address < 0x10000000 &&
				   s->memory_bytes <= 0x10000000 - s->address);
			UNIT_CHECK(!(s->writable && s->executable));
			if (i > 0)
				UNIT_CHECK(align_down(s->address, PAGE_BYTES) >=
					   align_up(s[-1].address + s[-1].memory_bytes, PAGE_BYTES));
		}
	}
	UNIT_CHECK(accepted > 1000);
}

static void test_timer_math(void)
{
	static const uint8_t divide[16] = { [0] = 1, [1] = 2, [2] = 3, [3] = 4,
					    [8] = 5, [9] = 6, [10] = 7, [11] = 0 };

	for (uint32_t code = 0; code < 16; code++) {
		if (!(code & 4))
			UNIT_EQUAL(apic_timer_divide_shift(code), divide[code]);
	}
	UNIT_EQUAL(apic_timer_count(1000, 3), 125);
	UNIT_EQUAL(apic_timer_count(7, 3), 1);
	UNIT_EQUAL(apic_timer_count(0, 0), 1);
	UNIT_EQUAL(apic_timer_count(~UINT64_C(0), 0), APIC_TIMER_TICKS_MAXIMUM);
	UNIT_EQUAL(apic_timer_remaining(0, 5), 0);
	UNIT_EQUAL(apic_timer_remaining(10, 4), 6);
	UNIT_EQUAL(apic_timer_remaining(10, 10), 1);
	UNIT_EQUAL(apic_timer_remaining(10, ~UINT64_C(0)), 1);
	UNIT_EQUAL(time_ticks_of_us(2000, 1000000000), 2000000);
	UNIT_EQUAL(time_ticks_of_us(10000000, 4000000000), UINT64_C(40000000000));
	UNIT_EQUAL(time_ticks_of_us(1500000, 3), 4);
}

/* A service has four calls; scripts have none of its own two. */
static void test_resident_calls(void)
{
	struct process process;
	uint8_t text[32];

	engine_open(&process);
	UNIT_EQUAL(call(&process, RV_SYS_WAIT, 5, 0, 0, 0), -RV_ENOSYS);
	UNIT_EQUAL(call(&process, RV_SYS_RANDOM, DATA, 8, 0, 0), -RV_ENOSYS);
	process.role = PROCESS_ROLE_RESIDENT;
	process.powers = RV_POWER_LOG;
	for (uint64_t number = 1; number < RV_SYSCALL_COUNT + 4; number++) {
		if (number != RV_SYS_EXIT && number != RV_SYS_LOG && number != RV_SYS_WAIT && number != RV_SYS_RANDOM)
			UNIT_EQUAL(call(&process, number, DATA, 8, DATA, 8), -RV_EACCES);
	}
	UNIT_EQUAL(call(&process, RV_SYS_RANDOM, DATA + PAGE_BYTES - 4, 12, 0, 0), 0);
	UNIT_EQUAL(user_copy_in(&process, text, DATA + PAGE_BYTES - 4, 12), 0);
	UNIT_CHECK(memcmp(text, "\x88\x77\x66\x55\x44\x33\x22\x11\x88\x77\x66\x55", 12) == 0);
	UNIT_EQUAL(call(&process, RV_SYS_RANDOM, DATA, RESIDENT_RANDOM_BYTES + 1, 0, 0), -RV_E2BIG);
	UNIT_EQUAL(call(&process, RV_SYS_RANDOM, TEXT, 8, 0, 0), -RV_EFAULT);
	entropy_is_there = false;
	UNIT_EQUAL(call(&process, RV_SYS_RANDOM, DATA, 8, 0, 0), -RV_EIO);
	entropy_is_there = true;
	UNIT_EQUAL(call(&process, RV_SYS_LOG, RV_LOG_PLAIN, DATA, 8, 0), -RV_EINVAL);
	UNIT_EQUAL(call(&process, RV_SYS_LOG, RV_LOG_INFO, DATA, 401, 0), -RV_E2BIG);
	UNIT_EQUAL(call(&process, RV_SYS_LOG, RV_LOG_INFO, DATA, 400, 0), 0);
	logs_too_much = true;
	UNIT_EQUAL(call(&process, RV_SYS_LOG, RV_LOG_INFO, DATA, 400, 0), -RV_EAGAIN);
	logs_too_much = false;
	UNIT_EQUAL(call(&process, RV_SYS_WAIT, 77, 0, 0, 0), 0);
	UNIT_EQUAL(last_stop, PROCESS_STOP_WAITS);
	UNIT_EQUAL(process.wait_tsc, 77);
	UNIT_EQUAL(process.registers.rax, 0);
	/* Its stack does not grow. */
	UNIT_CHECK(!user_grow_stack(&process, RV_ENGINE_STACK_TOP - PAGE_BYTES));
	engine_close(&process);
}

static void test_service_calls(void)
{
	struct process process;
	struct rv_service_info info;
	uint32_t tag;

	engine_open(&process);
	UNIT_EQUAL(call(&process, RV_SYS_VPN, DATA, 0, 0, 0), -RV_ENOENT);
	has_vpn = true;
	UNIT_EQUAL(call(&process, RV_SYS_VPN, TEXT, 0, 0, 0), -RV_EFAULT);
	UNIT_EQUAL(call(&process, RV_SYS_VPN, DATA, 0, 0, 0), 0);
	UNIT_EQUAL(call(&process, RV_SYS_SERVICE, 2, DATA, 0, 0), -RV_ENOENT);
	UNIT_EQUAL(call(&process, RV_SYS_SERVICE, UINT64_MAX, DATA, 0, 0), -RV_ENOENT);
	UNIT_EQUAL(call(&process, RV_SYS_SERVICE, 0, TEXT, 0, 0), -RV_EFAULT);
	UNIT_EQUAL(call(&process, RV_SYS_SERVICE, 0, DATA, 0, 0), 0);
	UNIT_EQUAL(user_copy_in(&process, &info, DATA, sizeof(info)), 0);
	UNIT_CHECK(strcmp(info.name, "first") == 0 && info.starts == 2 && info.cycles == 7);
	UNIT_EQUAL(info.flags, RV_SERVICE_RUNS | RV_SERVICE_TAKES | RV_SERVICE_GIVES);
	UNIT_EQUAL(call(&process, RV_SYS_SERVICE_WRITE, 1, 0, DATA, 8), -RV_ENOTSUP);
	UNIT_EQUAL(call(&process, RV_SYS_SERVICE_READ, 1, DATA, 8, DATA), -RV_ENOTSUP);
	UNIT_EQUAL(call(&process, RV_SYS_SERVICE_WRITE, 2, 0, DATA, 8), -RV_ENOENT);
	UNIT_EQUAL(call(&process, RV_SYS_SERVICE_READ, 2, DATA, 8, DATA), -RV_ENOENT);
	UNIT_EQUAL(call(&process, RV_SYS_SERVICE_WRITE, 0, UINT64_C(1) << 32, DATA, 8), -RV_EINVAL);
	UNIT_EQUAL(call(&process, RV_SYS_SERVICE_WRITE, 0, 0, DATA, RV_SERVICE_BYTES + 1), -RV_E2BIG);
	UNIT_EQUAL(call(&process, RV_SYS_SERVICE_WRITE, 0, 0, DATA, UINT64_MAX), -RV_E2BIG);
	UNIT_EQUAL(call(&process, RV_SYS_SERVICE_WRITE, 0, 0, DATA + PAGE_BYTES + 1, PAGE_BYTES), -RV_EFAULT);
	UNIT_EQUAL(call(&process, RV_SYS_SERVICE_READ, 0, DATA, 64, DATA), -RV_EAGAIN);
	UNIT_EQUAL(user_copy_out(&process, DATA, "hello", 5), 0);
	UNIT_EQUAL(call(&process, RV_SYS_SERVICE_WRITE, 0, UINT32_MAX, DATA, 5), 0);
	/* Where it cannot be given it is not taken. */
	UNIT_EQUAL(call(&process, RV_SYS_SERVICE_READ, 0, TEXT, 64, DATA), -RV_EFAULT);
	UNIT_EQUAL(call(&process, RV_SYS_SERVICE_READ, 0, DATA, 64, TEXT), -RV_EFAULT);
	UNIT_EQUAL(call(&process, RV_SYS_SERVICE_READ, 0, DATA, 64, DATA + 128), 5);
	UNIT_EQUAL(user_copy_in(&process, &tag, DATA + 128, sizeof(tag)), 0);
	UNIT_EQUAL(tag, UINT32_MAX);
	engine_close(&process);
}

int main(void)
{
	fake_memory = aligned_alloc(PAGE_BYTES, FAKE_MEMORY_BYTES);
	memset(fake_memory, 0, FAKE_MEMORY_BYTES);
	unit_run("system calls of services", test_resident_calls);
	unit_run("system calls about services", test_service_calls);
	unit_run("process_user_memory", test_user_memory);
	unit_run("process_heap", test_heap);
	unit_run("process_heap_late", test_heap_late);
	unit_run("process_template", test_template);
	unit_run("process_metrics", test_metrics);
	unit_run("process_hook_in_event", test_hook_in_event);
	unit_run("process_trace", test_trace);
	unit_run("an answer", test_answer);
	unit_run("process_transfer", test_transfer);
	unit_run("process_random_calls", test_random_calls);
	unit_run("process_pci", test_pci);
	unit_run("process_powers", test_powers);
	unit_run("process_powers_of_hooks", test_powers_of_hooks);
	unit_run("process_policy", test_policy);
	unit_run("process_fetch", test_fetch);
	unit_run("process_elf", test_elf);
	unit_run("process_elf_random", test_elf_random);
	unit_run("process_timer_math", test_timer_math);
	free(fake_memory);
	return unit_failed;
}
