/*
 * boot/main.c: the composition root. It moves us to the top of low memory, sets the layers up from
 * the lowest, runs the scripts, and starts the guest.
 */
#include "boot/boot_info.h"
#include "boot/bios_tpm.h"
#include "boot/encrypt.h"
#include "boot/guest_stub.h"
#include "boot/guest_stub_layout.h"
#include "boot/hardware_check.h"
#include "boot/offer_sleep.h"
#include "boot/memory_need.h"
#include "boot/options.h"
#include "boot/panic_test.h"
#include "boot/policy.h"
#include "boot/services.h"
#include "boot/settings.h"
#include "boot/uefi_cpus.h"
#include "boot/uefi_entry.h"
#include "boot/vpn.h"
#include "control/control.h"
#include "control/wire.h"
#include "core/acpi.h"
#include "core/console.h"
#include "core/cpu.h"
#include "core/emulator.h"
#include "core/exception.h"
#include "core/instructions.h"
#include "core/layout.h"
#include "core/log.h"
#include "core/log_ring.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/smp.h"
#include "core/smm.h"
#include "core/smp_start.h"
#include "core/string.h"
#include "core/time.h"
#include "hook/hook_summary.h"
#include "iommu/fw_cfg.h"
#include "iommu/hpet.h"
#include "iommu/iommu.h"
#include "mediator/disk/cipher.h"
#include "mediator/disk/disk.h"
#include "mediator/net/nic.h"
#include "mediator/usb/usb.h"
#include "mediator/disk/disk_io.h"
#include "mediator/disk/overlay.h"
#include "mediator/power/shutdown.h"
#include "mediator/power/sleep.h"
#include "process/process.h"
#include "process/signature.h"
#include "rv/errno.h"
#include "rv/version.h"
#include "vmm/access.h"
#include "vmm/msr.h"
#include "vmm/pci_function.h"
#include "vmm/reset_vector.h"
#include "vmm/shutdown_status.h"
#include "vmm/startup.h"
#include "vmm/svm/svm_ops.h"
#include "vmm/vmx/vmx_ops.h"

/* How many times as long budgets are where time passes while nothing runs. */
#define EMULATOR_BUDGETS 25
#define EMULATOR_LOAD_BUDGETS 10
#define TABLES_BYTES MIB(1) /* at most, for the host's page tables */
#define POOL_BYTES_MINIMUM MIB(1)   /* what scripts must leave of our memory */
#define BIOS_FIRST_DISK 0x80
#define BIOS_LOW_START 0xe0000 /* a BIOS has stacks and small buffers there: shadow RAM that it leaves to be written */
#define BIOS_LOW_BYTES KIB(64)
#define BIOS_MEMORY_BYTES_MAXIMUM MIB(1)
/* What scripts cannot use up: a vCPU with its tables, and the pages of its single steps; and for all. */
#define KEPT_PAGES 32
#define KEPT_PAGES_A_CPU 16

void relocate_image(hpa_t to, hpa_t from, uint64_t bytes, hpa_t root);
extern uint8_t layout_load_start[];

/* The map that the guest gets: the firmware's, normalised, without us. Reserved in it are our memory
 * and the guest's first page; where we are not to be moved takes two. */
#define MAIN_MAP_ENTRIES (E820_ENTRIES_MAXIMUM + 3 * 2)
_Static_assert(MAIN_MAP_ENTRIES <= GUEST_STUB_ENTRIES_MAXIMUM, "the guest's page has room for the map");
static struct e820_entry main_map[MAIN_MAP_ENTRIES];
static size_t main_nr_map;
static uint64_t main_map_bytes_lost; /* of a map that is too long */

static struct vcpu main_vcpu;

static hpa_t main_low_page; /* of the BIOS guest's */

static size_t main_log_before_bytes;

static bool main_has_asked; /* for a passphrase, or a TPM for a key */

static uint64_t main_script_bytes_dropped; /* with the engine; 0: all fit */

static uint64_t main_image_bytes(void)
{
	return (uint64_t)(layout_image_end - layout_image_start);
}

/* The highest place that touches neither the image as loaded, nor the loader's data. */
static hpa_t main_find_place(uint64_t bytes)
{
	static struct e820_entry map[MAIN_MAP_ENTRIES];
	size_t nr_map = main_nr_map;
	uint64_t place;

	memcpy(map, main_map, sizeof(map));
	if (e820_reserve(map, &nr_map, ARRAY_LENGTH(map), (hpa_t)layout_load_start,
			 main_image_bytes()) != 0 ||
	    e820_reserve(map, &nr_map, ARRAY_LENGTH(map), boot_info.taken_start,
			 boot_info.taken_end - boot_info.taken_start) != 0 ||
	    e820_find_place(map, nr_map, bytes, &place) != 0)
		return 0;
	return place;
}

static bool main_virtualises; /* there is no way back to the firmware but as the guest */

/* Where iommu=own was said, nothing boots without: but if a person asked for rescue. */
static bool main_requires_iommu(void)
{
	return boot_options.iommu == IOMMU_WISH_OWN && !boot_options.rescue;
}

/* UEFI's drivers begin anew instead (boot/uefi). */
static bool main_takes_over_disks(void)
{
	return encrypt_is_wanted() && !uefi_is_present();
}

/* Does no OS run without us? Rescue leaves scripts out, and no encryption: to an OS the disk would be one to format. Nor
 * a tunnel: the OS would send what is to stay in it. */
static bool main_is_required(void)
{
	return policy_is_wanted() || main_requires_iommu() || encrypt_is_wanted() || vpn_is_wanted();
}

_Noreturn static void main_stop(const char *why)
{
	log_error("%s", why);
	if (uefi_is_present()) {
		if (main_is_required())
			uefi_refuse(why);
		uefi_leave(why);
	}
	cpu_stop();
}

/* Scripts that do not fit are dropped, and the OS boots if none is a policy: all of them, since a part of a policy may be
 * worse than none. It is too early to say so on the screen. */
static void main_drop_large_modules(hpa_t at, hpa_t end)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < boot_info.nr_modules; i++)
		bytes += align_up(boot_info.modules[i].length_bytes, PAGE_BYTES);
	if (align_up(at, PAGE_BYTES) + bytes + POOL_BYTES_MINIMUM <= end)
		return;
	main_script_bytes_dropped = bytes;
	boot_info.nr_modules = 0;
	boot_options.rescue = true;
}

/* Copies the modules behind `at` and points boot_info at the copies. Returns the first free byte. */
static hpa_t main_move_modules(hpa_t at)
{
	for (size_t i = 0; i < boot_info.nr_modules; i++) {
		struct boot_module *module = &boot_info.modules[i];

		at = align_up(at, PAGE_BYTES);
		memcpy((void *)at, (const void *)module->data, module->length_bytes);
		if (module->kind == BOOT_MODULE_FILE)
			memory_wipe((void *)module->data, module->length_bytes); /* it may be a key */
		module->data = at;
		at += module->length_bytes;
	}
	return align_up(at, PAGE_BYTES);
}

/* What a BIOS keeps to itself of RAM: behind an end of what it leaves, and little. */
static bool main_is_bios_memory(size_t entry)
{
	return entry != 0 && main_map[entry].type == E820_RESERVED && main_map[entry - 1].type == E820_USABLE &&
	       main_map[entry].base == main_map[entry - 1].base + main_map[entry - 1].length_bytes &&
	       main_map[entry].length_bytes <= BIOS_MEMORY_BYTES_MAXIMUM;
}

/* The firmware's map becomes the guest's, and RAM is known from then on: also what a BIOS has for itself, where its
 * drivers of disks go on by us (disk_take_over()), whose rings, stacks and buffers are there. */
static void main_read_map(void)
{
	/* N ranges have 2N ends, and between them 2N - 1 places where the type can change. */
	static struct e820_entry map[2 * E820_RAW_ENTRIES_MAXIMUM];
	size_t nr_map = e820_normalise(boot_info.map, boot_info.nr_map, map, ARRAY_LENGTH(map));
	bool is_bios_low_due = main_takes_over_disks();

	main_map_bytes_lost = e820_shorten(map, &nr_map, E820_ENTRIES_MAXIMUM);
	memcpy(main_map, map, nr_map * sizeof(map[0]));
	main_nr_map = nr_map;
	for (size_t i = 0; i < main_nr_map; i++) {
		if (is_bios_low_due && main_map[i].base > BIOS_LOW_START) {
			memory_add_ram(BIOS_LOW_START, BIOS_LOW_BYTES);
			is_bios_low_due = false;
		}
		if (main_map[i].type == E820_USABLE || main_map[i].type == E820_ACPI_RECLAIMABLE ||
		    main_map[i].type == E820_ACPI_NVS || (main_takes_over_disks() && main_is_bios_memory(i)))
			memory_add_ram(main_map[i].base, main_map[i].length_bytes);
	}
}

/* Where the image was before it was moved, which the guest gets. */
static void main_wipe_left_passphrase(void)
{
	uint64_t offset = (uint64_t)&boot_info.passphrase - HYPERVISOR_ADDRESS;

	memory_wipe(memory_direct((hpa_t)layout_load_start + offset), sizeof(boot_info.passphrase));
}

/* From the loader's memory to our own; what is left of it becomes the pool. */
static void main_relocate(void)
{
	bool in_place = boot_info.place != 0;
	uint64_t bytes = in_place ? boot_info.place_bytes : memory_need_bytes(&boot_info);
	hpa_t place, tables, end, root;
	uint64_t tables_bytes;

	main_read_map();
	place = in_place ? boot_info.place : main_find_place(bytes);
	if (place == 0)
		main_stop("no free memory below 4 GiB: try the option memory=16M");
	/* Where the boot before had its image, if it was one of this kind. */
	if (!in_place)
		main_log_before_bytes = log_find_before((const void *)place, main_image_bytes());
	else if (boot_info.log_before != 0)
		main_log_before_bytes = log_find_before((const void *)boot_info.log_before,
							sizeof(struct log_ring));
	tables = place + main_image_bytes();
	root = paging_build_host(place, main_image_bytes(), tables, TABLES_BYTES, &tables_bytes);
	if (root == 0)
		main_stop("this machine has more memory than our page tables can map");
	main_drop_large_modules(tables + tables_bytes, place + bytes);
	end = main_move_modules(tables + tables_bytes);
	memory_reserved_start = place;
	memory_reserved_bytes = bytes;
	paging_host_root = root;
	memory_init_pool(end, place + bytes - end);
	if (e820_reserve(main_map, &main_nr_map, ARRAY_LENGTH(main_map), place, bytes) != 0)
		main_stop("the firmware's memory map is too long");
	relocate_image(place, (hpa_t)layout_load_start, in_place ? 0 : main_image_bytes(), root);
	if (!in_place)
		main_wipe_left_passphrase();
}

/* The disk to boot: as the option says, else the first disk that we were not loaded from. */
static uint8_t main_boot_drive(void)
{
	if (boot_options.boot_drive != 0)
		return (uint8_t)boot_options.boot_drive;
	return boot_info.bios_device == BIOS_FIRST_DISK ? BIOS_FIRST_DISK + 1 : BIOS_FIRST_DISK;
}

/* A BIOS guest starts in it, and before that the other CPUs come to us by it. */
static void main_take_low_page(void)
{
	if (main_low_page == 0)
		main_low_page = low_page_take(main_map, &main_nr_map, ARRAY_LENGTH(main_map));
	if (main_low_page == 0)
		main_stop("no room in conventional memory for the guest's start");
}

static hpa_t main_prepare_guest(bool hide)
{
	main_take_low_page();
	if (!guest_stub_install(main_low_page, main_map, main_nr_map, main_boot_drive(), hide))
		main_stop("no room in conventional memory for the guest's start");
	return main_low_page;
}

_Noreturn static void main_start_firmware(void);

#define RESTART_S 10 /* from one passphrase to the next */

/* Of a BIOS machine. Whoever was asked for a passphrase may have mistyped it, and what a TPM unsealed may open nothing. */
_Noreturn static void main_stop_or_restart(void)
{
	memory_wipe(&boot_info.passphrase, sizeof(boot_info.passphrase));
	memory_wipe(boot_info.unsealed, sizeof(boot_info.unsealed));
	if (main_has_asked) {
		log_notice("the machine starts anew in %d seconds, and asks for the passphrase again%s", RESTART_S,
			   boot_info.nr_unsealed != 0 ? ", if a key is pressed then" : "");
		time_wait_s(RESTART_S);
		vcpu_reset_now();
	}
	cpu_stop();
}

/* No OS runs without a policy that is wanted. On UEFI the loader says so on the screen, and stops. */
_Noreturn static void main_refuse(const char *why)
{
	if (!uefi_is_present())
		console_set_screen(true);
	log_error("%s", why);
	log_error("what has to be in force is not (policy! in a script, require=, iommu=own, encrypt= or vpn=): the boot "
		  "stops here");
	if (!uefi_is_present())
		main_stop_or_restart();
	uefi_refuse(why);
	if (main_virtualises)
		main_start_firmware();
	uefi_leave(why);
}

_Noreturn static void main_boot_without_us(const char *why)
{
	log_error("%s", why);
	if (!boot_options.hardware)
		hardware_report(main_map, main_nr_map, false);
	if (main_is_required())
		main_refuse(why);
	log_notice("booting the OS without Ritevisor");
	if (uefi_is_present())
		uefi_leave(why);
	guest_stub_run_native(main_prepare_guest(false));
}

/* The hardware report, if it was asked for; it stays on the screen for a while if that was too. */
static void main_report_hardware(void)
{
	if (boot_options.hardware_s != 0)
		boot_options.hardware = true;
	if (!boot_options.hardware)
		return;
	hardware_report(main_map, main_nr_map, true);
	if (boot_options.hardware_s == 0)
		return;
	log_notice("going on in %lu seconds", boot_options.hardware_s);
	time_wait_s(boot_options.hardware_s);
}

/* What is missing is told in the words of the CPU's own vendor. */
static void main_choose_backend(void)
{
	static const struct vcpu_operations *const backends[] = { &svm_operations, &vmx_operations };
	static char why[160] = "this CPU has neither AMD-V (SVM) nor Intel VT-x (VMX)";
	struct cpuid_result leaf = cpuid_query(0, 0);
	const uint32_t vendor[] = { leaf.ebx, leaf.edx, leaf.ecx };

	for (size_t i = 0; i < ARRAY_LENGTH(backends); i++) {
		char text[sizeof(why)];

		if (backends[i]->probe(text, sizeof(text))) {
			vcpu_ops = backends[i];
			return;
		}
		if (memcmp(vendor, backends[i]->vendor, sizeof(vendor)) == 0)
			string_copy(why, text, sizeof(why));
	}
	main_boot_without_us(why);
}

static const struct boot_module *main_engine(void)
{
	for (size_t i = 0; i < boot_info.nr_modules; i++) {
		if (boot_info.modules[i].kind == BOOT_MODULE_ENGINE)
			return &boot_info.modules[i];
	}
	return NULL;
}

static const struct boot_module *main_signature(const char *name)
{
	for (size_t i = 0; i < boot_info.nr_modules; i++) {
		const struct boot_module *module = &boot_info.modules[i];

		if (module->kind == BOOT_MODULE_SIGNATURE && strcmp(module->name, name) == 0)
			return module;
	}
	return NULL;
}

/* What is not signed as the configuration requires does not run, nor do others see it. */
static bool main_may_run(const struct boot_module *module)
{
	const struct boot_module *signature = main_signature(module->name);
	struct signature_question question = {
		.name = module->name,
		.text = memory_direct(module->data),
		.text_bytes = module->length_bytes,
		.signature = signature != NULL ? memory_direct(signature->data) : NULL,
		.signature_bytes = signature != NULL ? signature->length_bytes : 0,
	};
	char why[160];

	if (!signature_is_required() || signature_check(&question, &main_vcpu, why, sizeof(why)))
		return true;
	log_error("%s: not run: %s", module->name, why);
	if (module->policy)
		main_refuse("a policy is not signed as the configuration requires");
	return false;
}

static void main_add_scripts(void)
{
	for (size_t i = 0; i < boot_info.nr_modules; i++) {
		const struct boot_module *module = &boot_info.modules[i];
		int error;

		if (module->kind != BOOT_MODULE_SCRIPT || !main_may_run(module))
			continue;
		error = process_add_script(module->name, memory_direct(module->data),
					   module->length_bytes, module->policy);
		if (error == 0)
			continue;
		log_error("script %s cannot be loaded (error %d): is it too large, or memory= "
			  "too small?", module->name, -error);
		if (module->policy)
			main_refuse("a policy cannot be loaded");
	}
}

/* Where time passes while nothing runs, budgets that are not said are longer, so that a busy host does not
 * end a script. */
static void main_choose_budgets(void)
{
	const char *emulator = emulator_name();

	if (emulator == NULL || (boot_options.budget_us != 0 && boot_options.load_budget_ms != 0))
		return;
	if (boot_options.budget_us == 0)
		boot_options.budget_us = PROCESS_BUDGET_US_DEFAULT * EMULATOR_BUDGETS;
	if (boot_options.load_budget_ms == 0)
		boot_options.load_budget_ms = PROCESS_LOAD_BUDGET_MS_DEFAULT * EMULATOR_LOAD_BUDGETS;
	log_notice("no real machine (%s), where time passes while nothing runs: a hook has %lu us, a script's "
		   "start %lu ms (the options budget_us= and load_budget_ms=)",
		   emulator, boot_options.budget_us, boot_options.load_budget_ms);
}

/* Without an engine. */
static void main_go_on_without_scripts(const char *why)
{
	if (policy_is_wanted())
		main_refuse(why);
	log_info("%s: running without scripts", why);
}

/* Once. */
static void main_find_disks(void)
{
	static bool are_found;

	if (are_found)
		return;
	are_found = true;
	pci_functions_size();
	disk_find();
}

/* What is encrypted is so from the guest's first request on: those of all disks are looked at then. */
static void main_encrypt_disks(void)
{
	const char *why;

	if (!encrypt_is_wanted())
		return;
	if (!uefi_is_present())
		log_notice("a BIOS starts what is on the boot medium as it is, nothing is sealed: who changes it can have "
			   "what unlocks the disk");
	process_prepare();
	cipher_announce();
	if (main_takes_over_disks())
		disk_take_over();
	main_find_disks();
	why = encrypt_start(main_map, main_nr_map, &main_vcpu);
	if (why != NULL)
		main_refuse(why);
}

/* Once. */
static void main_find_nics(void)
{
	static bool are_found;

	if (!are_found)
		nic_find();
	are_found = true;
}

/* Once. */
static void main_find_usb(void)
{
	static bool are_found;

	if (!are_found)
		usb_find();
	are_found = true;
}

/* What goes wrong here stops the boot. */
static void main_prepare_vpn(void)
{
	const char *why = vpn_is_wanted() ? vpn_prepare() : NULL;

	if (why != NULL)
		main_refuse(why);
}

static void main_start_vpn(void)
{
	const char *why;

	if (!vpn_is_wanted())
		return;
	process_prepare();
	main_find_disks(); /* which looks how large functions' registers are */
	main_find_nics();
	main_find_usb();
	why = vpn_start(&main_vcpu);
	if (why != NULL)
		main_refuse(why);
}

/* Starts the engines. Whatever goes wrong here, the OS boots, unless a policy is wanted. */
static void main_run_scripts(void)
{
	struct process_options options = {
		.heap_bytes = boot_options.heap_bytes,
		.live_heap_bytes = boot_options.live_heap_bytes,
		.live = boot_options.control >= CONTROL_LOAD,
		.settings = boot_options.settings,
		.describe_disk = disk_describe,
		.describe_nic = nic_describe,
		.describe_usb = usb_describe,
		.read_usb = usb_read,
		.transfer_packet = nic_transfer,
		.fail_disk = disk_fail,
		.transfer_disk = disk_transfer,
		.overlays = &overlay_operations,
	};
	char why[RV_SCRIPT_NAME_BYTES + 64];
	const struct boot_module *engine = main_engine();
	const char *failed;

	signature_init(&boot_options.signatures);
	if (policy_hindrance() != NULL)
		main_refuse(policy_hindrance());
	if (boot_options.rescue) {
		if (policy_is_wanted()) /* none is where a person asked for rescue: they were dropped */
			main_refuse("the scripts do not fit into memory");
		log_notice("rescue: no scripts are started");
		return;
	}
	if (engine == NULL) {
		main_go_on_without_scripts("no engine was loaded");
		return;
	}
	main_choose_budgets();
	options.budget_us = boot_options.budget_us;
	options.load_budget_ms = boot_options.load_budget_ms;
	if (process_init(memory_direct(engine->data), engine->length_bytes, &options) != 0) {
		main_go_on_without_scripts("the engine cannot be used");
		return;
	}
	main_find_disks();
	main_add_scripts();
	main_find_nics();
	main_find_usb();
	failed = process_run_all_scripts(&main_vcpu);
	if (failed == NULL)
		return;
	print_format(why, sizeof(why), "%s: a policy that did not load", failed);
	main_refuse(why);
}

/* "done" is what tools that start us wait for. */
static void main_finish(void *vcpu)
{
	(void)vcpu;
	hook_print_summary();
	log_notice("done");
}

static void main_watch_shutdown(void)
{
	static struct watcher watcher = { .notify = main_finish };
	size_t count;

	if (process_count_scripts() == 0 && !boot_options.summary && boot_options.control < CONTROL_LOAD)
		return;
	watch_add(&shutdown_watchers, &watcher);
	(void)acpi_registers(&count);
	if (count == 0)
		log_warning("no ACPI power-off register: there will be no summary at power-off");
}

/* What would end the guest's time with us is claimed before anything runs in it. */
static void main_claim_sleep(void)
{
	if (sleep_claim() != 0 || (!boot_options.fast && sleep_claim_base() != 0))
		main_boot_without_us("suspend to RAM cannot be kept from the OS: not enough memory, or ACPI "
				     "registers in a space that we do not know");
}

/* Where devices may do DMA: all that the firmware's map tells of below 4 GiB, since firmware has its devices use
 * memory that is reserved too, and memory above; and what lies amid memory, for maps that were cut. */
static bool main_allow_dma(void)
{
	hpa_t low_end = 0, high_end = 0;
	bool fits = true;

	for (size_t i = 0; i < main_nr_map; i++) {
		uint64_t end = main_map[i].base + main_map[i].length_bytes;

		if (end <= GIB(4))
			fits &= iommu_allow(main_map[i].base, end);
		if (main_map[i].type != E820_USABLE && main_map[i].type != E820_ACPI_RECLAIMABLE &&
		    main_map[i].type != E820_ACPI_NVS && main_map[i].type != E820_PERSISTENT)
			continue;
		if (end <= GIB(4))
			low_end = end > low_end ? end : low_end;
		else
			high_end = end;
	}
	return fits && iommu_allow(0, low_end) && iommu_allow(GIB(4), high_end);
}

/* Devices are kept from our memory. Without an IOMMU that is so only where somebody asked for one; one that
 * is there and fails is no state to have a policy in force in. */
static void main_take_iommu(void)
{
	struct iommu_request request = {
		.wish = boot_options.iommu,
		.fast = boot_options.fast,
		.refuse_messages = !boot_options.fast && startup_misses_inits(),
	};
	const char *why = NULL;
	enum iommu_state state;

	if (!main_allow_dma())
		log_warning("the memory map has more ranges than devices can be given: they will not reach all");
	state = iommu_take(&request, &why);
	if (state == IOMMU_FAILED && (policy_is_wanted() || main_requires_iommu()))
		main_refuse(why);
	if (state == IOMMU_ABSENT && main_requires_iommu())
		main_refuse(why);
	/* Where all devices reach our memory, `fast` does not keep these two from it. */
	if ((state == IOMMU_HOLDS || !boot_options.fast) && (fw_cfg_guard() != 0 || hpet_guard(boot_options.fast) != 0))
		main_refuse("fw_cfg or the HPET cannot be guarded: no memory, or too many");
}

/* On a UEFI machine the guest is the firmware, which goes on where it called us. */
_Noreturn static void main_start_firmware(void)
{
	uefi_prepare_guest(&main_vcpu);
	startup_set_firmware(vcpu_ops->get_control(&main_vcpu, 3));
	if (reset_vector_watch() != 0)
		log_warning("the reset vector cannot be watched: a jump there will not restart the machine");
	if (disk_is_watched()) {
		log_info("the firmware's drivers set up disk controllers anew, so that requests are seen from now on");
		uefi_reconnect_disks();
	}
	log_info("the firmware goes on as the guest");
	uefi_copy_log(false);
	vcpu_loop(&main_vcpu);
}

_Noreturn static void main_start_bios_guest(void)
{
	hpa_t page = main_prepare_guest(true);
	struct segment_register code;

	vcpu_ops->get_segment(&main_vcpu, SEGMENT_CS, &code);
	code.selector = (uint16_t)(page >> 4);
	code.base = page;
	vcpu_ops->set_segment(&main_vcpu, SEGMENT_CS, &code);
	main_vcpu.rip = GUEST_STUB_BOOT;
	log_info("starting the guest from BIOS drive 0x%02x", main_boot_drive());
	console_set_screen(false);
	vcpu_loop(&main_vcpu);
}

/* Below 1 MiB, by which CPUs start; 0: there is none. */
static hpa_t main_start_page(void)
{
	return uefi_is_present() ? boot_info.low_page : main_low_page;
}

/* Of a BIOS machine; by UEFI the loader has done it. */
static void main_ask_tpm(void)
{
	const char *why;

	if (uefi_is_present())
		return;
	cpu_boot.vcpu = &main_vcpu;
	main_vcpu.cpu = &cpu_boot;
	why = bios_tpm_take_keys(&main_vcpu);
	cpu_boot.vcpu = NULL; /* there is no guest yet whose intercepts could be changed */
	main_has_asked |= boot_info.passphrase.is_given || boot_info.nr_unsealed != 0;
	if (why != NULL)
		main_refuse(why);
}

/* Every CPU of the machine is ours before the guest runs. */
static void main_take_other_cpus(void)
{
	uint32_t in_place;

	if (cpus_count == 1)
		return;
	if (smp_start_others(main_start_page(), startup_wait_for_guest) != 0)
		main_boot_without_us("not enough memory to start the other CPUs: give more with memory=64M");
	in_place = uefi_cpus_take();
	log_info("%u of %u CPUs are here: %u by INIT, %u from where the firmware had them",
		 smp_count_online(), cpus_count, smp_count_online() - 1 - in_place, in_place);
	if (startup_guard_absent() != 0)
		panic("a CPU that did not come cannot be kept from the guest: no memory, or a local APIC in RAM");
}

static void main_report_smis(void)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < cpus_count; i++)
		count += cpu_get(i)->smis_are_ours;
	if (count != 0)
		log_info("the firmware has no handler for SMIs of %u of %u CPUs: they do nothing", count,
			 cpus_count);
}

/* How much is ours, and for what. */
static void main_report_memory(void)
{
	char text[256];
	uint64_t asked = memory_need_describe(&boot_info, text, sizeof(text));

	log_info("memory 0x%lx-0x%lx reserved", memory_reserved_start,
		 memory_reserved_start + memory_reserved_bytes - 1);
	if (boot_options.memory_bytes == 0)
		log_info("that is %lu MiB: %s", asked >> 20, text);
	else
		log_info("that is %lu MiB, as memory= says; it would be %lu: %s", memory_reserved_bytes >> 20, asked >> 20, text);
}

/* What went wrong before there was a console to tell it on. */
static void main_report_early(void)
{
	if (main_log_before_bytes != 0)
		log_info("the log of the boot before is still there: %zu bytes", main_log_before_bytes);
	if (boot_info.nr_map_over != 0)
		log_warning("the firmware's memory map has more than %d entries: the last %zu are left out",
			    E820_RAW_ENTRIES_MAXIMUM, boot_info.nr_map_over);
	if (main_map_bytes_lost != 0)
		log_warning("the memory map has more than %d ranges: the smallest, %lu KiB, are left out",
			    E820_ENTRIES_MAXIMUM, main_map_bytes_lost >> 10);
	if (boot_info.nr_modules_over != 0)
		log_error("%d scripts are the most: %zu are left out, the first is \"%s\"",
			  RV_SCRIPTS_MAXIMUM, boot_info.nr_modules_over, boot_info.module_over);
	if (boot_info.nr_modules_unknown != 0)
		log_error("a module is \"engine\", \"script NAME\", \"signature NAME\" or \"file NAME\": %zu are left out, "
			  "the first is \"%s\"", boot_info.nr_modules_unknown, boot_info.module_unknown);
	if (main_script_bytes_dropped != 0)
		log_error("the scripts (%lu KiB) do not fit into %lu MiB, and none is started: give "
			  "more with the option memory=, at most memory=256M",
			  main_script_bytes_dropped >> 10, memory_reserved_bytes >> 20);
}

static enum access_result main_panic_at_cpuid(struct access *access, void *context)
{
	(void)context;
	panic("asked for by CPUID leaf 0x%lx", access->address & UINT32_MAX);
}

/* To see what a panic shows while the guest runs, on whichever CPU it wants. */
static void main_panic_later(void)
{
	static struct access_region region = { .handler = main_panic_at_cpuid };

	if (boot_options.panic_leaf == 0)
		return;
	region.first = region.last = boot_options.panic_leaf;
	(void)cpuid_register(&region);
}

/* Without a wire that was asked for, nobody would know why nothing answers: it is told. */
static void main_start_wire(void)
{
	const char *name = boot_options.wire;
	uint16_t port;

	if (name[0] == '\0')
		return;
	if (boot_options.control == CONTROL_OFF)
		log_error("wire=%s: nothing is allowed by it without control=", name);
	else if (!console_find_uart(name, strlen(name), &port))
		log_error("wire=%s: give com1 to com4, or a port such as 0x2e8", name);
	else if (console_has_uart(port))
		log_error("wire=%s: the log goes there", name);
	else if (wire_init(port) != 0)
		log_error("wire=%s: there is no UART, or no memory", name);
}

_Noreturn void boot_main(void)
{
	main_has_asked = boot_info.passphrase.is_given;
	options_parse(boot_info.command_line);
	policy_find();
	main_relocate();
	exception_init_cpu();
	if (paging_protect_image() != 0)
		main_stop("no memory to protect our code: give more with the option memory=");
	if (uefi_is_present())
		uefi_copy_log(true);
	else
		console_set_screen(boot_options.screen);
	log_notice("Ritevisor " RV_VERSION " on %lu MiB of memory", memory_ram_bytes >> 20);
	main_report_memory();
	main_report_early();
	settings_check();
	time_init();
	if (boot_info.has_rsdp_copy)
		acpi_set_rsdp(boot_info.rsdp_copy, sizeof(boot_info.rsdp_copy));
	smp_init();
	main_ask_tpm();
	uefi_cpus_list();
	main_report_hardware();
	main_choose_backend();
	if (!uefi_is_present())
		main_take_low_page();
	else if (boot_info.low_page == 0 && smp_start_is_needed())
		main_boot_without_us("no free page below 1 MiB for the start of the other CPUs");
	cpu_boot.vcpu = &main_vcpu;
	main_vcpu.cpu = &cpu_boot;
	if (vcpu_ops->create(&main_vcpu) != 0 || startup_create() != 0 || smm_init() != 0)
		main_boot_without_us("not enough memory for the tables: give more with memory=64M");
	if (msr_guard_init() != 0 || startup_init(boot_options.fast) != 0)
		main_boot_without_us("the other CPUs cannot be watched: no memory, or a local APIC in RAM");
	if (boot_options.panic_by != 0)
		panic_test((enum panic_test)boot_options.panic_by);
	main_claim_sleep();
	if (!boot_options.fast && shutdown_status_guard() != 0)
		main_boot_without_us("the shutdown status in CMOS memory cannot be guarded");
	/* From here on the OS boots with us: there is no way out of VMX operation or back to GIF. */
	main_take_other_cpus();
	smm_take(&cpu_boot);
	main_report_smis();
	main_virtualises = true;
	vcpu_ops->start(&main_vcpu);
	log_info("%s with nested paging, TSC at %lu MHz", vcpu_ops->name, time_tsc_hz / 1000000);
	main_take_iommu();
	if (boot_options.panic_test)
		panic("asked for by the boot option");
	main_panic_later();
	memory_keep_pages(KEPT_PAGES + cpus_count * KEPT_PAGES_A_CPU);
	shutdown_init();
	main_prepare_vpn();
	main_encrypt_disks();
	offer_sleep(main_start_page());
	main_start_vpn();
	if (boot_options.test_key)
		panic_test_take_key();
	if (!boot_options.rescue)
		services_start(boot_options.services, &main_vcpu);
	main_run_scripts();
	main_watch_shutdown();
	if (control_init(boot_options.control, boot_options.auth, &boot_options.control_keys) != 0)
		log_error("scripts cannot be loaded later: no memory");
	main_start_wire();
	if (uefi_is_present())
		main_start_firmware();
	main_start_bios_guest();
}
