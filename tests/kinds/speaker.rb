# Hooks of the kind that the test adds.
on(:speaker_tone, control: 1, control_mask: 1, divisor: 1000..2000) do |tone|
  log "tone", control: tone.control, divisor: tone.divisor, kind: tone.kind, class: tone.class
  tone.control &= ~3
end
begin
  on(:speaker_tone, volume: 11) { }
rescue ArgumentError => error
  log error.message
end
begin
  on(:speaker_tone, divisor: 0x10000) { }
rescue RangeError => error
  log error.message
end
