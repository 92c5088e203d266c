# crypt/: the cipher of encrypted disks, and their keys.
hypervisor-objects += $(patsubst %.c,%.o,$(wildcard crypt/*.c)) $(patsubst %.S,%.o,$(wildcard crypt/*.S))

# BearSSL: of it AES in constant time, on 64-bit registers, and hashes, of what a TPM is told. In front of its own headers come
# crypt/headers, where there is no C library.
bearssl-flags := -isystem $(bearssl-source)/inc -isystem $(bearssl-source)/src
bearssl-names := symcipher/aes_ct64 symcipher/aes_ct64_enc symcipher/aes_ct64_dec codec/dec32le
bearssl-hashes := hash/sha1 hash/sha2small hash/sha2big codec/dec32be codec/dec64be codec/enc32be codec/enc64be
bearssl-objects := $(patsubst %,$(build)/bearssl/%.o,$(bearssl-names) $(bearssl-hashes))

$(bearssl-objects): $(build)/bearssl/%.o: $(bearssl-source)/src/%.c $(wildcard crypt/headers/*.h)
	$(call step,CC,bearssl/$*.c)
	@mkdir -p $(@D)
	$(Q)$(CC) $(hypervisor-flags) -ffunction-sections -I crypt/headers $(bearssl-flags) -w -c -o $@ $<

$(build)/bearssl.a: $(bearssl-objects)
	$(call step,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

hypervisor-libraries += $(build)/bearssl.a

# xts.c calls functions of BearSSL's that only its inner header declares.
$(build)/hypervisor/crypt/xts.o: hypervisor-flags += -I crypt/headers $(bearssl-flags)
