# mediator/: devices whose meaning the hypervisor knows, one folder a class.
hypervisor-objects += $(patsubst %.c,%.o,$(wildcard mediator/*.c mediator/*/*.c))
