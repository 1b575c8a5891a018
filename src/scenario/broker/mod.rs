//! The `broker` block: one file or folder a system, registered here in a line each.
//!
//! Not what any one system declares, checks or is lowered to; that is in its file, behind `System`.

pub mod rabbitmq;
pub mod redis;
mod steps;

use super::diagnostics::{Code, Diagnostic, Extent, Sink, Spanned};
use super::fields::word;
use super::lower::LowerError;
use super::schema::{Consumer, Scenario, Script};
use super::tree::{self, Node};
use crate::ids::{Name, Names};
use crate::machine::Value;
use crate::systems;
use crate::trace::{Class, VerbTable};

/// A change to a setting of a broker that somebody may want to try.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setting {
    /// A short word for it: `durable`.
    pub word: String,
    /// What it is a setting of: the node, or something declared in it.
    pub of: String,
    /// What it does, in a sentence with placeholders.
    pub says: &'static str,
    /// What the placeholders stand for.
    pub fields: Vec<(&'static str, String)>,
    /// The path of what is set.
    pub path: String,
    /// The value, as it is written.
    pub value: String,
}

/// What the language asks of a system's block.
pub(super) trait System {
    /// The word for the system: `rabbitmq`.
    fn word(&self) -> &'static str;
    /// The name of its node; `broker` if the scenario gives none.
    fn name(&self) -> &Spanned<String>;
    /// The methods of its protocol.
    fn vocabulary(&self) -> VerbTable;

    /// What is declared in it: what each is, and its name.
    fn named(&self) -> Vec<(&'static str, &Spanned<String>)> {
        Vec::new()
    }
    /// What messages can lie in: declared, or coming up while the run goes on.
    fn queues(&self, scenario: &Scenario) -> Vec<Spanned<String>>;
    /// Reports names of what is declared in it that stand twice or that nothing has.
    fn check(&self, scenario: &Scenario, sink: &mut Sink);
    /// Reports what is wrong with a script.
    fn check_script(&self, script: &Script, sink: &mut Sink) {
        let title = format!("there are no scripts for {}", self.word());
        let bad = Diagnostic::new(Code::Conflict, title, script.name.at, "a script");
        sink.push(bad.help("write producers and consumers instead"));
    }

    /// Changes to its settings that one may want to try.
    fn settings(&self) -> Vec<Setting> {
        Vec::new()
    }
    /// Whether it knows persistent and mandatory messages, and a limit on deliveries that it sends of its own accord.
    fn heeds_properties(&self) -> bool {
        false
    }

    /// Whether it knows users, virtual hosts, alarms and what an operator does.
    fn has_access(&self) -> bool {
        false
    }

    /// What its node runs.
    fn config(&self, names: &mut Names) -> systems::NodeConfig;
    /// What a script performs.
    fn script(&self, script: &Script, _: &mut Names) -> Result<systems::Script, LowerError> {
        Err(LowerError { at: script.name.at, says: format!("there are no scripts for {}", self.word()) })
    }
    /// What the system calls a subscription besides what all systems share.
    fn subscription(&self, consumer: &Consumer, options: &mut Vec<(Name, Value)>, names: &mut Names);
    /// The queue in which a consumer keeps what it works on, where it has one of its own.
    fn own_list(&self, _: &Consumer) -> Option<String> {
        None
    }
    /// How many deliveries may be open.
    fn prefetch(&self, consumer: &Consumer) -> u32 {
        consumer.prefetch
    }
}

macro_rules! brokers {
    ($($word:literal: $folder:ident::$system:ident;)*) => {
        /// The broker of a scenario.
        #[derive(Clone, PartialEq, Debug)]
        pub enum Broker { $(#[doc = concat!("`", $word, "`")] $system($folder::$system)),* }

        impl Broker {
            /// What the language asks of it.
            pub(super) fn system(&self) -> &dyn System {
                match self { $(Broker::$system(system) => system),* }
            }
        }

        /// Decodes a broker.
        pub(super) fn decode(node: &Node, sink: &mut Sink) -> Option<Broker> {
            let found = word(node, "a broker", &[$($word),*], sink)?;
            match found {
                $($word => Some(Broker::$system($folder::decode(node, sink))),)*
                _ => None,
            }
        }
    };
}

brokers! {
    "rabbitmq": rabbitmq::Rabbitmq;
    "redis": redis::Redis;
}

impl Broker {
    /// What stands in for a broker that is missing or unknown: nothing can be checked against it.
    pub(super) fn unread(at: Extent) -> Broker {
        let node = Node { at, value: tree::Value::Bool(false) };
        let mut unread = rabbitmq::decode(&node, &mut Sink::default());
        unread.name = Spanned::unread(at);
        Broker::Rabbitmq(unread)
    }
    /// The name of its node; `broker` if the scenario gives none.
    pub fn name(&self) -> &Spanned<String> {
        self.system().name()
    }
    /// Changes to its settings that one may want to try.
    pub fn settings(&self) -> Vec<Setting> {
        self.system().settings()
    }
    /// Whether it knows persistent and mandatory messages, and a limit on deliveries that it sends of its own accord.
    pub fn heeds_properties(&self) -> bool {
        self.system().heeds_properties()
    }
    /// The names of its protocol's methods.
    pub(super) fn methods(&self) -> impl Iterator<Item = &'static str> {
        let verbs = self.system().vocabulary().verbs.iter();
        verbs.filter(|verb| verb.class != Class::Timer).map(|verb| verb.name)
    }
}
