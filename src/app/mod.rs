//! What users write, as machines of policy over the client port. Knows no system.
