# Declares a setting, which the boot line may have.
puts "ports #{setting(:ports, 1)}"
