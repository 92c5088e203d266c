# cpuid_rewrite.rb: shows the guest another processor than the one it runs on.
#
# Rewrites the name that CPUID gives (/proc/cpuinfo, lscpu) and takes features away, so that a
# guest's code paths for older processors can be tested on this one.
#
# Settings:
#   cpu_name=Ruby_Engine    the name, "_" for blanks, 47 characters at most
#                           (default: Ritevisor_virtual_processor)
#   without=avx2,rdrand     features to take away (default: none); known are those in FEATURES

NAME = setting(:cpu_name, "Ritevisor_virtual_processor").tr("_", " ")[0, 47]

# name => [leaf, register, bit] (AMD APM vol. 3 appendix E, Intel SDM vol. 2, CPUID)
FEATURES = {
  "sse3" => [1, :ecx, 0], "ssse3" => [1, :ecx, 9], "sse4_1" => [1, :ecx, 19],
  "sse4_2" => [1, :ecx, 20], "x2apic" => [1, :ecx, 21], "aes" => [1, :ecx, 25],
  "avx" => [1, :ecx, 28], "rdrand" => [1, :ecx, 30], "fsgsbase" => [7, :ebx, 0],
  "avx2" => [7, :ebx, 5], "smep" => [7, :ebx, 7], "rdseed" => [7, :ebx, 18],
  "smap" => [7, :ebx, 20], "sha" => [7, :ebx, 29]
}.freeze

# The name as twelve registers, four a leaf.
bytes = NAME.bytes + [0] * (48 - NAME.bytesize)
WORDS = bytes.each_slice(4).map { |b| b[0] | b[1] << 8 | b[2] << 16 | b[3] << 24 }

on :cpuid, 0x80000002..0x80000004 do |io|
  first = (io.leaf - 0x80000002) * 4
  io.eax = WORDS[first]
  io.ebx = WORDS[first + 1]
  io.ecx = WORDS[first + 2]
  io.edx = WORDS[first + 3]
end

# The masks of all features to take away, by leaf and register.
masks = {}
setting(:without, "").split(",").each do |name|
  leaf, register, bit = FEATURES[name]
  if leaf.nil?
    log.warning "cpuid_rewrite: unknown feature", name: name, known: FEATURES.keys.join(",")
    next
  end
  masks[leaf] ||= { ebx: 0, ecx: 0 }
  masks[leaf][register] |= 1 << bit
end

# Leaf 7 has subleaves; leaf 1 ignores ECX, whatever the guest left in it.
masks.each do |leaf, mask|
  filters = leaf == 7 ? { subleaf: 0 } : {}
  on :cpuid, leaf, **filters do |io|
    io.ebx = io.ebx & ~mask[:ebx]
    io.ecx = io.ecx & ~mask[:ecx]
  end
end

log "cpuid_rewrite on", name: NAME, without: setting(:without, "nothing")
