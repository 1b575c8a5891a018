//! What users write: producers and consumers as machines of policy over the client port. When to send, to wait, to
//! send again; when to work, to settle, to forget what is known already; and the tables that their work writes to.
//!
//! Not a client library: connections, channels, tags and polls are the business of the system's client below the port.
//! Nothing here knows which system that is.

mod spec;
mod template;

pub use spec::{
    AckPolicy, Backoff, ConsumerSpec, Effect, EffectKind, Fail, Plan, ProducerSpec, Reconnect, Reliability, Retry,
    Spec, Then, Timing, Which,
};
pub use template::{Derived, Template, TemplateError};
