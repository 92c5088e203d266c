# rtc_rewrite.rb: lets the guest see another date in the real-time clock.
#
# The kernel selects a register of the CMOS by a write to port 0x70 and reads it at port 0x71.
# This script remembers the register and rewrites the year (and, if asked, month and day) in what
# the guest reads. The clock itself is not touched.
#
# Settings:
#   year=1999        the year that the guest sees (default: 1999)
#   month=12 day=31  month and day (default: left as they are)
#   rtc_log=no       does not log each rewritten read (default: yes)

YEAR = setting(:year, 1999)
MONTH = setting(:month, 0)
DAY = setting(:day, 0)
LOG = setting(:rtc_log, true)

# MC146818: registers 7, 8, 9 are day, month, year; 0x32 is the century on PCs; bit 2 of status
# register B says that the numbers are binary, not BCD.
REGISTER_DAY = 0x07
REGISTER_MONTH = 0x08
REGISTER_YEAR = 0x09
REGISTER_CENTURY = 0x32
STATUS_B = 0x0b
STATUS_B_BINARY = 0x04

def cmos_read(register)
  Port.write8(0x70, register)
  Port.read8(0x71)
end

binary = cmos_read(STATUS_B) & STATUS_B_BINARY != 0
encode = ->(number) { binary ? number : number / 10 << 4 | number % 10 }

rewritten = { REGISTER_YEAR => encode.(YEAR % 100), REGISTER_CENTURY => encode.(YEAR / 100) }
rewritten[REGISTER_MONTH] = encode.(MONTH) if MONTH > 0
rewritten[REGISTER_DAY] = encode.(DAY) if DAY > 0

selected = 0
on(:port_write, 0x70) { |io| selected = io.value & 0x7f }

on :port_read, 0x71 do |io|
  answer = rewritten[selected]
  if answer
    log "rtc", register: "0x%02x" % selected, was: "0x%02x" % io.value, now: "0x%02x" % answer if LOG
    io.value = answer
  end
end

log "rtc_rewrite on", year: YEAR, now: Time.now.to_s
