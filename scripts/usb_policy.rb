# usb_policy.rb: which USB devices may come in, by rules in USBGuard's language; what no rule allows has no driver.
#
# A policy: no OS boots without it. Without rules of yours keyboards and mice, storage, and hubs come in if they are nothing
# else beside: a stick that is a keyboard too stays out. `ritectl usb list` prints the rules of what is plugged in.
#
# Settings:
#   rules=my_rules     a file my_rules.rb, loaded beside this one, with USB_RULES = "allow 046d:c52b ...\n..."
#   default=allow      what becomes of devices that no rule fits (default: block)

policy!

RULES_FILE = setting(:rules, "")
DEFAULT = setting(:default, :block)

USUAL_RULES = <<~RULES
  allow with-interface match-all { 03:*:* }
  allow with-interface match-all { 08:*:* }
  allow with-interface match-all { 09:*:* }
RULES

require_relative RULES_FILE unless RULES_FILE.empty?

on(:usb_attach, observe: true) { |d| log "usb_policy: asks", **d.to_h }
rules = Usb.policy(RULES_FILE.empty? ? USUAL_RULES : USB_RULES, default: DEFAULT)
on(:usb_attach, observe: true) { |d| log "usb_policy: in", id: d.id, path: d.path }
log "usb_policy on", rules: rules.size, default: DEFAULT

at_exit { Usb.each { |device| puts device.rule } }
