# usb_keylog_guard.rb: mutes USB keyboards that type faster than a person, as devices do that pretend to be one.
#
# Several keys that each come within so short a time of the one before are no person's. From then on all that the keyboard
# says is that no key is down, until it is plugged in anew; what it typed before that has come through.
#
# Looks at reports of 8 bytes, as keyboards of the boot protocol have them (HID 1.11, appendix B.1).
#
# Settings:
#   gap_ms=30     a key is too fast if it comes so soon behind the one before (default: 20)
#   keys=4        so many of these in a row are too many (default: 6)
#   mute=no       only logs (default: yes)

GAP_MS = setting(:gap_ms, 20)
KEYS = setting(:keys, 6)
MUTE = setting(:mute, true)
REPORT_BYTES = 8
FIRST_KEY = 2     # of a report; before it are modifiers, and a byte of nothing
ERRORS = 4        # usages below are none, or of too many keys at once
NO_KEYS = "\0" * REPORT_BYTES

class Keyboard
  attr_accessor :muted

  def initialize
    @down = []
    @last = nil
    @fast = 0
  end

  # A report; true: those that went down now are too many, too fast.
  def reported(bytes, now_us)
    keys = bytes[FIRST_KEY..-1].select { |usage| usage >= ERRORS }
    (keys - @down).each do
      @fast = @last && now_us - @last < GAP_MS * 1000 ? @fast + 1 : 0
      @last = now_us
    end
    @down = keys
    return false if @fast < KEYS
    @fast = 0
    true
  end
end

$keyboards = Hash.new { |all, number| all[number] = Keyboard.new }

def now_us
  Machine.tsc * 1_000_000 / Machine.tsc_hz
end

on(:usb_done, class: 3, type: :interrupt, direction: :in, length: REPORT_BYTES) do |t|
  keyboard = $keyboards[t.__device]
  if !keyboard.muted && keyboard.reported(t.data.bytes, now_us)
    keyboard.muted = MUTE
    log.warning "usb_keylog_guard: it types faster than a person#{MUTE ? ": muted" : ""}", id: t.id, path: t.device&.path
  end
  t.data.write(0, NO_KEYS) if keyboard.muted
end
on(:usb_detach) { |d| $keyboards.delete(d.device) }
log "usb_keylog_guard on", gap_ms: GAP_MS, keys: KEYS, mute: MUTE
