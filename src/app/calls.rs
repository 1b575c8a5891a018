//! Questions: a producer that waits for the answer to each message, in a queue of its own.

use super::producer::Producer;
use super::{EffectKind, Io, ProducerSpec, Reliability, Tables, rules};
use crate::ids::Name;
use crate::machine::{Ask, Because, Delivery, Message, Settle};
use crate::trace::{Belief, PlaceKind, What};

impl Producer {
    /// An answer came: it is taken, or nobody waits for it any more.
    pub(super) fn reply_came(
        &mut self,
        spec: &ProducerSpec,
        delivery: Delivery,
        message: &Message,
        from: Name,
        io: &mut Io<'_>,
        tables: &mut Tables,
    ) {
        let Reliability::Replies { check, table, .. } = spec.reliability else { return };
        let place = io.place(PlaceKind::Inbox, from);
        let got = io.out.note(rules::ANSWER_CAME, Because::INPUT, What::Received, place, message.id, delivery.0);
        let open = self.open.front().copied();
        let fits = open.map(|open| {
            let plan = &spec.plans[usize::from(open.flight.plan)];
            plan.correlation.as_ref().is_some_and(|c| c.name(open.flight.n, io.names) == message.correlation)
        });
        match (open, fits) {
            (Some(open), Some(fits)) if fits || !check => {
                self.take_open(open.ticket);
                let rule = if fits { rules::ANSWERED } else { rules::WRONG_ANSWER };
                let done = io.out.note(rule, got, What::WorkDone, place, message.id, 1);
                let question = spec.plans[usize::from(open.flight.plan)].id.name(open.flight.n, io.names);
                let kind = EffectKind::Insert;
                let (_, row) = tables.write(table, kind, rules::ANSWER_ROW, (question, message.id), done, io);
                let because = self.conclude(spec, open.flight, Belief::Confirmed, rule, row, io);
                self.publish_due(spec, because, io);
            }
            (Some(_), _) => {
                _ = io.out.note(rules::OTHER_ANSWER, got, What::NotTheAnswer, place, message.id, delivery.0);
            }
            (None, _) => _ = io.out.note(rules::LATE_ANSWER, got, What::NotAwaited, place, message.id, delivery.0),
        }
        // A client that fetches may fetch the next one; where answers are handed out this says nothing.
        if self.link.up() {
            io.out.ask(crate::ids::RuleId::NONE, got, Ask::Settle(delivery, message.id, Settle::Done));
        }
    }
}
