# engine/libc: the C library below mruby: own sources, and musl's pristine ones with own headers.
# Included by engine/objects.mk. Provides $(engine-libc) and $(engine-libc-flags).

engine-libc := $(build)/engine/libc.a

# What every C file of the engine is compiled with. Our headers come before clang's own, and
# nothing of the host's is seen.
engine-libc-flags := $(bare-flags) -fomit-frame-pointer -isystem engine/libc/include

engine-libc-sources := $(addprefix engine/libc/, \
	$(addprefix softfloat/,add.S add_any.c compare.c complex.c convert.c divide.c multiply.S \
		fmod.c multiply_any.c pack.c round.c scale.c single.c square_root.c) \
	$(addprefix format/,bignum.c decimal.c decimal_fast.c format_float.c power_of_ten.c \
		read_float.c shortest.c) \
	$(addprefix fixed/,exp.c exp_table.c log.c log_table.c pow.c sin.c) \
	$(addprefix stdio/,conversion.c file.c printf.c) \
	memory/heap.c memory/heap_measure.c memory/malloc.c string/memory.c \
	$(addprefix misc/,clock.c environment.c exit.c random.c string_error.c string_number.c \
		string_time.c))

# Relative to musl's src folder. Not here: what musl does on x86 by assembly for the FPU, and what
# is ours (memory, rounding, square root, fmod, scaling, the allocator, stdio, strtol, time).
engine-musl-sources := \
	$(addprefix math/,__cos.c __expo2.c __math_divzero.c __math_divzerof.c __math_invalid.c \
		__math_invalidf.c __math_oflow.c __math_oflowf.c __math_uflow.c __math_uflowf.c \
		__math_xflow.c __math_xflowf.c __rem_pio2.c __rem_pio2_large.c __sin.c __tan.c \
		acos.c acosh.c asin.c asinh.c atan.c atan2.c atanh.c cbrt.c cosh.c erf.c \
		exp_data.c exp2f.c exp2f_data.c expf.c expm1.c fdim.c fmax.c fmaxf.c \
		fmin.c fminf.c hypot.c lgamma.c lgamma_r.c log1p.c \
		logf.c logf_data.c nan.c nextafter.c nextafterf.c \
		powf.c powf_data.c remainder.c remquo.c signgam.c sincos.c sinh.c tanh.c \
		tgamma.c) \
	$(addprefix complex/,__cexp.c cabs.c cacos.c cacosh.c carg.c casin.c casinh.c catan.c \
		catanh.c ccos.c ccosh.c cexp.c clog.c conj.c cpow.c cproj.c csin.c csinh.c csqrt.c \
		ctan.c ctanh.c) \
	$(addprefix string/,memccpy.c memchr.c memmem.c memrchr.c stpcpy.c stpncpy.c strcasecmp.c \
		strcat.c strchr.c strchrnul.c strcmp.c strcpy.c strcspn.c strdup.c strlcat.c strlcpy.c \
		strlen.c strncasecmp.c strncat.c strncmp.c strncpy.c strndup.c strnlen.c strpbrk.c \
		strrchr.c strsep.c strspn.c strstr.c strtok.c strtok_r.c) \
	$(addprefix ctype/,isalnum.c isalpha.c isascii.c isblank.c iscntrl.c isdigit.c isgraph.c \
		islower.c isprint.c ispunct.c isspace.c isupper.c isxdigit.c toascii.c tolower.c \
		toupper.c) \
	$(addprefix stdlib/,abs.c atoi.c atol.c atoll.c bsearch.c div.c labs.c ldiv.c llabs.c \
		lldiv.c qsort.c qsort_nr.c) \
	$(addprefix time/,__month_to_secs.c __secs_to_tm.c __tm_to_secs.c __year_to_secs.c) \
	setjmp/x86_64/setjmp.s setjmp/x86_64/longjmp.s

engine-musl-flags := $(engine-libc-flags) -std=gnu11 -w -Werror=implicit-function-declaration \
	-I $(musl-source)/src/internal \
	-I engine/libc/musl -I $(musl-source)/arch/x86_64 -I $(musl-source)/arch/generic \
	-include engine/libc/musl/environment.h

engine-libc-built := $(patsubst engine/%,$(build)/engine/%.o,$(basename $(engine-libc-sources)))
engine-musl-built := $(patsubst %,$(build)/engine/musl/%.o,$(basename $(engine-musl-sources)))

$(build)/engine/libc/%.o: engine/libc/%.c
	$(call step,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(engine-libc-flags) $(warnings) $(depend-flags) -c -o $@ $<

$(build)/engine/libc/%.o: engine/libc/%.S
	$(call step,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) --target=x86_64-unknown-none-elf $(depend-flags) -c -o $@ $<

$(build)/engine/musl/%.o: $(musl-source)/src/%.c engine/libc/musl/environment.h
	$(call step,CC,musl/$*.c)
	@mkdir -p $(@D)
	$(Q)$(CC) $(engine-musl-flags) $(depend-flags) -c -o $@ $<

$(build)/engine/musl/%.o: $(musl-source)/src/%.s
	$(call step,AS,musl/$*.s)
	@mkdir -p $(@D)
	$(Q)$(CC) --target=x86_64-unknown-none-elf -c -o $@ $<

$(engine-libc): $(engine-libc-built) $(engine-musl-built) engine/libc/objects.mk
	$(call step,AR,$@)
	@mkdir -p $(@D)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $(engine-libc-built) $(engine-musl-built)

-include $(engine-libc-built:.o=.d) $(engine-musl-built:.o=.d)
