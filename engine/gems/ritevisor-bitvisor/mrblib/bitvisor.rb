# A small module for a well-known first program:
#
#   10.times do |n| Bitvisor.print("#{n} Hello") end
module Bitvisor
  # Each print ends a line.
  def self.print(*texts)
    texts.each { |text| Log.print "#{text}\n" }
    nil
  end
end
