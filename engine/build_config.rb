# engine/build_config.rb: how mruby is built, for the bare machine and for the host.
#
# mruby's own rake reads this file (MRUBY_CONFIG). Nothing is written into mruby's source tree: all
# output goes to MRUBY_BUILD_DIR. RITEVISOR_MRUBY_TARGET picks what is built:
#   engine   the bare machine: clang, soft-float, our libc (build/mruby/engine/lib/libmruby.a)
#   native   this machine with its FPU and libc, for comparison and for speed
#   fuzz     this machine under ASan, instrumented for libFuzzer (tests/fuzz)
#   check    this machine under ASan and UBSan, with the simulated machine of engine/host
# RITEVISOR_MRBTEST=1 builds mruby's tests: for engine and native those of mruby's own gems alone,
# so that the two can be compared test by test; for check those of our gems too.
# A "host" build that only makes mrbc is always there; the others compile their mrblib with it.

MRuby::Lockfile.disable

ENGINE_DIR = File.expand_path(File.dirname(__FILE__))
RITEVISOR_DIR = File.dirname(ENGINE_DIR)
TARGET = ENV.fetch("RITEVISOR_MRUBY_TARGET", "engine")
CLANG = ENV.fetch("RITEVISOR_CLANG", "clang")

# One list for all builds, so that the bare machine and the host can be compared test by test.
CORE_GEMS = %w[
  compiler sprintf math rational complex cmath bigint
  array-ext string-ext hash-ext enum-ext numeric-ext range-ext proc-ext symbol-ext object-ext
  kernel-ext class-ext compar-ext toplevel-ext
  struct data set fiber enumerator enum-chain enum-lazy random pack time error catch
  metaprog method binding proc-binding eval objectspace os-memsize
].map { |name| "mruby-#{name}" }.freeze

OWN_GEMS = Dir.glob("#{ENGINE_DIR}/gems/*/mrbgem.rake").map { |path| File.dirname(path) }.sort.freeze

# Gems of the user's own, links in this folder (tools/host/gems.py): for the bare machine alone.
USER_GEMS = TARGET == "engine" && !ENV.fetch("RITEVISOR_GEMS", "").empty? ?
            Dir.glob("#{ENV["RITEVISOR_GEMS"]}/*").sort.freeze : [].freeze

# The boxing is chosen by measurement, see docs/costs.md and tests/bench: all 53 bits of a
# Float and all 64 bits of an Integer live in the value, nothing is allocated for a number.
DEFINES = [
  ENV.fetch("RITEVISOR_BOXING", "MRB_NO_BOXING"),
  "MRB_INT64",
  "MRB_GC_TURN_OFF_GENERATIONAL",    # its minor collection is one unbounded pause
  "MRB_UTF8_STRING",
  "MRB_STR_LENGTH_MAX=1048576",
  "MRB_ARY_LENGTH_MAX=32768",
  "MRB_HEAP_PAGE_SIZE=256",
].freeze

# Without -Wmissing-prototypes: the gem_init.c that rake generates has none.
WARNINGS = %w[-Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes
              -Wno-unused-parameter].freeze

def warnings_for(gem_dir, flags)
  return flags unless gem_dir.start_with?(ENGINE_DIR)
  own = flags.flatten - ["-w"]
  own + WARNINGS + (ENV["WERROR"] == "1" ? ["-Werror"] : []) +
    ["-isystem #{MRUBY_ROOT}/include", "-isystem #{ENV.fetch("MRUBY_BUILD_DIR")}/#{TARGET}/include"]
end

MRBTEST = ENV["RITEVISOR_MRBTEST"] == "1"

# mruby's own tests run with those of our gems that stand below mruby's: on the bare machine what a
# character is and how numbers are computed, too.
def own_gems
  return OWN_GEMS unless MRBTEST && TARGET != "check"
  OWN_GEMS.grep(TARGET == "engine" ? /ritevisor-(engine|encoding|integer)$/ : /ritevisor-engine$/)
end

# A gem's mrbgem.rake may say `spec.opens_at = { constants: %w[Disk], events: %w[disk_] }`: it is opened when a script first
# names one of these (gems/ritevisor-engine/src/parts.c), since most scripts need but a few of all gems.
module OpensAtFirstUse
  attr_accessor :opens_at

  def generate_gem_init(path)
    return super unless opens_at
    constants, events = %i[constants events].map { |key| opens_at.fetch(key, []).map { |name| %("#{name}", ) }.join }
    open(path, "w") do |file|
      print_gem_init_header(file)
      build.mrbc.run(file, rbfiles, "gem_#{funcname}_ruby", cdump: true, static: true)
      file.puts <<~C
        #include "engine/engine.h"
        void mrb_#{funcname}_gem_init(mrb_state *mrb);
        void mrb_#{funcname}_gem_final(mrb_state *mrb);
        static void gem_#{funcname}_open(mrb_state *mrb) {
          gem_#{funcname}_ruby_init_syms(mrb);
          mrb_#{funcname}_gem_init(mrb);
        }
        static const char *const gem_#{funcname}_constants[] = { #{constants}NULL };
        static const char *const gem_#{funcname}_events[] = { #{events}NULL };
        static const struct engine_part gem_#{funcname}_part = {
          gem_#{funcname}_constants, gem_#{funcname}_events, gem_#{funcname}_open, gem_#{funcname}_ruby,
        };
        void GENERATED_TMP_mrb_#{funcname}_gem_init(mrb_state *mrb) {
          engine_defer(mrb, &gem_#{funcname}_part);
        }
        void GENERATED_TMP_mrb_#{funcname}_gem_final(mrb_state *mrb) {
          mrb_#{funcname}_gem_final(mrb);
        }
      C
    end
  end
end

MRuby::Gem::Specification.prepend(OpensAtFirstUse)

def add_gems(conf)
  conf.enable_test if MRBTEST
  CORE_GEMS.each { |name| conf.gem core: name }
  own_gems.each do |dir|
    conf.gem(dir) do |spec|
      spec.cc.flags = warnings_for(dir, spec.cc.flags)
      spec.cc.include_paths += [RITEVISOR_DIR, "#{RITEVISOR_DIR}/include"]
      spec.skip_test = true if TARGET != "check"
    end
  end
end

# Their headers are ours and mruby's; warnings are the user's business.
def add_user_gems(conf)
  USER_GEMS.each do |dir|
    conf.gem(dir) do |spec|
      spec.cc.include_paths += [RITEVISOR_DIR, "#{RITEVISOR_DIR}/include", "#{ENGINE_DIR}/gems/ritevisor-engine/include"]
      spec.skip_test = true
    end
  end
end

def set_compiler(conf, flags)
  conf.toolchain :clang
  conf.cc.command = CLANG
  conf.cc.flags = %w[-std=gnu11 -O2 -w -ffunction-sections -fdata-sections] + flags
  conf.cc.defines += DEFINES
  conf.linker.command = CLANG
end

# The virtual machine fetches operands by our macros (engine/vm/fetch.h says why), and is made twice:
# vm_wide.o has all functions of vm.c once more, weak, so that only its vm_wide_exec() is used.
VM_FETCH = "#{ENGINE_DIR}/vm/fetch.h"
VM_SOURCE = "#{MRUBY_ROOT}/src/vm.c"
# Which sources see a header of ours first: engine/vm says why.
PREFIXES = {
  VM_SOURCE => "-include #{VM_FETCH}",
  "#{MRUBY_ROOT}/src/class.c" => "-DVM_CLASS -include #{ENGINE_DIR}/vm/methods.h",
  "#{MRUBY_ROOT}/src/variable.c" => "-include #{ENGINE_DIR}/vm/tables.h",
}.freeze
OBJCOPY = ENV.fetch("RITEVISOR_OBJCOPY", "llvm-objcopy")

# What is compiled in the place of mruby's source of that name, which it includes, but for bigint.c
# (engine/vm/collector.c, string.c, codegen.c and pack.c say why).
OWN_SOURCES = {
  "src/gc.c" => "collector", "src/array.c" => "array", "src/hash.c" => "hash", "src/string.c" => "string",
  "mrbgems/mruby-compiler/core/codegen.c" => "codegen", "mrbgems/mruby-bigint/core/bigint.c" => "bigint",
  "mrbgems/mruby-pack/src/pack.c" => "pack",
}.to_h { |source, ours| ["#{MRUBY_ROOT}/#{source}", "#{ENGINE_DIR}/vm/#{ours}.c"] }.freeze
# Headers for what the machine and the compiler do wrong in every build; and functions of mruby that the
# gem ritevisor-integer replaces, whose own definitions get another name.
OWN_FLAGS = {
  VM_SOURCE => ["-include #{ENGINE_DIR}/vm/missing.h", "-include #{ENGINE_DIR}/vm/immediate.h",
                "-include #{ENGINE_DIR}/vm/compare.h", "-Dmrb_vm_define_class=engine_define_class",
                "-Dmrb_vm_define_module=engine_define_module"],
  "#{MRUBY_ROOT}/mrbgems/mruby-compiler/core/codegen.c" => "-include #{ENGINE_DIR}/vm/literals.h",
  "#{MRUBY_ROOT}/src/numeric.c" => ["-Dmrb_cmp=mruby_cmp", "-Dmrb_num_shift=mruby_num_shift"],
  "#{MRUBY_ROOT}/src/object.c" => "-Dmrb_equal=mruby_equal",
  "#{MRUBY_ROOT}/src/string.c" => "-Dmrb_str_to_integer=mruby_str_to_integer",
}.freeze

# One method for both, or the gems' compilers, which are clones, would lose the inner one.
def set_sources(conf, prefixes: false)
  conf.cc.define_singleton_method(:run) do |out, source, defines = [], includes = [], flags = []|
    if object_ext?(out)
      ours = OWN_SOURCES[source]
      if ours
        includes = [*includes, MRUBY_ROOT, ENGINE_DIR, "#{ENGINE_DIR}/gems/ritevisor-engine/include",
                    RITEVISOR_DIR, "#{RITEVISOR_DIR}/include"]
      end
      flags = [*flags, *PREFIXES[source]] if prefixes
      flags = [*flags, *OWN_FLAGS[source]]
    end
    super(out, ours || source, defines, includes, flags)
  end
  # What string.c and bigint.c need beside them.
  { "character" => %w[string.h], "bigint_convert" => %w[bigint_internal.h bigint.h],
    "bigint_mruby" => %w[bigint_internal.h bigint.h] }.each do |name, headers|
    object = conf.objfile("#{conf.build_dir}/src/#{name}")
    includes = [MRUBY_ROOT, ENGINE_DIR, "#{ENGINE_DIR}/gems/ritevisor-engine/include", RITEVISOR_DIR,
                "#{RITEVISOR_DIR}/include"]
    conf.libmruby_objs << object
    file object => [name + ".c", *headers].map { |source| "#{ENGINE_DIR}/vm/#{source}" } do
      conf.cc.run(object, "#{ENGINE_DIR}/vm/#{name}.c", [], includes)
    end
  end
end

def set_machine(conf)
  wide = conf.objfile("#{conf.build_dir}/src/vm_wide")
  conf.libmruby_objs << wide
  file wide => [conf.objfile("#{conf.build_dir}/src/vm"), VM_FETCH] do
    # Not inlined: what is inlined into one another would be used in spite of the weak names.
    conf.cc.run(wide, VM_SOURCE, %w[VM_WIDE], [], %w[-Os -fno-inline])
    sh "#{OBJCOPY} --redefine-sym mrb_vm_exec=vm_wide_exec --weaken #{wide}"
  end
end

MRuby::Build.new("host") do |conf|
  conf.toolchain :clang
  conf.cc.command = CLANG
  conf.cc.flags = ["-std=gnu11 -O1 -w"]
  conf.linker.command = CLANG
  conf.build_mrbc_exec
  conf.disable_libmruby
  conf.disable_presym
end

case TARGET
when "engine"
  MRuby::CrossBuild.new("engine") do |conf|
    set_compiler(conf, ENV.fetch("RITEVISOR_ENGINE_CFLAGS").split)
    conf.archiver.command = ENV.fetch("RITEVISOR_AR", "llvm-ar")
    # Nothing is linked here (objects.mk does it); mrbtest's objects are all that a test build makes.
    conf.linker.command = "true"
    set_sources(conf, prefixes: true)
    set_machine(conf)
    add_gems(conf)
    add_user_gems(conf)
  end
when "fuzz"
  # MRB_USE_DEBUG_HOOK: the fuzzers bound how many instructions a script may execute.
  MRuby::CrossBuild.new(TARGET) do |conf|
    set_compiler(conf, %w[-O1 -gline-tables-only -fsanitize=fuzzer-no-link,address
                          -fno-omit-frame-pointer -DRV_HOST])
    conf.cc.defines += ["MRB_USE_DEBUG_HOOK"]
    set_sources(conf)
    conf.linker.command = "true"
    add_gems(conf)
    conf.gem("#{ENGINE_DIR}/host") { |spec| spec.cc.include_paths += [RITEVISOR_DIR, "#{RITEVISOR_DIR}/include"] }
  end
when "native", "check"
  MRuby::CrossBuild.new(TARGET) do |conf|
    sanitizers = TARGET == "check" ? %w[-gline-tables-only -fsanitize=address,undefined -fno-sanitize=function,alignment
                                        -fno-sanitize-recover=undefined -fno-omit-frame-pointer] : []
    set_compiler(conf, sanitizers + ["-DRV_HOST"])
    conf.linker.flags = sanitizers
    set_sources(conf) unless TARGET == "native" && MRBTEST
    conf.linker.libraries = %w[m]
    conf.test_runner.command = "env"
    add_gems(conf)
    # The simulated machine also answers what ritevisor-engine asks in the native tests.
    conf.gem("#{ENGINE_DIR}/host") { |spec| spec.cc.include_paths += [RITEVISOR_DIR, "#{RITEVISOR_DIR}/include"] }
  end
end
