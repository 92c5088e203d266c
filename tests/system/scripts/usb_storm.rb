# One hub may be there, and behind it what stands in the rules; all transfers are seen.
policy!
on(:usb_attach, class_code: 9, observe: true) { |d| puts "hub #{d.path}" }
Usb.policy <<~RULES
  allow 46f4:0001 serial one-of { "STICK" "COMES" "BEHIND" }
  allow 0409:55aa via-port "1-4"
  allow 0627:0001 via-port "1-4.1"
RULES
ends = 0
on(:usb_request, observe: true) { |t| }
on(:usb_done, observe: true) { |t| ends += 1 }
at_exit do
  Usb.each { |d| puts "there #{d.path} #{d.rule}" }
  puts "ends #{ends > 1000}"
end
