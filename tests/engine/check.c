/*
 * tests/engine/check.c: every system call once with arguments that are right, and with each kind
 * that is wrong.
 */
#include "tests/spec.h"
#include "engine.h"

#define KERNEL 0xffffffff80000000
#define UNMAPPED 0x7000000
#define READ_ONLY RV_ENGINE_INFO_ADDRESS

static uint8_t check_buffer[8192] __attribute__((aligned(4096)));

static int64_t call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	return system_call(number, a, b, c, d);
}

static void check_log(void)
{
	const char *text = "engine: log works\n";

	engine_expect("log", call(RV_SYS_LOG, RV_LOG_PLAIN, (uint64_t)text, 18, 0), 0);
	engine_expect("log-level", call(RV_SYS_LOG, 7, (uint64_t)text, 18, 0), -RV_EINVAL);
	engine_expect("log-long", call(RV_SYS_LOG, 2, (uint64_t)text, RV_LOG_BYTES + 1, 0), -RV_E2BIG);
	engine_expect("log-huge", call(RV_SYS_LOG, 2, (uint64_t)text, ~UINT64_C(0), 0), -RV_E2BIG);
	engine_expect("log-kernel", call(RV_SYS_LOG, 2, KERNEL, 16, 0), -RV_EFAULT);
	engine_expect("log-unmapped", call(RV_SYS_LOG, 2, UNMAPPED, 16, 0), -RV_EFAULT);
	engine_expect("log-end", call(RV_SYS_LOG, 2, RV_ENGINE_STACK_TOP - 8, 16, 0), -RV_EFAULT);
	engine_expect("log-wrap", call(RV_SYS_LOG, 2, ~UINT64_C(0) - 7, 16, 0), -RV_EFAULT);
}

static void check_unknown(void)
{
	engine_expect("unknown", call(RV_SYSCALL_COUNT, 0, 0, 0, 0), -RV_ENOSYS);
	engine_expect("unknown-huge", call(UINT64_C(1) << 63, 0, 0, 0, 0), -RV_ENOSYS);
	engine_expect("unknown-high", call(UINT64_C(1) << 32, 0, 0, 0, 0), -RV_ENOSYS);
}

static void check_heap(void)
{
	int64_t first = call(RV_SYS_HEAP_GROW, 8192, 0, 0, 0);

	engine_expect("heap-address", first, RV_ENGINE_HEAP_ADDRESS);
	engine_expect("heap-zero", *(volatile int64_t *)(first + 8184), 0);
	*(volatile int64_t *)(first + 8184) = 5;
	engine_expect("heap-next", call(RV_SYS_HEAP_GROW, 4096, 0, 0, 0), first + 8192);
	engine_expect("heap-kept", *(volatile int64_t *)(first + 8184), 5);
	engine_expect("heap-odd", call(RV_SYS_HEAP_GROW, 100, 0, 0, 0), -RV_EINVAL);
	engine_expect("heap-quota", call(RV_SYS_HEAP_GROW, engine_info()->heap_quota_bytes, 0, 0, 0),
		      -RV_ENOMEM);
	engine_expect("heap-huge", call(RV_SYS_HEAP_GROW, ~UINT64_C(0xfff), 0, 0, 0), -RV_ENOMEM);
}

static int64_t check_add(uint32_t kind, uint64_t first, uint64_t last)
{
	struct rv_hook_spec spec = spec_of(kind, first, last);

	return call(RV_SYS_HOOK_ADD, (uint64_t)&spec, 0, 0, 0);
}

static void check_hooks(void)
{
	int64_t id = check_add(RV_EVENT_PORT_READ, 0x5678, 0x5679);

	engine_expect("hook-add", id >= 0, 1);
	engine_expect("hook-remove", call(RV_SYS_HOOK_REMOVE, (uint64_t)id, 0, 0, 0), 0);
	engine_expect("hook-remove-twice", call(RV_SYS_HOOK_REMOVE, (uint64_t)id, 0, 0, 0), -RV_ENOENT);
	engine_expect("hook-remove-none", call(RV_SYS_HOOK_REMOVE, ~UINT64_C(0), 0, 0, 0), -RV_ENOENT);
	engine_expect("hook-pointer", call(RV_SYS_HOOK_ADD, KERNEL, 0, 0, 0), -RV_EFAULT);
	engine_expect("hook-kind", check_add(99, 0, 0), -RV_EINVAL);
	engine_expect("hook-kind-0", check_add(0, 0, 0), -RV_EINVAL);
	engine_expect("hook-range", check_add(RV_EVENT_PORT_READ, 2, 1), -RV_EINVAL);
	engine_expect("hook-port", check_add(RV_EVENT_PORT_WRITE, 0, 0x10000), -RV_EINVAL);
	engine_expect("hook-timer", check_add(RV_EVENT_TIMER, 10, 10), -RV_EINVAL);
	engine_expect("fetch-no-event", call(RV_SYS_EVENT_FETCH, 0, 0, 0, 0), -RV_EAGAIN);
	engine_expect("registers-no-event", call(RV_SYS_EVENT_REGISTERS, 0, 0, 0, 0), -RV_EAGAIN);
}

/* A table that is full says so, and gives all back. */
static void check_many_hooks(void)
{
	static int64_t ids[300];
	unsigned count = 0, removed = 0;
	int64_t id;

	while (count < 300 && (id = check_add(RV_EVENT_PORT_READ, 0x5678, 0x5678)) >= 0)
		ids[count++] = id;
	engine_expect("hooks-full", count < 300 ? id : 0, -RV_ENOSPC);
	for (unsigned i = 0; i < count; i++)
		removed += call(RV_SYS_HOOK_REMOVE, (uint64_t)ids[i], 0, 0, 0) == 0;
	engine_expect("hooks-removed", removed, count);
	for (unsigned round = 0; round < 3000; round++) {
		id = check_add(RV_EVENT_PORT_READ, 0x5678, 0x5678);
		if (id < 0 || call(RV_SYS_HOOK_REMOVE, (uint64_t)id, 0, 0, 0) != 0)
			break;
	}
	engine_expect("hooks-reused", id >= 0, 1);
}

static void check_ports(void)
{
	engine_expect("port-read", call(RV_SYS_PORT_READ, 0x80, 1, 0, 0) >= 0, 1);
	engine_expect("port-write", call(RV_SYS_PORT_WRITE, 0x80, 1, 0x11, 0), 0);
	engine_expect("port-width", call(RV_SYS_PORT_READ, 0x80, 3, 0, 0), -RV_EINVAL);
	engine_expect("port-width-8", call(RV_SYS_PORT_READ, 0x80, 8, 0, 0), -RV_EINVAL);
	engine_expect("port-range", call(RV_SYS_PORT_READ, 0xffff, 2, 0, 0), -RV_EINVAL);
	engine_expect("port-huge", call(RV_SYS_PORT_WRITE, ~UINT64_C(0), 1, 0, 0), -RV_EINVAL);
}

/* Its first register can only be read, and reads as ones where there is none. */
#define HPET 0xfed00000

static void check_mmio(void)
{
	uint64_t value = 0, out = (uint64_t)&value;

	engine_expect("mmio-write", call(RV_SYS_MMIO_WRITE, HPET, 4, 1, 0), 0);
	engine_expect("mmio-read", call(RV_SYS_MMIO_READ, HPET, 4, out, 0), 0);
	engine_expect("mmio-value", (value & 0xff) != 0, 1);
	engine_expect("mmio-ram", call(RV_SYS_MMIO_READ, 0x200000, 4, out, 0), -RV_EINVAL);
	engine_expect("mmio-ioapic", call(RV_SYS_MMIO_WRITE, 0xfec00000, 4, 1, 0), -RV_EPERM);
	engine_expect("mmio-apic", call(RV_SYS_MMIO_WRITE, 0xfee00380, 4, 0, 0), -RV_EPERM);
	engine_expect("mmio-pointer", call(RV_SYS_MMIO_READ, HPET, 4, KERNEL, 0), -RV_EFAULT);
	engine_expect("mmio-const", call(RV_SYS_MMIO_READ, HPET, 4, READ_ONLY, 0), -RV_EFAULT);
	engine_expect("mmio-range", call(RV_SYS_MMIO_READ, ~UINT64_C(0) - 3, 4, out, 0), -RV_ERANGE);
	engine_expect("mmio-width", call(RV_SYS_MMIO_READ, HPET, 16, out, 0), -RV_EINVAL);
}

static void check_msrs(void)
{
	uint64_t value = 0, out = (uint64_t)&value;

	engine_expect("msr-read", call(RV_SYS_MSR_READ, 0x10, out, 0, 0), 0);
	engine_expect("msr-efer", call(RV_SYS_MSR_READ, 0xc0000080, out, 0, 0), 0);
	engine_expect("msr-svme", (int64_t)(value & 0x1000), 0);
	engine_expect("msr-efer-write", call(RV_SYS_MSR_WRITE, 0xc0000080, 0, 0, 0), -RV_EPERM);
	engine_expect("msr-hsave", call(RV_SYS_MSR_READ, 0xc0010117, out, 0, 0), -RV_EPERM);
	engine_expect("msr-hsave-write", call(RV_SYS_MSR_WRITE, 0xc0010117, 0, 0, 0), -RV_EPERM);
	engine_expect("msr-apic-write", call(RV_SYS_MSR_WRITE, 0x1b, 0, 0, 0), -RV_EPERM);
	engine_expect("msr-huge", call(RV_SYS_MSR_WRITE, UINT64_C(1) << 32, 0, 0, 0), -RV_EFAULT);
	engine_expect("msr-pointer", call(RV_SYS_MSR_READ, 0x10, READ_ONLY, 0, 0), -RV_EFAULT);
}

static void check_cpuid_and_pci(void)
{
	uint32_t registers[4] = { 0 };
	uint64_t out = (uint64_t)registers;

	engine_expect("cpuid", call(RV_SYS_CPUID, 0, 0, out, 0), 0);
	engine_expect("cpuid-value", registers[1] != 0, 1);
	engine_expect("cpuid-svm", call(RV_SYS_CPUID, 0x80000001, 0, out, 0), 0);
	engine_expect("cpuid-svm-hidden", registers[2] & 4, 0);
	engine_expect("cpuid-leaf", call(RV_SYS_CPUID, UINT64_C(1) << 32, 0, out, 0), -RV_EINVAL);
	engine_expect("cpuid-pointer", call(RV_SYS_CPUID, 0, 0, KERNEL, 0), -RV_EFAULT);
	engine_expect("pci-read", call(RV_SYS_PCI_READ, 0, 0, 2, 0), 0x8086);
	engine_expect("pci-write", call(RV_SYS_PCI_WRITE, 0, 0, 2, 0), 0);
	engine_expect("pci-kept", call(RV_SYS_PCI_READ, 0, 0, 2, 0), 0x8086);
	engine_expect("pci-odd", call(RV_SYS_PCI_READ, 0, 1, 4, 0), -RV_EINVAL);
	engine_expect("pci-offset", call(RV_SYS_PCI_READ, 0, 0x1000, 4, 0), -RV_EINVAL);
	engine_expect("pci-function", call(RV_SYS_PCI_READ, 0x10000, 0, 4, 0), -RV_EINVAL);
	engine_expect("pci-width", call(RV_SYS_PCI_READ, 0, 0, 8, 0), -RV_EINVAL);
}

static void check_memory(void)
{
	uint64_t buffer = (uint64_t)check_buffer, ours = engine_info()->memory_end;

	/* The BIOS data area holds the size of conventional memory at 0x413. */
	engine_expect("memory-read", call(RV_SYS_MEMORY_READ, 0x400, buffer + 4090, 256, 0), 0);
	engine_expect("memory-value", check_buffer[4090 + 0x14] != 0, 1);
	engine_expect("memory-write", call(RV_SYS_MEMORY_WRITE, 0x400, buffer + 4090, 256, 0), 0);
	engine_expect("memory-none", call(RV_SYS_MEMORY_READ, ours + 0x10000000, buffer, 8, 0) < 0, 1);
	engine_expect("memory-long", call(RV_SYS_MEMORY_READ, 0, buffer, 0x200000, 0), -RV_E2BIG);
	engine_expect("memory-pointer", call(RV_SYS_MEMORY_READ, 0, KERNEL, 8, 0), -RV_EFAULT);
	engine_expect("memory-const", call(RV_SYS_MEMORY_READ, 0, READ_ONLY, 8, 0), -RV_EFAULT);
	engine_expect("memory-text", call(RV_SYS_MEMORY_READ, 0, RV_ENGINE_IMAGE_ADDRESS, 8, 0),
		      -RV_EFAULT);
	engine_expect("memory-end", call(RV_SYS_MEMORY_READ, 0, buffer, 0x100000, 0), -RV_EFAULT);
	engine_expect("memory-wrap", call(RV_SYS_MEMORY_READ, ~UINT64_C(0), buffer, 8, 0), -RV_EFAULT);
}

/* Our own memory is somewhere below the end of RAM: no page of it may be read or written. */
static void check_memory_own(void)
{
	unsigned refused = 0;

	for (uint64_t gpa = 0; gpa < engine_info()->memory_end; gpa += 0x10000)
		refused += call(RV_SYS_MEMORY_READ, gpa, (uint64_t)check_buffer, 8, 0) == -RV_EPERM;
	/* 16 MiB or more are reserved. */
	engine_expect("memory-ours", refused >= 0x1000000 / 0x10000, 1);
}

static void check_statistics(void)
{
	struct rv_statistics statistics;

	engine_expect("statistics", call(RV_SYS_STATISTICS, (uint64_t)&statistics, 0, 0, 0), 0);
	engine_expect("statistics-heap", (int64_t)statistics.heap_bytes, 12288);
	engine_expect("statistics-stack", statistics.stack_bytes >= 4096, 1);
	engine_expect("statistics-pointer", call(RV_SYS_STATISTICS, READ_ONLY, 0, 0, 0), -RV_EFAULT);
}

static void check_info(void)
{
	const struct rv_engine_info *info = engine_info();

	engine_expect("info-version", info->abi_version, RV_ABI_VERSION);
	engine_expect("info-tsc", info->tsc_hz > 1000000, 1);
	engine_expect("info-clock", info->boot_unix_seconds > 1600000000, 1);
	engine_expect("info-scripts", info->nr_scripts > info->script_index, 1);
}

void check_system_calls(void)
{
	check_info();
	check_log();
	check_unknown();
	check_heap();
	check_hooks();
	check_many_hooks();
	check_ports();
	check_mmio();
	check_msrs();
	check_cpuid_and_pci();
	check_memory();
	check_memory_own();
	check_statistics();
}
