# Patterns that backtrack without end, nest without end, match nothing for ever, or are none.
# group: c
# guest: deny
# state: alive killed
# log: ${name}.*(TimeoutError|RegexpError|BudgetError|killed)
text = "a" * 5000
n = -1
WAYS = [-> { /(a+)+$/.match(text + "!") }, -> { Regexp.new("(" * 5000).match("a") }, -> { /(?:a?){60}a{60}/.match("a" * 60 + "b") },
        -> { text.gsub(/(?=a)*/) { "b" } }, -> { Regexp.new("a{99999999}") }, -> { Regexp.new("(?<n>(?<n>a|\\g<n>))") },
        -> { /(.*)(.*)(.*)(.*)(.*)z/.match(text) }, -> { Regexp.new("\xff[\xc0-\xfe]{2,}\0").match("\xff\xc0") },
        -> { Regexp.new("[" * 1000) }, -> { text.scan(/a*?a*?a*?b/) }, -> { Regexp.new("x" * 500_000).match(text) },
        -> { loop { Regexp.new(rand.to_s) } }]
on(:port_read, PORT, on_error: :deny) do |io|
  2.times { begin; WAYS[n = (n + 1) % WAYS.size].call; rescue StandardError; end }
  WAYS[n].call
  raise RegexpError, "done"
end
