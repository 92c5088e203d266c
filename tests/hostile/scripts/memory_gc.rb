# The collector's own switches, turned against it.
# group: memory
# guest: deny
# state: alive killed
# log: ${name}.*Error
n = -1
WAYS = [-> { GC.disable; loop { "x" * 1000 } }, -> { GC.enable; loop { GC.start } }, -> { GC.step_ratio = 1; loop { [1] } },
        -> { GC.interval_ratio = 1 << 40; loop { [1] } }, -> { GC.step_ratio = -1; loop { "a" + "b" } },
        -> { GC.interval_ratio = 0; GC.generational_mode = true; loop { {} } }]
on(:port_read, PORT, on_error: :deny, budget: 20.milliseconds) { |io| WAYS[n = (n + 1) % WAYS.size].call }
