/*
 * boot/options_table.h: the options of the boot line, each in one place. boot/options.c, the UEFI loader
 * and ./ritevisor (tools/host/words.py, which reads this text) take them from here; README.md explains
 * them, and a test compares.
 *
 * OPTION_NUMBER(name, member, default, minimum, maximum): name=NUMBER, with K, M or G behind it; the
 *   default may be a 0 that stands for "not said"
 * OPTION_FLAG(name, member, value)
 * OPTION_TEXT(name): name=TEXT, which boot/options.c knows
 */
OPTION_NUMBER(memory, memory_bytes, 0, MIB(8), MIB(256))
OPTION_NUMBER(heap, heap_bytes, MIB(8), KIB(384), MIB(128))
OPTION_NUMBER(live_heap, live_heap_bytes, MIB(4), KIB(384), MIB(128))
OPTION_NUMBER(budget_us, budget_us, 0, 10, 10000000)
OPTION_NUMBER(load_budget_ms, load_budget_ms, 0, 1, 600000)
OPTION_NUMBER(boot, boot_drive, 0, 0, 0xff)
OPTION_NUMBER(panic_cpuid, panic_leaf, 0, 1, UINT32_MAX)
OPTION_NUMBER(panic_by, panic_by, 0, 1, 9)
OPTION_NUMBER(hwcheck, hardware_s, 0, 0, 3600)
OPTION_FLAG(summary, summary, true)
OPTION_FLAG(rescue, rescue, true)
OPTION_FLAG(require_signed, signatures.required, true)
OPTION_FLAG(vga, screen, true)
OPTION_FLAG(novga, screen, false)
OPTION_FLAG(fast, fast, true)
OPTION_FLAG(strict, fast, false)
OPTION_FLAG(panic, panic_test, true)
OPTION_FLAG(hwcheck, hardware, true)
OPTION_FLAG(wipe_on_sleep, wipe_on_sleep, true)
OPTION_FLAG(test_key, test_key, true)
OPTION_TEXT(console)
OPTION_TEXT(log)
OPTION_TEXT(loglevel)
OPTION_TEXT(require)
OPTION_TEXT(iommu)
OPTION_TEXT(sleep)
OPTION_TEXT(control)
OPTION_TEXT(auth)
OPTION_TEXT(wire)
OPTION_TEXT(services)
OPTION_TEXT(trusted_key)
OPTION_TEXT(control_key)
OPTION_TEXT(lowest_serial)
OPTION_TEXT(encrypt)
OPTION_TEXT(keymap)
OPTION_TEXT(vpn)
