//! A second channel, on which a client acknowledges by mistake what came on the first.

use super::{Client, Io, Stage, rules};
use crate::amqp::Method;
use crate::ids::{Digest, Name, Names, RuleId};
use crate::machine::Because;
use std::collections::VecDeque;

/// Its number.
pub(super) const STRAY_CHANNEL: u16 = 2;

/// The second channel; it is opened when something is to be said on it.
#[derive(Debug, Default)]
pub(super) struct Stray {
    /// Whether it is asked for, and whether it is open.
    asked: bool,
    open: bool,
    /// What is to be said on it: tags and messages.
    waiting: VecDeque<(u32, Name)>,
}

crate::clone_in_place!(Stray { asked, open, waiting });

impl Stray {
    /// It is gone, with what was to be said on it.
    pub(super) fn clear(&mut self) {
        (self.asked, self.open) = (false, false);
        self.waiting.clear();
    }

    pub(super) fn digest(&self, names: &Names, digest: &mut Digest) {
        digest.word(u64::from(self.asked) | u64::from(self.open) << 1 | (self.waiting.len() as u64) << 32);
        for (tag, about) in &self.waiting {
            digest.word(u64::from(*tag));
            names.digest(*about, digest);
        }
    }
}

impl Client {
    /// Acknowledges on the second channel.
    pub(super) fn settle_elsewhere(&mut self, tag: u32, about: Name, io: &mut Io<'_>) {
        self.stray.waiting.push_back((tag, about));
        if self.stray.open {
            self.say_strays(io);
        } else if !self.stray.asked {
            self.stray.asked = true;
            self.send(RuleId::NONE, Because::INPUT, STRAY_CHANNEL, Method::ChannelOpen, io);
        }
    }

    fn say_strays(&mut self, io: &mut Io<'_>) {
        while let Some((tag, about)) = self.stray.waiting.pop_front() {
            let ack = Method::BasicAck { tag, multiple: false, confirm: false, about };
            self.send(rules::STRAY_ACK, Because::INPUT, STRAY_CHANNEL, ack, io);
        }
    }

    /// Takes what comes on the second channel. The first one does not notice when it is closed.
    pub(super) fn on_stray(&mut self, body: &Method, io: &mut Io<'_>) {
        match body {
            Method::ChannelOpenOk if self.stray.asked && self.stage == Stage::Ready => {
                self.stray.open = true;
                self.say_strays(io);
            }
            Method::ChannelClose(_) => {
                self.stray.clear();
                self.send(rules::AGREE, Because::INPUT, STRAY_CHANNEL, Method::ChannelCloseOk, io);
            }
            _ => {}
        }
    }
}
