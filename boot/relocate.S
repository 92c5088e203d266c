/*
 * boot/relocate.S: moves the running program to its final place: copies the image, then switches
 * to page tables that map the copy at the same addresses. Nothing changes between the two, so the
 * stack (in the image) goes on in the copy.
 *
 * void relocate_image(hpa_t to, hpa_t from, uint64_t bytes, hpa_t root)
 */
	.text
	.global relocate_image
relocate_image:
	mov %rcx, %rax
	mov %rdx, %rcx
	shr $3, %rcx
	cld
	rep movsq
	mov %rax, %cr3
	ret

/* void guest_stub_jump(hpa_t root, uint64_t entry, uint64_t linear): the page's native entry */
	.global guest_stub_jump
guest_stub_jump:
	mov %rdi, %cr3
	mov %rsi, %rax
	mov %rdx, %rsi
	jmp *%rax
