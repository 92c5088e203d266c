module Machine
  # The `name=value` words of the boot command line that are meant for scripts.
  def self.settings
    @settings ||= parse(settings_text)
  end

  def self.parse(text)
    settings = {}
    text.split(" ").each do |word|
      name, value = word.split("=", 2)
      settings[name] = value.nil? ? "true" : value
    end
    settings
  end

  # Makes of a setting's text what the default is: an Integer (0x.. too), a Range (0x60-0x64), a
  # Float, true or false, a Symbol, an Array of such (1,2,3), or the text itself.
  def self.convert(name, text, default)
    case default
    when Integer then integer(name, text)
    when Range then range(name, text)
    when Float then float(name, text)
    when true, false then boolean(name, text)
    when Symbol then text.to_sym
    when Array then text.split(",").map { |part| convert(name, part, default.empty? ? 0 : default[0]) }
    else text
    end
  end

  def self.integer(name, text)
    Integer(text)
  rescue ArgumentError
    raise ArgumentError, "setting #{name}=#{text}: a number is needed, such as 96 or 0x60"
  end

  def self.float(name, text)
    Float(text)
  rescue ArgumentError
    raise ArgumentError, "setting #{name}=#{text}: a number is needed, such as 0.5"
  end

  def self.range(name, text)
    first, last = text.split(text.include?("..") ? ".." : "-")
    range = integer(name, first || "")..integer(name, last || first)
    return range if range.begin <= range.end
    raise ArgumentError, "setting #{name}=#{text}: a range is needed, such as 0x60-0x64"
  end

  def self.boolean(name, text)
    return true if ["true", "yes", "on", "1"].include?(text)
    return false if ["false", "no", "off", "0"].include?(text)
    raise ArgumentError, "setting #{name}=#{text}: yes or no is needed"
  end
end

module Kernel
  # setting(:ports, 0x60..0x64): what the boot command line says, or the default. A word
  # `port_trace.ports=...` speaks to that script alone and goes before `ports=...`.
  def setting(name, default = nil)
    own = "#{Machine.script.delete_suffix(".rb")}.#{name}"
    text = Machine.settings[own] || Machine.settings[name.to_s]
    text.nil? ? default : Machine.convert(name, text, default)
  end

  # Names of parts that are built in need no loading; anything else is a script.
  def require(name)
    return false if ["set", "time", "enumerator", "rational", "complex"].include?(name)
    require_relative(name)
  end
end

ARGV = Machine.settings_text.split(" ")
