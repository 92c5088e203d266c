# All of them may come in, by rules; with watch=watch all their transfers are seen too.
policy!
Usb.policy <<~RULES
  allow with-interface one-of { 03:*:* 08:*:* 09:*:* }
  allow id 0403:6001 with-interface ff:ff:ff
  allow with-interface one-of { 02:*:* 01:*:* }
RULES
if setting(:watch, "rules") == "watch"
  counts = Hash.new(0)
  on(:usb_request, observe: true) { |t| counts[[t.id, t.type]] += 1 }
  on(:usb_done, observe: true) { |t| counts[[t.id, t.type, t.failed?]] += 1 }
  at_exit { counts.keys.map { |key| key.join(" ") }.sort.each { |line| puts "seen #{line}" } }
end
at_exit { Usb.map { |d| "there #{d.path} #{d.rule}" }.sort.each { |line| puts line } }
