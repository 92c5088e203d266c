# One stick may come in; all else stays out.
policy!
on(:usb_attach, observe: true) { |d| puts "attach #{d.path} #{d.id} #{d.interfaces.join(" ")} #{d.fingerprint}" }
on(:usb_detach) { |d| puts "detach #{d.id}" }
Usb.policy <<~RULES
  allow 46f4:0001 serial "STICK" with-interface 08:06:50
RULES
at_exit { Usb.each { |d| puts "there #{d.rule}" } }
