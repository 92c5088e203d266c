# What an idle script takes of its heap quota: mruby, all gems, a hook.
on(:port_read, 0x60) { |io| io.value = Machine.statistics[:heap] / 1024 <= 320 ? 1 : 0 }
on(:port_read, 0x61) { |io| log "idle heap", kib: Machine.statistics[:heap] / 1024 }
