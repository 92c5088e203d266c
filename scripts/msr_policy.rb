# msr_policy.rb: what the guest may write to model-specific registers.
#
# - Microcode updates are ignored: the guest believes that it loaded one.
# - The system-call entry points (LSTAR, CSTAR, SYSENTER_EIP) are set once, at boot. A later
#   write with another value, such as a rootkit's, gives #GP, and is logged.
# - Writes of further MSRs can be denied or logged.
#
# Settings:
#   deny=0x3f1,0xc0010015   give #GP for writes of these MSRs (default: none)
#   watch=0x1a0             log writes of these (default: none)
#   lock=no                 leave the entry points alone (default: yes)

MICROCODE = { 0x79 => "IA32_BIOS_UPDT_TRIG", 0xc0010020 => "AMD PATCH_LOADER" }.freeze
ENTRY_POINTS = { 0xc0000082 => "LSTAR", 0xc0000083 => "CSTAR", 0x176 => "SYSENTER_EIP" }.freeze

MICROCODE.each do |msr, name|
  on :msr_write, msr do |io|
    log.notice "microcode update ignored", msr: name
    io.ignore
  end
end

if setting(:lock, true)
  ENTRY_POINTS.each do |msr, name|
    locked = nil
    on :msr_write, msr, on_error: :deny do |io|
      # Each CPU sets it, always to the same value; 0 clears it before kexec.
      if locked.nil? || io.value == locked
        locked = io.value unless io.value == 0
      else
        log.warning "write of a locked entry point denied", msr: name, value: "0x%x" % io.value,
                    was: "0x%x" % locked, rip: "0x%x" % io.registers.rip
        io.deny
      end
    end
  end
end

setting(:deny, []).each do |msr|
  on :msr_write, msr, on_error: :deny do |io|
    log.notice "denied", msr: "0x%x" % io.msr, value: "0x%x" % io.value
    io.deny
  end
end

setting(:watch, []).each do |msr|
  on(:msr_write, msr, observe: true) { |io| log "write", msr: "0x%x" % io.msr, value: "0x%x" % io.value }
end

log "msr_policy on", hooks: Hook.all.size
