# Methods that took the first of several values that each gives at once: each_with_index.sum { |b, i| }.
module Enumerable
  alias __mruby_sum sum
  alias __mruby_filter_map filter_map
  alias __mruby_tally tally
  alias __mruby_to_h to_h

  def each_entry(*arguments)
    return to_enum(:each_entry, *arguments) unless block_given?
    each(*arguments) { |*values| yield values.__svalue }
    self
  end

  # An Array gives one at a time.
  def sum(start = 0, &block)
    is_a?(Array) ? __mruby_sum(start, &block) : each_entry.__mruby_sum(start, &block)
  end

  def filter_map(&block)
    return to_enum(:filter_map) unless block
    is_a?(Array) ? __mruby_filter_map(&block) : each_entry.__mruby_filter_map(&block)
  end

  def tally
    is_a?(Array) ? __mruby_tally : each_entry.__mruby_tally
  end

  def lazy
    Enumerator::Lazy.new(is_a?(Array) ? self : each_entry)
  end

  def to_h(&block)
    return __mruby_to_h if !block || is_a?(Array)
    each_entry.__mruby_to_h(&block)
  end
end
