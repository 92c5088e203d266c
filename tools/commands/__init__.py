"""The subcommands of ./ritevisor, one module each: add(commands) declares them."""
