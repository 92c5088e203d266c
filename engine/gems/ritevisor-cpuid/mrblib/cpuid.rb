# What CPUID says to the guest (before hooks).
module Cpuid
  # "AuthenticAMD"
  def self.vendor
    _, ebx, ecx, edx = read(0)
    text([ebx, edx, ecx])
  end

  # "AMD EPYC Processor", of leaves 0x80000002 to 4.
  def self.name
    return vendor if read(0x80000000)[0] < 0x80000004
    text((0x80000002..0x80000004).map { |leaf| read(leaf) }.flatten).strip
  end

  # The characters of 32-bit registers, up to the first NUL.
  def self.text(registers)
    bytes = registers.map { |register| [0, 8, 16, 24].map { |shift| register >> shift & 0xff } }.flatten
    bytes.take_while { |byte| byte != 0 }.map { |byte| byte.chr }.join
  end
end
