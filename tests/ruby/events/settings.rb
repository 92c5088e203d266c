# Settings of 64 bits come as they were written.
limit = setting(:limit, 0)
span = setting(:span, 0..1)
log "settings", limit: "%x" % limit, last: span.last, decimal: setting(:decimal, 0), low: setting(:low, 0)
on(:msr_write, 0xc0000082) { |msr| msr.deny if msr.value > limit }
on(:msr_write, 0xc0000083) { |msr| msr.deny unless span.include?(msr.value) }
