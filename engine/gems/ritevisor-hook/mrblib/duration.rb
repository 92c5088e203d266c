# Durations are Integers, in microseconds: every(5.seconds), budget: 500.microseconds.
class Integer
  def microseconds
    self
  end

  def milliseconds
    self * 1_000
  end

  def seconds
    self * 1_000_000
  end

  def minutes
    self * 60_000_000
  end

  alias microsecond microseconds
  alias millisecond milliseconds
  alias second seconds
  alias minute minutes
end

class Float
  def milliseconds
    (self * 1_000).round
  end

  def seconds
    (self * 1_000_000).round
  end

  def minutes
    (self * 60_000_000).round
  end

  alias millisecond milliseconds
  alias second seconds
  alias minute minutes
end
