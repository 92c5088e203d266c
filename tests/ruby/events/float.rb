puts 0.1 + 0.2, 1.0 / 3, 1e23, 5e-324, 2.5e-5, 100.0, 1e15, 1e16
puts Math.sqrt(2), Math.sin(1), Math.exp(1), 10 ** 30, "3.14159".to_f
puts "%.17g %.3f %e" % [0.1, 2.0 / 3, 12345.678]
puts 3.7.floor, -3.7.truncate, 1e10.to_i, Float::MAX
