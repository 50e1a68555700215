"""The subcommands of `ganying`, one file each."""
