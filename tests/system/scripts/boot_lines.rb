# Says something before the OS starts, and nothing after.
3.times { |n| Bitvisor.print("line #{n} before the OS") }
