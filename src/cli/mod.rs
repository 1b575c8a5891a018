//! Arguments, commands, exit codes; the ports to files, clock and terminal.
