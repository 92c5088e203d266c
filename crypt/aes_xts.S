/*
 * crypt/aes_xts.S: AES-XTS by AES instructions (crypt/aes_xts.h says for whom). The one file that may name vector
 * registers: tools/check-fpu lets these functions pass, as long as they are in the program as they are here.
 *
 * Data goes by eight blocks in xmm0 to xmm7, whose tweaks are in xmm8 to xmm15: an AES instruction takes some four
 * to seven cycles, and the next may begin one or half a cycle after it. Round keys are operands in memory.
 */
#define ROUND_KEYS_BYTES 240
#define KEY_ENCRYPT 0
#define KEY_DECRYPT ROUND_KEYS_BYTES
#define KEY_TWEAK (2 * ROUND_KEYS_BYTES)
#define KEY_IS_256 (3 * ROUND_KEYS_BYTES)
#define KEY_OF_128 64 /* AES-128's first round key: 11 of the 15 are its */

#define EIGHT_BYTES 128 /* eight blocks, or tweaks */
#define IV_SHIFT 9

	/*
	 * The guest's registers, eight tweaks, and what becomes of the two bits that doubling a tweak shifts out: that
	 * of the lower half goes into the upper, that of the upper comes back as x^7 + x^2 + x + 1 (IEEE 1619-2007,
	 * 5.2). On the stack, so that no byte of this code depends on where it is linked.
	 */
#define FRAME_XMM 0
#define FRAME_TWEAKS 256
#define FRAME_CARRIES (FRAME_TWEAKS + EIGHT_BYTES)
#define FRAME_BYTES (FRAME_CARRIES + 16)

	.macro frame_begin
	push %rbp
	mov %rsp, %rbp
	push %rbx
	push %r12
	sub $FRAME_BYTES, %rsp
	and $-16, %rsp
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movups %xmm\n, FRAME_XMM + 16 * \n(%rsp)
	.endr
	.endm

	.macro frame_end
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movups FRAME_XMM + 16 * \n(%rsp), %xmm\n
	.endr
	lea -16(%rbp), %rsp
	pop %r12
	pop %rbx
	pop %rbp
	ret
	.endm

	/* \to = \from times x; \spare is lost */
	.macro tweak_double from, to, spare
	pshufd $0x13, \from, \spare
	movdqa \from, \to
	psrad $31, \spare
	paddq \to, \to
	pand FRAME_CARRIES(%rsp), \spare
	pxor \spare, \to
	.endm

	/* One round for all of xmm0 to xmm7. */
	.macro round_eight instruction, key
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7
	\instruction \key, %xmm\n
	.endr
	.endm

	/* All rounds for xmm0 to xmm7 but the whitening; \keys is the register with the table, r12 says whether
	 * it is AES-256's. */
	.macro rounds_eight keys, instruction, last
	test %r12d, %r12d
	jz 8f
	.irp slot, 1, 2, 3, 4
	round_eight \instruction, 16*\slot(\keys)
	.endr
8:
	.irp slot, 5, 6, 7, 8, 9, 10, 11, 12, 13
	round_eight \instruction, 16*\slot(\keys)
	.endr
	round_eight \last, 16*14(\keys)
	.endm

	/*
	 * Eight blocks at rsi. xmm8 has the first one's tweak, and then that of the next; rdi is the table, rax its
	 * first round key.
	 */
	.macro crypt_eight instruction, last
	tweak_double %xmm8, %xmm9, %xmm0
	tweak_double %xmm9, %xmm10, %xmm1
	tweak_double %xmm10, %xmm11, %xmm2
	tweak_double %xmm11, %xmm12, %xmm3
	tweak_double %xmm12, %xmm13, %xmm4
	tweak_double %xmm13, %xmm14, %xmm5
	tweak_double %xmm14, %xmm15, %xmm6
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7
	movdqu 16 * \n(%rsi), %xmm\n
	pxor (%rax), %xmm\n
	.endr
	pxor %xmm8, %xmm0
	pxor %xmm9, %xmm1
	pxor %xmm10, %xmm2
	pxor %xmm11, %xmm3
	pxor %xmm12, %xmm4
	pxor %xmm13, %xmm5
	pxor %xmm14, %xmm6
	pxor %xmm15, %xmm7
	rounds_eight %rdi, \instruction, \last
	pxor %xmm8, %xmm0
	pxor %xmm9, %xmm1
	pxor %xmm10, %xmm2
	pxor %xmm11, %xmm3
	pxor %xmm12, %xmm4
	pxor %xmm13, %xmm5
	pxor %xmm14, %xmm6
	pxor %xmm15, %xmm7
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7
	movdqu %xmm\n, 16 * \n(%rsi)
	.endr
	tweak_double %xmm15, %xmm8, %xmm0
	.endm

	/* One sector at rsi, of rcx bytes, whose tweak is in xmm8. */
	.macro crypt_sector instruction, last
	mov %rcx, %rbx
9:
	crypt_eight \instruction, \last
	add $EIGHT_BYTES, %rsi
	sub $EIGHT_BYTES, %rbx
	jnz 9b
	.endm

	.text
/* RDI the key, RSI data, RDX how many bytes, ECX bytes of a sector, R8 the IV, R9 whether to encrypt.
 * Then: RDI the table of round keys and RAX its first, RCX bytes of a sector, R10 the tweak's table, R11 how many
 * tweaks stand ready behind FRAME_TWEAKS, RBX bytes left of a sector, R12 AES-256? */
	.global aes_xts_sectors
	.type aes_xts_sectors, @function
	.balign 64
aes_xts_sectors:
	frame_begin
	test %rdx, %rdx
	jz .Lsectors_end
	movq $0x87, FRAME_CARRIES(%rsp)
	movq $1, FRAME_CARRIES + 8(%rsp)
	mov %ecx, %ecx
	mov KEY_IS_256(%rdi), %r12
	lea KEY_TWEAK(%rdi), %r10
	lea KEY_DECRYPT(%rdi), %rax
	test %r9b, %r9b
	cmovz %rax, %rdi
	lea KEY_OF_128(%rdi), %rax
	test %r12d, %r12d
	cmovnz %rdi, %rax

	/* The tweaks of eight sectors at once, where there are so many: one alone would be waited for. */
.Lsectors_tweaks:
	lea (, %rcx, 8), %r11
	mov %rcx, %rbx
	shr $IV_SHIFT, %rbx
	cmp %r11, %rdx
	jb .Lsectors_tweak
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7
	movq %r8, %xmm\n
	add %rbx, %r8
	.endr
	lea KEY_OF_128(%r10), %rbx
	test %r12d, %r12d
	cmovnz %r10, %rbx
	round_eight pxor, (%rbx)
	rounds_eight %r10, aesenc, aesenclast
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7
	movups %xmm\n, FRAME_TWEAKS + 16 * \n(%rsp)
	.endr
	mov $-EIGHT_BYTES, %r11
	jmp .Lsectors_next

.Lsectors_tweak:
	movq %r8, %xmm8
	add %rbx, %r8
	mov $-16, %r11
	test %r12d, %r12d
	jz 1f
	pxor (%r10), %xmm8
	.irp slot, 1, 2, 3, 4
	aesenc 16*\slot(%r10), %xmm8
	.endr
	jmp 2f
1:
	pxor KEY_OF_128(%r10), %xmm8
2:
	.irp slot, 5, 6, 7, 8, 9, 10, 11, 12, 13
	aesenc 16*\slot(%r10), %xmm8
	.endr
	aesenclast 16*14(%r10), %xmm8
	jmp .Lsectors_crypt

.Lsectors_next:
	movups FRAME_TWEAKS + EIGHT_BYTES(%rsp, %r11), %xmm8
.Lsectors_crypt:
	test %r9b, %r9b
	jz .Lsectors_decrypt
	crypt_sector aesenc, aesenclast
	jmp .Lsectors_done
.Lsectors_decrypt:
	crypt_sector aesdec, aesdeclast
.Lsectors_done:
	sub %rcx, %rdx
	jz .Lsectors_end
	add $16, %r11
	jnz .Lsectors_next
	jmp .Lsectors_tweaks

.Lsectors_end:
	pxor %xmm0, %xmm0
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7
	movups %xmm0, FRAME_TWEAKS + 16 * \n(%rsp)
	.endr
	frame_end
	.size aes_xts_sectors, . - aes_xts_sectors

	/* FIPS 197, 5.2: \key's four words, each xored to the sum of those before it, and to \word, one of
	 * AESKEYGENASSIST's, in all of xmm1. xmm2 is lost. */
	.macro expand_mix key, word
	pshufd $\word, %xmm1, %xmm1
	movdqa \key, %xmm2
	.rept 3
	pslldq $4, %xmm2
	pxor %xmm2, \key
	.endr
	pxor %xmm1, \key
	.endm

	.macro expand_store key
	movaps \key, (%rdi)
	add $16, %rdi
	.endm

/* RSI the key's bytes, RDX how many, RDI the table. RSI and RDI: behind. */
	.type aes_expand, @function
aes_expand:
	movdqu (%rsi), %xmm0
	cmp $16, %rdx
	jne .Lexpand_256
	add $KEY_OF_128, %rdi
	expand_store %xmm0
	.irp constant, 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x1b, 0x36
	aeskeygenassist $\constant, %xmm0, %xmm1
	expand_mix %xmm0, 0xff
	expand_store %xmm0
	.endr
	add $16, %rsi
	ret
.Lexpand_256:
	movdqu 16(%rsi), %xmm3
	expand_store %xmm0
	expand_store %xmm3
	.irp constant, 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40
	aeskeygenassist $\constant, %xmm3, %xmm1
	expand_mix %xmm0, 0xff
	expand_store %xmm0
	.if \constant != 0x40
	aeskeygenassist $0, %xmm0, %xmm1
	expand_mix %xmm3, 0xaa
	expand_store %xmm3
	.endif
	.endr
	add $32, %rsi
	ret
	.size aes_expand, . - aes_expand

/* RDI the key, RSI its bytes, RDX how many each of the two has. */
	.global aes_xts_expand
	.type aes_xts_expand, @function
	.balign 16
aes_xts_expand:
	frame_begin
	mov %rdi, %rbx
	xor %eax, %eax
	cmp $32, %rdx
	sete %al
	mov %rax, KEY_IS_256(%rbx)
	call aes_expand /* KEY_ENCRYPT */
	lea KEY_TWEAK(%rbx), %rdi
	call aes_expand
	/* FIPS 197, 5.3.5: the same, backwards, through InvMixColumns but for the first and the last. */
	lea KEY_DECRYPT(%rbx), %rdi
	lea KEY_ENCRYPT + 16 * 14(%rbx), %rsi
	movaps (%rsi), %xmm0
	mov $13, %ecx
	mov $KEY_OF_128 / 16, %eax
	cmpq $0, KEY_IS_256(%rbx)
	jnz 1f
	sub %eax, %ecx
	add $KEY_OF_128, %rdi
1:
	expand_store %xmm0
2:
	sub $16, %rsi
	aesimc (%rsi), %xmm0
	expand_store %xmm0
	dec %ecx
	jnz 2b
	movaps -16(%rsi), %xmm0
	expand_store %xmm0
	frame_end
	.size aes_xts_expand, . - aes_xts_expand

	.global aes_xts_forget
	.type aes_xts_forget, @function
	.balign 16
aes_xts_forget:
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	pxor %xmm\n, %xmm\n
	.endr
	ret
	.size aes_xts_forget, . - aes_xts_forget

	.section .note.GNU-stack, "", @progbits
