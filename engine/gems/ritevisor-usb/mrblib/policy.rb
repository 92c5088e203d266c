# Rules in USBGuard's language (usbguard-rules.conf(5)): who may come in.
#
#   policy!
#   Usb.policy <<~RULES, default: :block
#     allow 46f4:0001 serial "A1" with-interface 08:06:50
#     reject with-interface one-of { 03:*:* e0:01:* }
#   RULES
class Usb
  # The first rule that fits decides; `default`, :allow or :block, where none does. The guest does not find controllers whose
  # devices nobody could judge, unless `others` is :pass. Returns the Rules.
  def self.policy(text, default: :block, others: :hide)
    raise ArgumentError, "default: is :allow or :block, not #{default.inspect}" unless %i[allow block].include?(default)
    raise ArgumentError, "others: is :hide or :pass, not #{others.inspect}" unless %i[hide pass].include?(others)
    rules = Rules.new(text)
    __hide_others if others == :hide
    inside = {} # numbers of those that are in
    Hook.on(:usb_attach, on_error: :deny) do |event|
      device = event.device
      inside.delete(device.number) if device
      target, line = device ? rules.judge(device, __among(inside)) : :block
      next event.deny(line ? "line #{line} of the rules" : "no rule") if (target || default) != :allow
      inside[device.number] = true
    end
    Hook.on(:usb_detach, observe: true) { |event| inside.delete(event.device) }
    rules
  end

  # Another script may have refused what these rules let in.
  def self.__among(numbers)
    numbers.empty? ? [] : select { |device| numbers[device.number] && !device.refused? }
  end

  # All controllers but the xHCI that are there now: these have a mediator, what is plugged in later has none. First what is
  # to come, so that nothing is missed in between.
  def self.__hide_others
    mediated = PCI.select(class: 0x0c0330).map { |device| { slot: device.slot } }
    no_hosts = [{ class: 0x0c03fe }, { class: 0x0c0340 }] # a USB device, and USB4's routers, whose devices are xHCI's
    Hook.on(:pci_config_access, verdict: :deny, class: 0x0c03, except: no_hosts + mediated)
    [0x0c0300, 0x0c0310, 0x0c0320, 0x0c0380].each { |kind| PCI.select(class: kind).each(&:hide) }
  end

  class Rules
    TARGETS = %w[allow block reject]
    OPERATORS = %w[all-of one-of none-of equals equals-ordered match-all]
    WITHOUT = {
      "with-connect-type" => "which ports are inside of the machine is not known here; say via-port",
    }
    HEX = "0123456789abcdefABCDEF"
    ESCAPED = ["\\", "\""] # what USBGuard writes; beside these there is \xHH

    # What a rule says of one thing: values, and how many of these have to be a device's.
    Demand = Struct.new(:name, :operator, :values)
    Rule = Struct.new(:line, :target, :demands)
    # Is a device in that fits? `wanted`: true, or false where a "!" stands before it.
    Matches = Struct.new(:rule, :wanted)

    attr_reader :rules

    # `first`: the number of its first line, for what is said of errors
    def initialize(text, first = 1)
      @rules = []
      text.split("\n").each_with_index { |line, index| __line(line, index + first) }
    end

    def size
      @rules.size
    end

    # [:allow, :block or :reject, number of the line]; nil: no rule fits. `others`: devices that are in.
    def judge(device, others = [])
      rule = __fitting(device, others)
      rule && [rule.target, rule.line]
    end

    # The first rule that fits; nil: none.
    def __fitting(device, others)
      known = __known(device)
      @rules.find { |one| one.demands.all? { |demand| __fits?(demand, known, one.target, others) } }
    end

    private

    # Matching -----------------------------------------------------------------------------------------------

    def __known(device)
      known = { "interface" => device.interfaces, "id" => [device.id], "serial" => [device.serial],
                "name" => [device.product], "via-port" => [device.path] }
      known["hash"] = [device.fingerprint] if __asks?("hash")
      known["parent-hash"] = (parent = device.parent) && [parent.fingerprint] if __asks?("parent-hash")
      known
    end

    def __asks?(name)
      @rules.any? { |rule| rule.demands.any? { |demand| demand.name == name } }
    end

    # What is not known of a device, a root hub's hash, lets none in, and keeps one out.
    def __fits?(demand, known, target, others)
      return target != :allow if demand.name == "parent-hash" && known["parent-hash"].nil?
      return __has?(demand.operator, demand.values.map { |value| __holds?(value, others) }, [true]) if demand.name == "if"
      __has?(demand.operator, demand.values, known[demand.name])
    end

    def __holds?(condition, others)
      return condition unless condition.is_a?(Matches)
      others.any? { |device| condition.rule.__fitting(device, []) } == condition.wanted
    end

    def __has?(operator, values, have)
      case operator
      when "all-of" then values.all? { |value| __among?(value, have) }
      when "one-of" then values.any? { |value| __among?(value, have) }
      when "none-of" then values.none? { |value| __among?(value, have) }
      when "match-all" then __all_had?(values, have)
      when "equals-ordered"
        have.size == values.size && have.each_index.all? { |at| __same?(values[at], have[at]) }
      else
        have.size == values.size && values.all? { |value| __among?(value, have) } && __all_had?(values, have)
      end
    end

    def __among?(value, have)
      have.any? { |one| __same?(value, one) }
    end

    def __all_had?(values, have)
      have.all? { |one| values.any? { |value| __same?(value, one) } }
    end

    # An Array is of parts, of which nil is any.
    def __same?(value, have)
      return value == have unless value.is_a?(Array)
      parts = have.split(":")
      value.each_index.all? { |at| value[at].nil? || value[at] == parts[at] }
    end

    # Reading ------------------------------------------------------------------------------------------------

    def __line(line, number)
      @text, @at, @number = line, 0, number
      __blank
      return if @at == @text.size || @text[@at] == "#"
      target = __word
      __fail("a rule begins with allow, block or reject, not #{target.inspect}") unless TARGETS.include?(target)
      @rules << Rule.new(number, target.to_sym, __demands)
    end

    def __demands
      demands, first = [], true
      until __end?
        __gap
        word = __word
        demand = first && word.include?(":") ? Demand.new("id", "equals", [__id(word)]) : __demand(word)
        first = false
        next unless demand
        __fail("#{word}: a rule says it once") if demands.any? { |one| one.name == demand.name }
        demands << demand
      end
      demands
    end

    # What stands behind the name of an attribute; nil: nothing that matters.
    def __demand(name)
      __gap
      case name
      when "id" then __set("id") { __id(__word) }
      when "with-interface" then __set("interface") { __interface(__word) }
      when "name", "hash", "parent-hash", "serial", "via-port" then __set(name) { __string }
      when "label" then __set(name) { __string } && nil
      when "if" then __conditions
      else
        __fail(WITHOUT[name] ? "#{name}: #{WITHOUT[name]}" : "#{name.inspect} is nothing that a rule can say")
      end
    end

    # One value, or several in braces, with an operator or without.
    def __set(name)
      __blank
      operator, start = "equals", @at
      if @text[@at] != "{" && @text[@at] != "\""
        word = __word
        if OPERATORS.include?(word)
          operator = word
          __gap
          __fail("#{word} takes values in braces") unless @text[@at] == "{"
        else
          @at = start
        end
      end
      return Demand.new(name, operator, [yield]) unless @text[@at] == "{"
      @at += 1
      values = []
      until __closed?
        __gap unless values.empty?
        values << yield
      end
      __fail("there is nothing in the braces") if values.empty?
      Demand.new(name, operator, values)
    end

    def __closed?
      start = @at
      __blank
      __fail("a brace is not closed") if @at >= @text.size
      if @text[@at] == "}"
        @at += 1
        return true
      end
      @at = start
      false
    end

    # Blanks have to be here, or the end.
    def __gap
      start = @at
      __fail("a blank is missing before #{@text[@at]}") if __blank == start && @at < @text.size
    end

    def __blank
      @at += 1 while @at < @text.size && (@text[@at] == " " || @text[@at] == "\t" || @text[@at] == "\r")
      @at
    end

    def __end?
      start = @at
      __blank
      ends = @at >= @text.size || @text[@at] == "#"
      @at = start
      ends
    end

    # Up to a blank, a brace, a parenthesis or a comment.
    def __word
      __blank
      start = @at
      @at += 1 while @at < @text.size && !" \t\r{}()\"#".include?(@text[@at])
      __fail("something is missing") if start == @at
      @text[start, @at - start]
    end

    def __hex?(text, count)
      text.size == count && text.each_char.all? { |one| HEX.include?(one) }
    end

    def __parts(word, counts, what)
      parts = word.split(":", -1)
      good = parts.size == counts.size && parts.each_index.all? { |at| parts[at] == "*" || __hex?(parts[at], counts[at]) }
      __fail("#{word.inspect} is no #{what}") unless good
      parts = parts.map { |part| part == "*" ? nil : part.downcase }
      __fail("#{word.inspect}: behind a * there is nothing but *") if parts[(parts.index(nil) || 0)..-1].any? && parts.include?(nil)
      parts
    end

    def __id(word)
      __parts(word, [4, 4], "id, as 046d:c52b or 046d:*")
    end

    def __interface(word)
      parts = __parts(word, [2, 2, 2], "interface, as 08:06:50 or 03:*:*")
      __fail("#{word.inspect}: an interface says its class at least") unless parts[0]
      parts
    end

    def __conditions
      conditions = __set("if") { __condition }
      __fail("if takes no match-all here") if conditions.operator == "match-all"
      conditions.operator = "all-of" if conditions.operator.start_with?("equals")
      conditions
    end

    # true, false, or what a device that is in says of itself; with a "!" the contrary. All else depends on what USBGuard's
    # daemon knows.
    def __condition
      word = __word
      negated = word[0] == "!"
      name = negated ? word[1..-1] : word
      return Matches.new(__query, !negated) if name == "allowed-matches"
      __fail("if #{name}: only true, false and allowed-matches(...) are conditions here") unless %w[true false].include?(name)
      (name == "true") != negated
    end

    # All up to the next parenthesis, as USBGuard has it, is what stands behind a rule's target.
    def __query
      last = @text[@at] == "(" ? @text.index(")", @at) : nil
      __fail("allowed-matches takes what it looks for in parentheses") unless last
      query = @text[@at + 1...last]
      __fail("allowed-matches(#{query}): a blank, or nothing, is no end") if query.empty? || " \t\r".include?(query[-1])
      @at = last + 1
      Rules.new("allow #{query}", @number)
    end

    def __string
      __blank
      __fail("a text in quotes is missing") unless @text[@at] == "\""
      @at += 1
      bytes = ""
      until @at >= @text.size || @text[@at] == "\""
        bytes << (@text[@at] == "\\" ? __escape : @text[@at])
        @at += 1
      end
      __fail("a text has no end") if @at >= @text.size
      @at += 1
      bytes
    end

    def __escape
      @at += 1
      letter = @text[@at]
      return letter if ESCAPED.include?(letter)
      if letter == "x" && __hex?(@text[@at + 1, 2].to_s, 2)
        @at += 2
        return @text[@at - 1, 2].to_i(16).chr
      end
      __fail("\\#{letter} is no character here")
    end

    def __fail(why)
      raise ArgumentError, "rules, line #{@number}: #{why}"
    end
  end
end
