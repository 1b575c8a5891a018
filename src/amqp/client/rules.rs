//! The rules that AMQP's clients go by. Those of the broker are in the node's table.

use crate::rule_table;

rule_table! { 4, "amqp client";
    HANDSHAKE: "client.handshake", "A client greets the broker, logs in, agrees on limits, opens a virtual host and then a channel, and waits for each answer before it goes on.", "AMQP 0-9-1 specification, 2.2.4 and 4.2", "all", Exact, ["client dialled", "client sends channel.open", "client sends connection.open", "client sends connection.start-ok", "client sends connection.tune-ok", "client sends protocol header"];
    SESSION: "client.session", "On its new channel a client asks for confirms or transactions, sets its prefetch limit and subscribes, in this order; its session stands when the last answer is there.", "https://www.rabbitmq.com/docs/confirms, https://www.rabbitmq.com/docs/consumers", "all", Simplified, ["client sends basic.consume", "client sends basic.qos", "client sends confirm.select", "client sends tx.select"];
    REOPEN: "client.reopen", "The broker closed only the channel, so the client opens it again on the connection that still stands.", "R1, A21, B13", "all", Exact, ["client sends channel.open"];
    AGREE: "client.agree", "Whoever receives a close answers it with close-ok; after that nothing counts on that channel or connection.", "R1, AMQP 0-9-1 specification, 2.2.4", "all", Exact, ["client sends channel.close-ok", "client sends connection.close-ok", "client shut"];
    PUBLISH: "client.publish", "A publish goes out at once; in confirm mode the client library counts it, since the broker's answer names only its number on this channel.", "R7, https://www.rabbitmq.com/docs/confirms", "all", Exact, ["client sends basic.publish"];
    POLL: "client.poll", "A client that polls asks for one message after the other, until it has as many as it wants at once or the queue has none, and then waits until its next look.", "A24, https://www.rabbitmq.com/docs/consumers#polling", "all", Exact, ["client sends basic.get", "client timer poll"];
    STRAY_ACK: "client.second-channel.ack", "The second channel is open, and the client acknowledges on it what came on the first: the broker has no such delivery there.", "https://www.rabbitmq.com/docs/confirms", "all", Exact, ["client sends basic.ack"];
    CHANNELS: "client.channels-unordered", "What a client sends on two channels of one connection arrives in the order in which it was sent. The broker works on each channel by itself, so it may still take the later one first; here it always takes them in the order of arrival.", "C57, https://www.rabbitmq.com/docs/channels", "all", NotModelled;
    GOODBYE: "client.goodbye", "To leave in order a client closes the connection, waits for close-ok, and only then ends the TCP connection.", "AMQP 0-9-1 specification, 2.2.4", "all", Exact, ["client sends connection.close", "client shut"];
    HEARTBEAT: "client.heartbeat", "A client shows twice per heartbeat interval that it is alive.", "R20, https://www.rabbitmq.com/docs/heartbeats", "all", Exact, ["client sends heartbeat", "client timer heartbeat is due"];
    SILENCE: "client.silence", "A client that has not received a byte for two heartbeat intervals takes the connection for dead and breaks it off.", "https://www.rabbitmq.com/docs/heartbeats", "all", Exact, ["client shut", "client timer silence check"];
    SCRIPT_STEP: "script.step", "A script sends its methods in the order in which they stand.", "AMQP 0-9-1 specification, 2.1.1", "all", Exact, ["client published", "client sends *"];
    SCRIPT_WAIT: "script.wait", "A script waits as long as the step says before it goes on.", "the scenario", "all", Exact, ["client timer script step"];
    SCRIPT_ABORT: "script.abort", "The script breaks its TCP connection off: nothing is said to the broker.", "the scenario", "all", Exact, ["client shut"];
    SCRIPT_WORK: "script.work", "For a script a delivery's work is done when the script acknowledges it, unless the step says that nobody worked, or on arrival where no acknowledgement is asked for.", "the scenario", "all", Simplified, ["client received", "client work-done"];
    SCRIPT_SKIP: "script.skip", "The broker closed the channel or the connection, so the script leaves out the steps that needed it.", "R1", "all", Simplified, ["client withheld"];
    SCRIPT_BELIEF: "script.belief", "A script believes what the broker's answers say: without confirms a message counts as sent, with confirms it is unknown until the answer comes.", "R6, R7, R8", "all", Exact, ["client believes-confirmed", "client believes-refused", "client believes-sent"];
}
