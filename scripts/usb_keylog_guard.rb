# usb_keylog_guard.rb: holds what USB keyboards say that type faster than a person, as pretenders do, and asks.
#
# Several keys that each come within so short a time of the one before are no person's. From then on nothing of what the keyboard
# says comes through: it waits, and the log asks. The answer is ritectl's:
#
#   ritectl reload usb_keylog_guard.rb   it was a person: what waits comes through, and that keyboard is trusted
#   ritectl unload usb_keylog_guard      likewise, and no keyboard is looked at any more
#
# Without an answer in time what waits is dropped, and the keyboard is mute until it is plugged in anew. A keyboard has one report on
# its way: those keys that are pressed meanwhile it keeps to itself, as many as it has room for. What it typed before
# has come through.
#
# Looks at reports of 8 bytes, as keyboards of the boot protocol have them (HID 1.11, appendix B.1).
#
# Settings:
#   gap_ms=30     a key is too fast if it comes so soon behind the one before (default: 20)
#   keys=4        so many of these in a row are too many (default: 6)
#   ask_s=10      so long an answer is waited for; 0: none is, and it is mute at once (default: 60)
#   mute=no       only logs (default: yes)

GAP_MS = setting(:gap_ms, 20)
KEYS = setting(:keys, 6)
ASK_S = setting(:ask_s, 60)
MUTE = setting(:mute, true)
REPORT_BYTES = 8
FIRST_KEY = 2     # of a report; before it are modifiers, and a byte of nothing
ERRORS = 4        # usages below are none, or of too many keys at once
NO_KEYS = "\0" * REPORT_BYTES

class Keyboard
  attr_accessor :muted, :trusted, :held

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

# The report waits; when nobody has answered in time it is dropped: no key is down.
def ask(keyboard, t)
  keyboard.held = held = t.hold(limit: (ASK_S + 60).seconds)
  id = t.id
  after(ASK_S.seconds) do
    if keyboard.held == held
      keyboard.held = nil
      keyboard.muted = true
      log.warning "usb_keylog_guard: nobody has answered: muted", id: id if held.drop
    end
  end
end

def too_fast(keyboard, t)
  said = { id: t.id, path: t.device&.path }
  if !MUTE
    log.warning "usb_keylog_guard: it types faster than a person", **said
  elsif ASK_S == 0
    keyboard.muted = true
    log.warning "usb_keylog_guard: it types faster than a person: muted", **said
  else
    log.warning "usb_keylog_guard: it types faster than a person: held for #{ASK_S} s. Was it one? ritectl reload", **said
    ask(keyboard, t)
  end
end

on(:usb_done, class: 3, type: :interrupt, direction: :in, length: REPORT_BYTES, on_error: :deny) do |t|
  keyboard = $keyboards[t.__device]
  too_fast(keyboard, t) if !keyboard.muted && !keyboard.trusted && keyboard.reported(t.data.bytes, now_us)
  t.data.write(0, NO_KEYS) if keyboard.muted
end
on(:usb_detach) { |d| $keyboards.delete(d.device) }

def let_go
  $keyboards.each_value do |keyboard|
    next unless keyboard.held
    keyboard.held.pass
    keyboard.held = nil
    keyboard.trusted = true
  end
end

# Behind a reload those that waited are trusted, and those that were, and who is mute stays so.
at_reload do
  let_go
  $keyboards.map { |number, keyboard| "#{number} #{keyboard.muted ? "muted" : keyboard.trusted ? "trusted" : "-"}" }.join("\n")
end
reloaded do |text|
  text.each_line do |line|
    number, what = line.split
    $keyboards[number.to_i].muted = what == "muted"
    $keyboards[number.to_i].trusted = what == "trusted"
  end
end
at_exit { let_go }
log "usb_keylog_guard on", gap_ms: GAP_MS, keys: KEYS, ask_s: ASK_S, mute: MUTE
