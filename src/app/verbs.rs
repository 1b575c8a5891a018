//! What the applications' timers are called, as a table.

crate::verb_table! { 1;
    NEXT_PUBLISH: "next publish", Timer, "next publish", "It is time for {actor} to publish its next message.";
    CONFIRM_TIMEOUT: "confirm timeout", Timer, "confirm timeout", "{actor} has waited for an answer as long as it was told to.";
    ANSWER_TIMEOUT: "answer timeout", Timer, "answer timeout", "{actor} has waited for the answer to its question as long as it was told to.";
    BACKOFF: "backoff", Timer, "backoff is over", "{actor} has waited long enough to publish again.";
    WORK: "work", Timer, "work ends", "The work of {actor} comes to its end.";
    RECONNECT: "reconnect", Timer, "reconnect", "It is time for {actor} to connect again.";
    RELAY: "relay", Timer, "relay looks", "It is time for the relay of {actor} to look into the outbox.";
    SECOND_STEP: "second step", Timer, "second step", "{actor} comes to the second of its two steps.";
    BATCH_FLUSH: "batch flush", Timer, "batch flush", "{actor} acknowledges what it has completed, though the batch is not full.";
}
