//! Publisher confirms: what each publish waits for, and its outcome (R7).
//!
//! Not the queues that have to do their part, nor the disk.

use super::channel::{Mode, Pending};
use super::{Node, Port};
use crate::amqp::error::{self, Checked};
use crate::amqp::method::Method;
use crate::amqp::rules;
use crate::amqp::store::Waiting;
use crate::ids::{ConnId, Name, RuleId};

impl Node {
    /// Notes that a publish waits for so many queues, or that it is confirmed already.
    pub(super) fn expect_outcome(&mut self, at: (ConnId, u16), number: u32, message: Name, queues: u32) {
        if queues == 0 {
            return self.outcome(at, number, message, rules::CONFIRM_TRANSIENT);
        }
        if let Some(channel) = self.channel_mut(at) {
            channel.confirms.pending.push(number, Pending { number, queues, message });
        }
    }

    /// A publish is confirmed; the confirm is sent at the end of the call.
    pub(super) fn outcome(&mut self, at: (ConnId, u16), number: u32, message: Name, rule: RuleId) {
        let Some(channel) = self.channel_mut(at) else { return };
        channel.confirms.done.push((number, message));
        channel.confirms.rule = rule;
        self.scratch.confirmed.push(at);
    }

    /// A queue has done its part for somebody who waits; `refused` if it could not.
    pub(super) fn done_waiting(&mut self, waiting: Waiting, refused: bool, rule: RuleId) {
        let at = (waiting.conn, waiting.channel);
        let Some(channel) = self.channel_mut(at).filter(|channel| channel.serial == waiting.serial) else { return };
        if waiting.number == 0 {
            let Some(awaited) = &mut channel.awaited else { return };
            awaited.missing = awaited.missing.saturating_sub(1);
            awaited.refused |= refused;
            if awaited.missing == 0 {
                self.scratch.answered.push(at);
            }
            return;
        }
        let confirms = &mut channel.confirms;
        let Some(pending) = confirms.pending.get_mut(waiting.number) else { return };
        pending.queues -= 1;
        // One refusal decides; nobody waits for what the other queues will say (`rabbit_confirms:reject`).
        if pending.queues > 0 && !refused {
            return;
        }
        let outcome = (waiting.number, pending.message);
        if refused {
            confirms.refused.push(outcome);
        } else {
            confirms.done.push(outcome);
            confirms.rule = rule;
        }
        confirms.pending.remove(waiting.number);
        self.scratch.confirmed.push(at);
    }

    pub(super) fn confirm_select(&mut self, at: (ConnId, u16), nowait: bool, ports: &mut Port<'_>) -> Checked {
        let Some(channel) = self.channel_mut(at) else { return Ok(()) };
        if channel.mode == Mode::Tx {
            return error::precondition(rules::WRONG_MODE, "cannot switch from tx to confirm mode");
        }
        channel.mode = Mode::Confirm;
        if !nowait {
            self.answer(rules::CONFIRM_SELECTED, at, Method::ConfirmSelectOk, ports);
        }
        Ok(())
    }

    /// Sends the outcomes of this call, channel by channel (R7, C15).
    pub(super) fn send_confirms(&mut self, ports: &mut Port<'_>) {
        if self.scratch.confirmed.is_empty() {
            return;
        }
        let mut channels = std::mem::take(&mut self.scratch.confirmed);
        for at in channels.drain(..) {
            self.send_confirms_of(at, ports);
        }
        self.scratch.confirmed = channels;
    }

    /// Numbers below everything that is still open, or has the other outcome, go out as one with `multiple`; the rest
    /// one by one. A single confirm goes without `multiple`, a single refusal with it.
    fn send_confirms_of(&mut self, at: (ConnId, u16), ports: &mut Port<'_>) {
        let Some(channel) = self.channel_mut(at) else { return };
        let confirms = &mut channel.confirms;
        if let ([(tag, about)], []) = (&confirms.done[..], &confirms.refused[..]) {
            let ack = Method::BasicAck { tag: *tag, multiple: false, confirm: true, about: *about };
            let rule = confirms.rule;
            confirms.done.clear();
            self.answer(rule, at, ack, ports);
            return;
        }
        let mut done = std::mem::take(&mut confirms.done);
        let mut refused = std::mem::take(&mut confirms.refused);
        let rule = confirms.rule;
        let open = confirms.pending.first().map_or(u32::MAX, |pending| pending.number);
        done.sort_unstable();
        refused.sort_unstable();
        let first = |list: &[(u32, Name)]| list.first().map_or(u32::MAX, |(number, _)| *number);
        let (below_refused, below_done) = (open.min(first(&refused)), open.min(first(&done)));
        let ack = |(tag, about), multiple| Method::BasicAck { tag, multiple, confirm: true, about };
        let nack = |(tag, about), multiple| Method::BasicNack { tag, multiple, requeue: true, confirm: true, about };
        if let [only] = done[..] {
            self.answer(rule, at, ack(only, false), ports);
        } else {
            self.send_outcomes(at, &done, below_refused, rule, ack, ports);
        }
        self.send_outcomes(at, &refused, below_done, rules::CONFIRM_REFUSED, nack, ports);
        done.clear();
        refused.clear();
        if let Some(channel) = self.channel_mut(at) {
            channel.confirms.done = done;
            channel.confirms.refused = refused;
        }
    }

    fn send_outcomes(
        &mut self,
        at: (ConnId, u16),
        numbers: &[(u32, Name)],
        below: u32,
        rule: RuleId,
        make: impl Fn((u32, Name), bool) -> Method,
        ports: &mut Port<'_>,
    ) {
        let together = numbers.partition_point(|(number, _)| *number < below);
        if let Some(last) = numbers[..together].last() {
            self.answer(rule, at, make(*last, true), ports);
        }
        for number in &numbers[together..] {
            self.answer(rule, at, make(*number, false), ports);
        }
    }
}
