//! The rules of the laboratory itself: links, processes, disks, faults.

crate::rule_table! { 0, "lab";
    TCP_OPEN: "lab.tcp.open", "A connection stands for the broker when the request arrives, for the client one trip later.", "RFC 9293", "all", Simplified, ["broker opened", "client opened"];
    TCP_REFUSED: "lab.tcp.refused", "Where no process listens, the machine refuses the connection; where the machine is off, the client gives up after ten seconds.", "RFC 9293; 10 s is a common client default", "all", Simplified, ["client refused"];
    TCP_FIFO: "lab.tcp.fifo", "What is sent on a connection arrives in the order of sending.", "RFC 9293", "all", Exact, ["broker is reached", "client is reached"];
    TCP_CLOSED: "lab.tcp.closed", "Closing in order lets everything that was sent before arrive first; then the other side learns that the connection was closed.", "RFC 9293", "all", Exact, ["broker closed", "client closed"];
    TCP_RESET: "lab.tcp.reset", "A broken connection is noticed when the reset arrives; until then each side goes on as if nothing had happened.", "RFC 9293", "all", Simplified, ["broker reset", "client reset"];
    TCP_LOST: "lab.tcp.lost", "A single frame cannot vanish from a connection: it is lost because the connection died, and with it everything behind it.", "RFC 9293", "all", Exact, ["broker is not reached", "client is not reached"];
    TCP_NOBODY: "lab.tcp.nobody", "A frame that reaches a machine where nobody has the connection any more is thrown away.", "RFC 9293", "all", Exact, ["broker is not reached", "client is not reached"];
    FAULT: "lab.fault", "A fault of the scenario strikes.", "the scenario", "all", Exact, ["lab fault"];
    PROCESS_START: "lab.process.start", "A process starts.", "the scenario", "all", Exact, ["broker started", "client started"];
    PROCESS_KILL: "lab.process.kill", "A killed process loses what it held in memory. What it had handed to the operating system stays, and its connections are closed for it.", "F01.17, F05", "all", Exact, ["broker killed", "client killed", "broker vanished"];
    PROCESS_EXIT: "lab.process.exit", "A process that ends by itself loses what it held in memory.", "POSIX", "all", Exact, ["client killed"];
    PROCESS_STOP: "lab.process.stop", "A process that is asked to stop puts its things in order first.", "F04", "all", Simplified, ["client stopped"];
    PROCESS_RESTART: "lab.process.restart", "A process that starts again knows only what its disk still holds.", "F01.17, F05", "all", Exact, ["broker restarted", "client restarted"];
    PROCESS_PAUSE: "lab.process.pause", "A process that stands still answers nothing; what is sent to it waits.", "POSIX signal SIGSTOP; measured: what reaches the sockets of a stopped process is handled when it goes on", "all", Exact, ["broker paused", "broker resumed", "client paused", "client resumed"];
    POWER_LOSS: "lab.power-loss", "Without power everything is gone that was not synced to the disk, and nobody is told.", "derived from what is synced when; not measured", "all", Simplified, ["broker power-lost", "broker vanished"];
    DISK_WRITE: "lab.disk.write", "A write puts data into the operating system's page cache. It survives a kill of the process, but not a loss of power.", "POSIX write(2)", "all", Simplified, ["disk written"];
    DISK_SYNC: "lab.disk.sync", "A sync returns when everything written to the file before it is on the disk.", "POSIX fsync(2)", "all", Simplified, ["disk synced"];
    END: "lab.end", "A run ends when nothing is left that could change an outcome, when clients would only go on connecting in vain for ever, at its time limit, or at a limit of the laboratory.", "the book, page on runs", "all", Exact, ["lab end"];
    DISK_FAILED: "lab.disk.failed", "A failing disk reports an error for every write and every sync: the operation changed nothing.", "the scenario; POSIX EIO", "all", Simplified, ["disk failed"];
}
