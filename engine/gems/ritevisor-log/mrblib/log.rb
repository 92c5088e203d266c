# Log lines: a text and pairs, at one of five levels.
#
#   log "uart", value: 0x41            # info
#   log.warning "odd width", width: 3  # error, warning, notice, info, debug; alert
module Log
  LEVELS = { error: 0, warning: 1, notice: 2, info: 3, debug: 4 }.freeze

  # What stands after "name=": plain where that is unambiguous, quoted where it is not.
  def self.pair_value(value)
    return value.to_s if value.is_a?(Symbol)
    return value.inspect unless value.is_a?(String)
    value.empty? || value.include?(" ") || value.include?("\"") ? value.inspect : value
  end

  def self.line(text, pairs)
    line = text.is_a?(String) || text.is_a?(Symbol) ? text.to_s : text.inspect
    pairs.each { |name, value| line = "#{line} #{name}=#{pair_value(value)}" }
    line
  end

  def self.error(text = "", **pairs)
    write(0, line(text, pairs))
  end

  # What somebody is to look at, at once: an error's level, and a word to look for.
  def self.alert(text = "", **pairs)
    write(0, "alert: #{line(text, pairs)}")
  end

  def self.warning(text = "", **pairs)
    write(1, line(text, pairs))
  end

  def self.notice(text = "", **pairs)
    write(2, line(text, pairs))
  end

  def self.info(text = "", **pairs)
    write(3, line(text, pairs))
  end

  def self.debug(text = "", **pairs)
    write(4, line(text, pairs))
  end
end

module Kernel
  # With a text: one line at level info. Without: the module Log, so that log.warning reads well.
  def log(*text, **pairs)
    return Log if text.empty? && pairs.empty?
    raise ArgumentError, "log takes one text, then name: value pairs" if text.size > 1
    Log.write(3, Log.line(text.empty? ? "" : text[0], pairs))
  end

  def puts(*lines)
    if lines.empty?
      Log.print "\n"
    else
      lines.each do |line|
        if line.is_a?(Array)
          line.empty? ? nil : puts(*line)
        else
          line = line.to_s
          Log.print line.end_with?("\n") ? line : "#{line}\n"
        end
      end
    end
    nil
  end

  def p(*objects)
    objects.each { |object| Log.print "#{object.inspect}\n" }
    objects.size > 1 ? objects : objects[0]
  end

  def printf(format, *arguments)
    Log.print sprintf(format, *arguments)
    nil
  end

  def warn(*lines)
    lines.each { |line| Log.write(1, line.to_s) }
    nil
  end
end
