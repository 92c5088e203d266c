# core/: memory, paging, log, console, panic, exceptions, time, ACPI.
hypervisor-objects += $(patsubst %.c,%.o,$(wildcard core/*.c)) $(patsubst %.S,%.o,$(wildcard core/*.S))
