/*
 * boot/services.c: starts services by their names.
 */
#include "boot/services.h"

#include "core/log.h"
#include "core/string.h"
#include "process/echo.h"
#include "process/process.h"
#include "vmm/deadline.h"

static const struct {
	const char *name;
	int (*start)(void);
} services_all[] = {
	{ "echo", echo_start },
};

static void services_start_one(const char *name, size_t length)
{
	int error;

	for (size_t i = 0; i < ARRAY_LENGTH(services_all); i++) {
		if (strlen(services_all[i].name) != length || strncmp(services_all[i].name, name, length) != 0)
			continue;
		error = services_all[i].start();
		if (error != 0)
			log_error("services=: %s is not started (error %d): is memory= too small?", services_all[i].name,
				  -error);
		return;
	}
	log_error("services=: there is none that is called %.*s", (int)length, name);
}

void services_start(const char *names, struct vcpu *vcpu)
{
	if (names[0] == '\0')
		return;
	process_prepare();
	while (*names != '\0') {
		size_t length = 0;

		while (names[length] != '\0' && names[length] != ',')
			length++;
		services_start_one(names, length);
		names += length + (names[length] == ',');
	}
	deadline_look(vcpu);
}
