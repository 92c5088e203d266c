# Regions with an ensure are left once, keywords reach method_missing, and blocks get all values.
def trace
  seen = []
  yield seen
  seen.join(" ")
end

log "break " + trace { |s| begin; while true do break end; ensure; s << 1; end }
log "inner " + trace { |s| begin; while true; begin; break; ensure; s << 1; end; end; ensure; s << 2; end }
log "redo " + trace { |s| n = 0; while n < 1; begin; n += 1; s << 0; redo if n < 3; ensure; s << 1; end; end }
log "next " + trace { |s| n = 0; begin; while n < 3; n += 1; next if n == 2; s << n; end; ensure; s << 9; end }
log "retry " + trace { |s|
  n = 0
  begin
    begin
      n += 1
      raise "no" if n < 3
      s << n
    rescue
      s << 7
      retry
    end
  ensure
    s << 9
  end
}
log "until " + trace { |s| n = 0; begin; until n == 2; begin; n += 1; next; ensure; s << n; end; end; ensure; s << 9; end }
log "value " + trace { |s| s << while true do begin; break 5; ensure; s << 1; end; end }
log "else " + trace { |s| begin; while true do break end; rescue; s << 0; else; s << 5; ensure; s << 1; end }

class Asked
  def method_missing(name, *arguments, **keywords, &block)
    [name, arguments, keywords, block&.call].inspect
  end
end
keywords, three = { x: 1, y: 2 }, [1, 2, 3]
log "only " + Asked.new.bar(**keywords)
log "more " + Asked.new.bar(1, **keywords)
log "splat " + Asked.new.bar(*three, **keywords) { 8 }
log "none " + Asked.new.bar(**{})

pairs = [5, 6, 7].each_with_index
log "sum #{pairs.sum { |b, i| b * 10 + i }} #{pairs.filter_map { |b, i| b * i if i > 0 }}"
log "hash #{pairs.to_h { |b, i| [b, i] }} #{pairs.tally.size} #{pairs.each_entry.to_a}"
log "lazy #{pairs.lazy.map { |b, i| b * i }.to_a} #{pairs.lazy.select { |_, i| i > 1 }.first(1)}"
