10.times do |n| Bitvisor.print("#{n} Hello") end
