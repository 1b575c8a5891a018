//! Wires nodes, clients, links, disks and faults to one engine; turns outputs into events.
