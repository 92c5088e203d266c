# at_exit that loops, and one that registers another: the machine powers off all the same.
# group: loops
# guest: 0x11
# state: killed
# log: ${name}: killed in its shutdown hook: its time
def again = at_exit { again }
again
at_exit { loop {} }
on(:port_read, PORT) { |io| io.value = 0x11 }
