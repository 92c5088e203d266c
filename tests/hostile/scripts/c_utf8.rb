# Strings that are not UTF-8, in every method that counts characters.
# group: c
# guest: deny
# state: alive killed
text = "\xff\xfe\xc0\x80\xed\xa0\x80\xf8"
n = -1
WAYS = [-> { text.chars }, -> { text.split("") }, -> { text[3, 9] }, -> { text.reverse }, -> { text.inspect.to_sym.inspect },
        -> { text.codepoints }, -> { text.each_char {} }, -> { text.succ }, -> { text.tr(text, "a-z\xff") }, -> { text.center(30, text) },
        -> { text.unpack("U*") }, -> { text.index("\x80", -1) }, -> { text.ord.chr }, -> { text.insert(-2, text).chop.squeeze }]
on(:port_read, PORT, on_error: :deny) do |io|
  2.times { begin; WAYS[n = (n + 1) % WAYS.size].call; rescue StandardError; end }
  raise "done"
end
