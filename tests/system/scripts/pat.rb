# Puts itself on the way of the PAT, and lets it pass.
on(:msr_write, 0x277) {}
