# A mouse may come in; all else stays out.
policy!
Usb.policy "allow with-interface equals { 03:01:02 }"
at_exit { Usb.each { |d| puts "there #{d.rule}" } }
