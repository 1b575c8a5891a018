//! The words for timers that only clients have; frames and heartbeats are in AMQP's own vocabulary.

use crate::verb_table;

verb_table! { 4;
    TIMER_POLL: "poll", Timer, "next poll", "It is time for {actor} to ask for messages.";
    TIMER_STEP: "script step", Timer, "next step", "{actor} has waited long enough and goes on with its script.";
}
