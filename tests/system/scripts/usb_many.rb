# Hubs, and one stick.
policy!
Usb.policy <<~RULES
  allow 46f4:0001 serial "STICK"
  allow with-interface 09:00:00
RULES
at_exit do
  puts "there #{Usb.count} refused #{Usb.count(&:refused?)}"
  puts "others #{Usb.reject(&:refused?).reject { |d| d.interfaces[0] == "09:00:00" }.map(&:id).join(" ")}"
end
