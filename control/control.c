/*
 * control/control.c: the hypercall: whether it is ours, the caller's message, and the answer.
 *
 * The message is copied once, and what the guest does to it meanwhile changes nothing. Before anything is done, all
 * of it must be the caller's to write, so that the answer arrives unless another CPU takes the page away amid the
 * call; a caller that finds no answer asks again, and what it polls comes again.
 */
#include "control/control.h"

#include "control/control_internal.h"
#include "core/entropy.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "rv/errno.h"
#include "vmm/access.h"
#include "vmm/guest_memory.h"
#include "vmm/guest_walk.h"
#include "vmm/hypercall.h"
#include "vmm/mmio.h"

#define CONTROL_OPCODE_BYTES 3

enum control_level control_level;
enum control_auth control_auth;

static bool control_is_long(struct vcpu *vcpu)
{
	struct segment_register cs;

	if (!vcpu_is_long(vcpu))
		return false;
	vcpu_ops->get_segment(vcpu, SEGMENT_CS, &cs);
	return (cs.attributes & SEGMENT_ATTRIBUTE_LONG) != 0;
}

/* What the caller is told of a buffer that it cannot use. */
static int64_t control_refuse(struct vcpu *vcpu, gva_t address, const struct guest_fault *fault)
{
	vcpu->gpr[GPR_RDX] = fault->fault && fault->vector == VECTOR_PAGE_FAULT ? fault->address : address;
	return -RV_EFAULT;
}

/* May the caller write there, by its own page tables, to plain memory? */
static int64_t control_probe(struct vcpu *vcpu, gva_t address)
{
	struct guest_fault fault;
	gpa_t gpa;

	if (!guest_translate(vcpu, address, GUEST_WRITE, &gpa, &fault))
		return control_refuse(vcpu, address, &fault);
	fault.fault = false;
	if (!memory_is_ram(gpa, 1) || mmio_is_claimed(gpa))
		return control_refuse(vcpu, address, &fault);
	return 0;
}

/* A range of at most two pages. */
static int64_t control_probe_all(struct vcpu *vcpu, gva_t address, uint64_t bytes)
{
	int64_t result = control_probe(vcpu, address);

	return result != 0 ? result : control_probe(vcpu, address + bytes - 1);
}

static int64_t control_answer(struct vcpu *vcpu, struct control_message *message, gva_t address, uint64_t bytes)
{
	struct guest_fault fault;
	int64_t result;

	if (!guest_linear_read(vcpu, address, message, bytes, GUEST_READ, &fault))
		return control_refuse(vcpu, address, &fault);
	result = control_perform(message, bytes, vcpu_ops->get_control(vcpu, 3) & PAGING_ADDRESS_MASK, vcpu);
	if (message->data_bytes > bytes - CONTROL_HEADER_BYTES)
		message->data_bytes = (uint32_t)(bytes - CONTROL_HEADER_BYTES);
	/* The page may be another by now: then it is not written. */
	if (control_probe_all(vcpu, address, bytes) != 0 ||
	    !guest_linear_write(vcpu, address, message, CONTROL_HEADER_BYTES + message->data_bytes, &fault)) {
		vcpu->gpr[GPR_RDX] = 0;
		return -RV_EFAULT;
	}
	return result;
}

static int64_t control_call(struct vcpu *vcpu)
{
	gva_t address = vcpu->gpr[GPR_RDI];
	uint64_t bytes = vcpu->gpr[GPR_RSI];
	struct control_message *message;
	int64_t result;

	if (bytes < CONTROL_HEADER_BYTES || bytes > CONTROL_BYTES_MAXIMUM || address > UINT64_MAX - bytes)
		return -RV_EINVAL;
	result = control_probe_all(vcpu, address, bytes);
	if (result != 0)
		return result;
	message = memory_allocate_spare_page();
	if (message == NULL)
		return -RV_ENOMEM;
	result = control_answer(vcpu, message, address, bytes);
	memory_free_page(message);
	return result;
}

static bool control_handle(struct vcpu *vcpu)
{
	if (vcpu->gpr[GPR_RAX] != CONTROL_MAGIC || !control_is_long(vcpu))
		return false;
	if (vcpu->steps != 0)
		mmio_end_step(vcpu);
	vcpu->gpr[GPR_RAX] = (uint64_t)control_call(vcpu);
	vcpu_skip_instruction(vcpu, CONTROL_OPCODE_BYTES);
	return true;
}

/* A script of ours reads the CPU's own register, as if there were no token. */
static enum access_result control_read_token(struct access *access, void *context)
{
	(void)context;
	if (access->direct || access->resolved)
		return ACCESS_PASS;
	access->value = control_token_make();
	access->resolved = true;
	return ACCESS_DONE;
}

static int control_offer_tokens(void)
{
	static struct access_region region = {
		.first = CONTROL_MSR,
		.last = CONTROL_MSR,
		.handler = control_read_token,
		.band = BAND_MEDIATOR,
	};

	return msr_register(&region, true, false);
}

static void control_tell_keys(void)
{
	uint64_t value;

	if (control_keys.nr_keys == 0)
		log_error("auth=key without control_key=: nobody is let in");
	else if (!entropy_draw(&value))
		log_error("auth=key: this CPU gives no random numbers (RDRAND): nobody is let in");
}

int control_init(enum control_level level, enum control_auth auth, const struct control_keys *keys)
{
	static const char *const levels[] = { "off", "read", "load", "policy" };
	static const char *const whom[] = { "for who may read MSRs in the guest", "for everybody in the guest",
					    "for who has a key" };
	int error = 0;

	if (level == CONTROL_OFF)
		return 0;
	control_level = level;
	control_auth = auth;
	control_keys = *keys;
	if (auth == CONTROL_AUTH_ROOT)
		error = control_offer_tokens();
	if (error != 0)
		return error;
	log_notice("control=%s: %s", levels[level], whom[auth]);
	if (auth == CONTROL_AUTH_KEY)
		control_tell_keys();
	if (auth == CONTROL_AUTH_OPEN)
		log_warning("auth=open: EVERY program in the guest may %s; this is for development only",
			    level == CONTROL_READ ? "read the log" : "load scripts into Ritevisor");
	hypercall_handler = control_handle;
	return 0;
}
