on(:disk_command) { |r| }
