# Says that it runs, at the end of the guest: power-off or reset.
at_exit { puts "at_exit was here" }
