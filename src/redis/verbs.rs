//! What the commands, the replies and the timers are called, and how they read.

crate::verb_table!(3;
    LPUSH: "lpush", Publish, "LPUSH {a} {message}", "{from} pushes {message} onto the head of list {a}.";
    RPUSH: "rpush", Publish, "RPUSH {a} {message}", "{from} pushes {message} onto the tail of list {a}, where it is popped next.";
    BRPOP: "brpop", Ask, "BRPOP {a}", "{from} asks for the element at the tail of list {a}, and waits if there is none.";
    LMOVE: "lmove", Ask, "LMOVE {a} {b}", "{from} asks for the element at the tail of list {a}, to be kept at the head of list {b}.";
    BLMOVE: "blmove", Ask, "BLMOVE {a} {b}", "{from} asks for the element at the tail of list {a}, to be kept at the head of list {b}, and waits if there is none.";
    LREM: "lrem", Settle, "LREM {a} {message}", "{from} has finished with {message} and removes it from list {a}.";
    LLEN: "llen", Ask, "LLEN {a}", "{from} asks how long list {a} is.";
    INTEGER: "integer", Confirm, "{number}[ for {message}]", "{from} answers {number}[ to the command about {message}].";
    BULK: "bulk", Deliver, "{message}", "{from} hands {message} to {to}[, popped from list {a}].";
    NIL: "nil", Deliver, "nil", "{from} answers that there was no element.";
    ERROR: "error", Error, "error {a}", "{from} answers with an error: {a}.";
    BLOCK_TIMEOUT: "block-timeout", Timer, "timeout", "A command that {actor} kept waiting has waited long enough.";
    FSYNC_TIMER: "fsync-timer", Timer, "fsync due", "It is time for {actor}'s append-only file to be synced.";
    POSTPONE_TIMER: "postpone-timer", Timer, "waited for fsync", "{actor} has waited two seconds for a slow fsync and writes without it.";
    RETRY_TIMER: "retry-timer", Timer, "write again", "{actor} tries the failed write again.";
);
