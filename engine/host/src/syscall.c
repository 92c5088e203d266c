/*
 * syscall.c: the system calls of include/rv/abi.h on the simulated machine.
 */
#include "syscall.h"

#include "machine.h"
#include "play.h"
#include "session.h"

#include "hook/metric.h"

#include "rv/abi.h"
#include "rv/errno.h"
#include "rv/powers.h"

#include <stdlib.h>
#include <string.h>

uint64_t host_heap_bytes;

/* Gem tests (mrbtest) have no session of their own: the machine is there from the start. */
__attribute__((constructor)) static void syscall_prepare(void)
{
	session_map();
}

static void *syscall_pointer(uint64_t address)
{
	return (void *)(uintptr_t)address;
}

static bool syscall_width(uint64_t width_bytes)
{
	return width_bytes == 1 || width_bytes == 2 || width_bytes == 4 || width_bytes == 8;
}

static int64_t syscall_mmio(uint64_t gpa, uint64_t width_bytes, void *value, bool write)
{
	if (!syscall_width(width_bytes) || gpa % width_bytes)
		return -RV_EINVAL;
	return machine_mmio(gpa, value, width_bytes, write) ? 0 : -RV_EPERM;
}

static int64_t syscall_memory(uint64_t gpa, uint64_t address, uint64_t bytes, bool write)
{
	if (gpa >= MACHINE_OURS && gpa < MACHINE_MEMORY_END)
		return -RV_EPERM;
	return machine_memory(gpa, syscall_pointer(address), bytes, write) ? 0 : -RV_EFAULT;
}

static int64_t syscall_statistics(struct rv_statistics *statistics)
{
	memset(statistics, 0, sizeof(*statistics));
	statistics->events = session_events;
	statistics->errors = session_errors;
	statistics->exits = session_events;
	statistics->heap_bytes = host_heap_bytes;
	statistics->tsc = __builtin_ia32_rdtsc();
	return 0;
}

static int64_t syscall_metric_next(uint64_t metric, uint64_t position, struct rv_metric_facts *facts)
{
	int count = metric_read(host_metrics(), metric, position, &facts->entry, 1, &facts->lost);

	return count < 0 ? count : count == 0 ? -RV_ENOENT : (int64_t)position + 1;
}

static int64_t syscall_msr_read(uint64_t msr, uint64_t *value)
{
	return machine_msr_read((uint32_t)msr, value) ? 0 : -RV_EFAULT;
}

static int64_t syscall_device(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	switch (number) {
	case RV_SYS_PORT_READ:
		return (int64_t)machine_port_read((uint16_t)a, (unsigned int)b);
	case RV_SYS_PORT_WRITE:
		machine_port_write((uint16_t)a, (unsigned int)b, c);
		return 0;
	case RV_SYS_MMIO_READ:
		return syscall_mmio(a, b, syscall_pointer(c), false);
	case RV_SYS_MMIO_WRITE:
		return syscall_mmio(a, b, &c, true);
	case RV_SYS_MSR_READ:
		return syscall_msr_read(a, syscall_pointer(b));
	case RV_SYS_MSR_WRITE:
		return machine_msr_write((uint32_t)a, b) ? 0 : -RV_EFAULT;
	case RV_SYS_CPUID:
		machine_cpuid((uint32_t)a, (uint32_t)b, syscall_pointer(c));
		return 0;
	case RV_SYS_PCI_READ:
		return (int64_t)machine_pci_read((uint16_t)a, (unsigned int)b, (unsigned int)c);
	case RV_SYS_PCI_WRITE:
		machine_pci_write((uint16_t)a, (unsigned int)b, (unsigned int)c, d);
		return 0;
	case RV_SYS_PCI_BAR:
		return machine_pci_bar((uint16_t)a, (unsigned int)b, syscall_pointer(c)) ? 0 : -RV_ENOENT;
	case RV_SYS_PCI_SWITCH_OFF:
		return machine_pci_switch_off((uint16_t)a) ? 0 : -RV_ENOENT;
	case RV_SYS_MEMORY_READ:
		return syscall_memory(a, b, c, false);
	case RV_SYS_MEMORY_WRITE:
		return syscall_memory(a, b, c, true);
	default:
		return -RV_ENOSYS;
	}
}

/* The simulated machine has one. */
static int64_t syscall_disk(uint64_t position, struct rv_disk_info *info)
{
	if (position != 0)
		return -RV_ENOENT;
	*info = (struct rv_disk_info){ .sector_bytes = MACHINE_SECTOR_BYTES, .sectors = MACHINE_DISK_SECTORS,
				       .model = "SIMULATED DISK", .serial = "1" };
	return 0;
}

static uint64_t syscall_overlay_bytes; /* that the last may take */

static int64_t syscall_overlay_on_disk(const struct rv_overlay_spec *spec)
{
	if (spec->disk > RV_DISK_LAST || spec->other > RV_DISK_LAST)
		return -RV_ENOENT;
	syscall_overlay_bytes = spec->sectors * MACHINE_SECTOR_BYTES;
	return spec->disk == spec->other ? -RV_EINVAL : 1;
}

/* And one of these. */
static int64_t syscall_nic(uint64_t position, struct rv_nic_info *info)
{
	if (position != 0)
		return -RV_ENOENT;
	*info = (struct rv_nic_info){ .function = 3 << 3, .flags = RV_NIC_MEDIATED | RV_NIC_ATTACHED | RV_NIC_LINK,
				      .mac = 0x525400123456, .id = 0x10411af4, .driver = "virtio" };
	return 0;
}

/* A tunnel that answered two seconds ago, by a peer of two. */
static int64_t syscall_vpn(struct tunnel_status *status)
{
	*status = (struct tunnel_status){
		.runs = 1, .inside = { 10, 9, 0, 2 }, .inside6 = { 0xfd, 0, 0, 9, [15] = 2 }, .outside.v4 = { 10, 0, 2, 15 }, .port = 51820, .nr_peers = 2, .mtu = 1420,
		.peers = { { .where = { { 198, 51, 100, 7 }, 4, 0, 443 }, .is_up = 1, .handshake_age_ms = 2000, .nr_handshakes = 3,
			     .sent_bytes = 5000, .received_bytes = UINT64_C(1) << 40 },
			   { .where = { { 0x20, 1, 0xd, 0xb8, [15] = 8 }, 6, 0, 444 }, .handshake_age_ms = TUNNEL_NO_HANDSHAKE } },
	};
	return 0;
}

/* And a stick. */
static const uint8_t syscall_stick[] = {
	18, 1, 0, 2, 0, 0, 0, 64, 0xf4, 0x46, 1, 0, 0, 0, 1, 2, 3, 1, 9, 2, 32, 0, 1, 1, 0, 0xc0, 0,
	9, 4, 0, 0, 2, 8, 6, 80, 0, 7, 5, 0x81, 2, 0, 2, 0, 7, 5, 2, 2, 0, 2, 0,
};

static int64_t syscall_usb(uint64_t position, struct rv_usb_info *info)
{
	if (position != 0)
		return -RV_ENOENT;
	*info = (struct rv_usb_info){ .number = 1, .function = 5 << 3, .vendor_id = 0x46f4, .product_id = 1, .usb_release = 0x200,
				      .speed = RV_USB_SPEED_HIGH, .descriptor_bytes = sizeof(syscall_stick), .nr_interfaces = 1,
				      .interfaces = { { 8, 6, 80 } }, .path = "1-1", .manufacturer = "QEMU",
				      .product = "QEMU USB HARDDRIVE", .serial = "1" };
	return 0;
}

static int64_t syscall_usb_read(uint64_t number, uint64_t offset, uint8_t *buffer, uint64_t bytes)
{
	if (number != 1)
		return -RV_ENOENT;
	if (offset > sizeof(syscall_stick) || bytes > sizeof(syscall_stick) - offset)
		return -RV_ERANGE;
	memcpy(buffer, syscall_stick + offset, bytes);
	return 0;
}

static int64_t syscall_hook_add(const struct rv_hook_spec *spec)
{
	const struct rv_engine_info *info = syscall_pointer(RV_ENGINE_INFO_ADDRESS);

	if (info->policy && spec->on_error == RV_ON_ERROR_DISABLE)
		return -RV_EPERM;
	return rv_kind_power(spec->kind) & ~session_powers() ? -RV_EACCES : host_hook_add(spec);
}

static int64_t syscall_hook_remove(uint64_t number)
{
	const struct hook *hook = number < HOST_HOOKS_MAXIMUM ? host_hook_get((uint32_t)number) : NULL;

	if (hook != NULL && session_keeps(hook))
		return -RV_EPERM;
	return hook != NULL && (rv_kind_power(hook->spec.kind) & ~session_powers()) ? -RV_EACCES
									      : host_hook_remove(number);
}

int64_t host_syscall(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	(void)e;
	if (number < RV_SYSCALL_COUNT && (rv_syscall_powers[number] & ~session_powers()) != 0)
		return -RV_EACCES;
	switch (number) {
	case RV_SYS_NEXT_EVENT:
		return session_next_event();
	case RV_SYS_LOG:
		if (c > RV_LOG_BYTES)
			return -RV_E2BIG;
		session_log((uint32_t)a, syscall_pointer(b), c);
		return 0;
	case RV_SYS_OPENED:
		return 0;
	case RV_SYS_METRIC:
		return metric_create(host_metrics(), syscall_pointer(a));
	case RV_SYS_METRIC_ADD:
		return metric_add(host_metrics(), a, syscall_pointer(b), c);
	case RV_SYS_METRIC_NEXT:
		return syscall_metric_next(a, b, syscall_pointer(c));
	case RV_SYS_METRIC_CLEAR:
		return metric_clear(host_metrics(), a);
	case RV_SYS_TRACE: /* nobody records */
		return -RV_EAGAIN;
	case RV_SYS_EXIT:
		session_end((int)a, "it called exit");
	case RV_SYS_HOOK_ADD:
		return syscall_hook_add(syscall_pointer(a));
	case RV_SYS_HOOK_REMOVE:
		return syscall_hook_remove(a);
	case RV_SYS_POWERS:
		return session_keep_powers(a);
	case RV_SYS_POLICY:
		return session_begin_policy();
	case RV_SYS_EVENT_FETCH:
		return session_fetch();
	case RV_SYS_EVENT_REGISTERS:
		return session_registers();
	case RV_SYS_DATA_READ:
		return session_data(a, syscall_pointer(b), c, false);
	case RV_SYS_DATA_WRITE:
		return session_data(a, syscall_pointer(b), c, true);
	case RV_SYS_DATA_RESIZE:
		return session_resize(a);
	case RV_SYS_NIC:
		return syscall_nic(a, syscall_pointer(b));
	case RV_SYS_VPN:
		return syscall_vpn(syscall_pointer(a));
	case RV_SYS_USB:
		return syscall_usb(a, syscall_pointer(b));
	case RV_SYS_USB_READ:
		return syscall_usb_read(a, b, syscall_pointer(c), d);
	case RV_SYS_NIC_TRANSFER: /* its wire leads nowhere */
		return a != 0 ? -RV_ENOENT : d < 14 || d > RV_NIC_TRANSFER_BYTES ? -RV_ERANGE : 0;
	case RV_SYS_SERVICE: /* it has none */
	case RV_SYS_SERVICE_WRITE:
	case RV_SYS_SERVICE_READ:
		return -RV_ENOENT;
	case RV_SYS_RESOLVE:
		return play_resolve(a);
	case RV_SYS_ANSWER:
		return play_answer_held(a, c);
	case RV_SYS_DISK:
		return syscall_disk(a, syscall_pointer(b));
	case RV_SYS_DISK_READ:
		return machine_disk(a, b, syscall_pointer(c), d, false);
	case RV_SYS_DISK_WRITE:
		return machine_disk(a, b, syscall_pointer(c), d, true);
	case RV_SYS_DISK_FLUSH:
		return a == 0 ? 0 : -RV_ENOENT;
	case RV_SYS_OVERLAY: /* it stays empty: no data go anywhere */
		syscall_overlay_bytes = b;
		return a <= RV_DISK_LAST ? 1 : -RV_ENOENT;
	case RV_SYS_OVERLAY_NEXT:
		return -RV_ENOENT;
	case RV_SYS_OVERLAY_READ:
		memset(syscall_pointer(c), 0, d);
		return 0;
	case RV_SYS_OVERLAY_USED:
		return b != 0 ? (int64_t)syscall_overlay_bytes : 0;
	case RV_SYS_OVERLAY_OPEN:
		return 0;
	case RV_SYS_OVERLAY_ON_DISK:
		return syscall_overlay_on_disk(syscall_pointer(a));
	case RV_SYS_DISK_FAIL:
		return a / RV_DISKS_A_BUS == RV_DISK_NVME ? 0 : -RV_ENOTSUP;
	case RV_SYS_STATISTICS:
		return syscall_statistics(syscall_pointer(a));
	default:
		return syscall_device(number, a, b, c, d);
	}
}

/* What the gem's generated initialiser calls. */
void mrb_ritevisor_host_gem_init(struct mrb_state *mrb)
{
	(void)mrb;
}

void mrb_ritevisor_host_gem_final(struct mrb_state *mrb)
{
	(void)mrb;
}
