/*
 * report.c: a session as lines of JSON.
 */
#include "report.h"

#include "host_hooks.h"

#include "rv/event_kind.h"

#include <stdio.h>

static bool report_on;

void report_begin(void)
{
	report_on = true;
}

bool report_is_on(void)
{
	return report_on;
}

static void report_string(const char *text, size_t length_bytes)
{
	putchar('"');
	for (size_t i = 0; i < length_bytes; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte == '"' || byte == '\\')
			printf("\\%c", byte);
		else if (byte < 0x20 || byte >= 0x7f)
			printf("\\u%04x", byte);
		else
			putchar(byte);
	}
	putchar('"');
}

static void report_text(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	report_string(text, length);
}

void report_log(uint32_t level, const char *text, size_t length_bytes)
{
	if (!report_on)
		return;
	printf("{\"type\": \"log\", \"level\": %u, \"text\": ", level);
	report_string(text, length_bytes);
	printf("}\n");
}

static void report_pci_filter(const struct rv_hook_request *request)
{
	printf(", \"bus\": %d, \"device\": %d, \"function\": %d, \"vendor_id\": %d, "
	       "\"device_id\": %d, \"class\": %d, \"class_mask\": %d",
	       request->pci_bus, request->pci_device, request->pci_function,
	       request->pci_vendor_id, request->pci_device_id, request->pci_class,
	       request->pci_class_mask);
}

static void report_hook(uint32_t number, const struct rv_hook_request *request)
{
	static const char *const on_error[] = { "pass", "deny", "disable" };

	printf("{\"type\": \"hook\", \"number\": %u, \"kind\": \"%s\", \"first\": %llu, "
	       "\"last\": %llu, \"budget_us\": %llu, \"on_error\": \"%s\", \"observe\": %s, "
	       "\"width_mask\": %u, \"value_mask\": %llu, \"value_match\": %llu",
	       number, rv_event_kind_name(request->kind), (unsigned long long)request->first,
	       (unsigned long long)request->last, (unsigned long long)request->budget_us,
	       on_error[request->on_error], request->observe ? "true" : "false",
	       request->width_mask, (unsigned long long)request->value_mask,
	       (unsigned long long)request->value_match);
	if (request->cpuid_subleaf_set)
		printf(", \"subleaf\": %u", request->cpuid_subleaf);
	if (request->kind == RV_EVENT_PCI_CONFIG_READ || request->kind == RV_EVENT_PCI_CONFIG_WRITE)
		report_pci_filter(request);
	printf("}\n");
}

void report_hooks(void)
{
	if (!report_on)
		return;
	for (uint32_t i = 0; i < HOST_HOOKS_MAXIMUM; i++) {
		const struct host_hook *hook = host_hook_get(i);

		if (hook)
			report_hook(i, &hook->request);
	}
}

void report_event(const struct report_event *event)
{
	if (!report_on)
		return;
	printf("{\"type\": \"event\", \"line\": ");
	report_text(event->line);
	printf(", \"hooks\": [");
	for (unsigned int i = 0; i < event->nr_hooks; i++)
		printf("%s%u", i ? ", " : "", event->hooks[i]);
	printf("], \"outcome\": ");
	report_text(event->outcome);
	printf(", \"failed\": %s", event->failed ? "true" : "false");
	printf("}\n");
}

void report_failure(const char *text)
{
	if (!report_on)
		return;
	printf("{\"type\": \"failure\", \"text\": ");
	report_text(text);
	printf("}\n");
}

void report_end(int status, const char *reason)
{
	if (!report_on)
		return;
	printf("{\"type\": \"end\", \"status\": %d, \"reason\": ", status);
	report_text(reason);
	printf("}\n");
}
