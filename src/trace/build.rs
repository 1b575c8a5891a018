//! Builds small logs by hand for the tests of viewers: a shop, a broker with its disk, a biller.

use super::*;
use crate::ids::{ActorId, ConnId, CopyId, EventId, FaultId, FrameId, Name, OpId, PlaceId, RuleId, VerbId};
use crate::units::Time;

pub(crate) const SHOP: ActorId = ActorId(0);
pub(crate) const BROKER: ActorId = ActorId(1);
pub(crate) const DISK: ActorId = ActorId(2);
pub(crate) const BILLER: ActorId = ActorId(3);
const LAB: ActorId = ActorId(4);

pub(crate) const BILLING: PlaceId = PlaceId(0);
pub(crate) const CACHE: PlaceId = PlaceId(1);
pub(crate) const DURABLE: PlaceId = PlaceId(2);
pub(crate) const INVOICES: PlaceId = PlaceId(3);

#[expect(unreachable_pub, reason = "the table macros make public rows")]
pub(crate) mod verbs {
    crate::verb_table! { 200;
        OPEN: "connection.open", Handshake, "open", "{from} opens its connection.";
        OPEN_OK: "connection.open-ok", Handshake, "open ok", "{from} accepts.";
        PUBLISH: "basic.publish", Publish, "publish {message}", "{from} publishes {message}[ to {exchange}][ with key {b}].";
        CONFIRM: "basic.ack", Confirm, "confirm {message}", "{from} confirms {message} to {to}.";
        DELIVER: "basic.deliver", Deliver, "deliver {message}", "{from} delivers {message} to {to}[ as number {number}].";
        ACK: "basic.ack", Settle, "ack {message}", "{from} acknowledges {message}.";
        NACK: "basic.nack", Settle, "nack {message}[ #{number}]", "{from} refuses {message}.";
        HEARTBEAT: "heartbeat", Housekeeping, "heartbeat", "{from} shows {to} that it is alive.";
        TIMEOUT: "confirm timeout", Timer, "confirm timeout", "{actor} has waited long enough for a confirm.";
    }
}
#[expect(unreachable_pub, reason = "the table macros make public rows")]
pub(crate) mod rules {
    crate::rule_table! { 200, "test";
        AFTER_FSYNC: "amqp.confirm.after-fsync", "A persistent message is confirmed after the fsync that covers it.", "F02.1", "3.10", Exact;
    }
}
pub(crate) const VERBS: VerbBook = VerbBook(&[verbs::TABLE]);
pub(crate) const RULES: crate::rules::RuleBook = crate::rules::RuleBook(&[rules::TABLE]);

/// A log that grows.
pub(crate) struct Build {
    pub(crate) log: Log,
    now: Time,
    cause: EventId,
    ops: u32,
}

impl Build {
    pub(crate) fn new() -> Build {
        Build::named("shop", "biller")
    }

    pub(crate) fn named(shop: &str, biller: &str) -> Build {
        let actor = |name: &str, kind, of| Actor { name: name.into(), kind, of };
        let mut log = Log::new(Header { title: "by hand".into(), ..Header::default() });
        log.header.actors = vec![
            actor(shop, ActorKind::Producer, None),
            actor("broker", ActorKind::Node, None),
            actor("disk", ActorKind::Disk, Some(BROKER)),
            actor(biller, ActorKind::Consumer, None),
            actor("lab", ActorKind::Lab, None),
        ];
        log.header.faults = vec![FaultText {
            name: "cut-2".into(),
            says: "cuts the connection between shop and broker while the second confirm is on its way".into(),
            noticed: String::new(),
            by_chance: false,
        }];
        log.header.destinations =
            vec![Destination { from: "billing".into(), consumer: BILLER, table: Some("invoices".into()), adds: false }];
        let mut build = Build { log, now: Time::ZERO, cause: EventId::NONE, ops: 0 };
        let (queue, table) = (build.name("billing"), build.name("invoices"));
        let place = |kind, actor, name| Place { kind, actor, name, holder: ActorId::NONE };
        build.log.places = vec![
            place(PlaceKind::Queue, BROKER, queue),
            place(PlaceKind::PageCache, DISK, queue),
            place(PlaceKind::Durable, DISK, queue),
            place(PlaceKind::Table, BILLER, table),
        ];
        build
    }

    pub(crate) fn name(&mut self, text: &str) -> Name {
        self.log.names.intern(text)
    }

    /// Time goes on to this many microseconds.
    pub(crate) fn at(&mut self, micros: u64) -> &mut Self {
        self.now = Time(micros * 1_000);
        self
    }

    /// The cause of the next events.
    pub(crate) fn because(&mut self, cause: EventId) -> &mut Self {
        self.cause = cause;
        self
    }

    pub(crate) fn push(&mut self, actor: ActorId, kind: Kind, number: u32, deltas: &[Delta]) -> EventId {
        let id = EventId(self.log.events().len() as u32);
        let (rule, need) = (RuleId::NONE, EventId::NONE);
        let rule = if matches!(kind, Kind::Disk { what: DiskStep::Sync, .. }) { rules::AFTER_FSYNC } else { rule };
        self.log.push(Event { time: self.now, kind, cause: self.cause, need, number, rule, actor }, deltas);
        id
    }

    pub(crate) fn send(
        &mut self,
        verb: VerbId,
        from: ActorId,
        to: ActorId,
        message: &str,
        flags: FrameFlags,
    ) -> FrameId {
        let message = if message.is_empty() { Name::NONE } else { self.name(message) };
        let (a, b) = (self.name("orders"), self.name("created"));
        let conn = ConnId(if from == BILLER || to == BILLER { 1 } else { 0 });
        let id = FrameId(self.log.frames.len() as u32);
        let number = u32::MAX;
        self.log.frames.push(Frame { conn, from, to, verb, channel: 1, flags, number, size: 100, message, a, b });
        self.push(from, Kind::Sent(id), 0, &[]);
        id
    }

    pub(crate) fn arrive(&mut self, f: FrameId) -> EventId {
        self.push(self.log.frames[f.at()].to, Kind::Arrived(f), 0, &[])
    }

    pub(crate) fn lose(&mut self, f: FrameId) -> EventId {
        self.push(self.log.frames[f.at()].to, Kind::Lost(f), 0, &[])
    }

    pub(crate) fn note(&mut self, actor: ActorId, what: What, place: PlaceId, message: &str, number: u32) -> EventId {
        let message = self.name(message);
        self.push(actor, Kind::Note { what, place, message }, number, &[])
    }

    /// A copy appears with a note.
    pub(crate) fn store(&mut self, message: &str) -> EventId {
        let name = self.name(message);
        let put = self.put(BILLING, name);
        let kind = Kind::Note { what: What::Stored, place: BILLING, message: name };
        self.push(BROKER, kind, 0, &[put])
    }

    fn put(&self, place: PlaceId, message: Name) -> Delta {
        let copy = CopyId(self.log.events().len() as u32);
        Delta::Put { place, copy, message, order: u64::from(copy.0).into(), flags: Flags::default() }
    }

    pub(crate) fn write(&mut self) -> OpId {
        self.ops += 1;
        let op = OpId(self.ops - 1);
        self.push(DISK, Kind::Disk { what: DiskStep::Write, op }, 1, &[]);
        op
    }

    pub(crate) fn written(&mut self, op: OpId, message: &str) {
        let name = self.name(message);
        let put = self.put(CACHE, name);
        self.push(DISK, Kind::Disk { what: DiskStep::Written, op }, 1, &[put]);
    }

    pub(crate) fn sync(&mut self) -> OpId {
        self.ops += 1;
        let op = OpId(self.ops - 1);
        self.push(DISK, Kind::Disk { what: DiskStep::Sync, op }, 1, &[]);
        op
    }

    pub(crate) fn synced(&mut self, op: OpId, message: &str) {
        let name = self.name(message);
        let put = self.put(DURABLE, name);
        self.push(DISK, Kind::Disk { what: DiskStep::Synced, op }, 1, &[Delta::Clear { place: CACHE }, put]);
    }

    pub(crate) fn process(&mut self, what: Process, clears: &[PlaceId]) -> EventId {
        let deltas: Vec<Delta> = clears.iter().map(|p| Delta::Clear { place: *p }).collect();
        self.push(BROKER, Kind::Process(what), 0, &deltas)
    }

    pub(crate) fn fault(&mut self) -> EventId {
        self.push(LAB, Kind::Fault(FaultId(0)), 0, &[])
    }

    pub(crate) fn end(&mut self) {
        self.push(LAB, Kind::End(Outcome::Quiescent), 0, &[]);
    }

    pub(crate) fn link(&mut self, actor: ActorId, conn: u32, what: Link) -> EventId {
        self.push(actor, Kind::Link { conn: ConnId(conn), what }, 0, &[])
    }

    pub(crate) fn connect(&mut self, client: ActorId, start: u64) {
        let conn = if client == BILLER { 1 } else { 0 };
        self.at(start).link(client, conn, Link::Dialled);
        self.at(start + 1_000).link(BROKER, conn, Link::Opened);
        self.at(start + 2_000).link(client, conn, Link::Opened);
        let f = self.send(verbs::OPEN, client, BROKER, "", FrameFlags::default());
        self.at(start + 3_000).arrive(f);
        let f = self.send(verbs::OPEN_OK, BROKER, client, "", FrameFlags::default());
        self.at(start + 4_000).arrive(f);
    }

    /// The consumer takes a delivery that has just arrived, and acknowledges it.
    pub(crate) fn work(&mut self, message: &str, now: u64, completion: u32) {
        self.note(BILLER, What::Received, PlaceId::NONE, message, 0);
        self.note(BILLER, What::WorkBegan, PlaceId::NONE, message, 0);
        self.at(now + 5_000);
        self.note(BILLER, What::WorkDone, INVOICES, message, completion);
        self.note(BILLER, What::RowInserted, INVOICES, message, 0);
        let f = self.send(verbs::ACK, BILLER, BROKER, message, FrameFlags::default());
        self.at(now + 6_000);
        let arrival = self.arrive(f);
        self.because(arrival).note(BROKER, What::Settled, BILLING, message, 0);
        self.because(EventId::NONE);
    }
}

/// A message published, stored, confirmed, delivered and acknowledged, twice; the first in full overlap.
pub(crate) fn plain(shop: &str, biller: &str, prefix: &str) -> Log {
    let mut b = Build::named(shop, biller);
    b.connect(SHOP, 0);
    b.connect(BILLER, 100);
    one_order(&mut b, &format!("{prefix}1"), 10_000);
    one_order(&mut b, &format!("{prefix}2"), 30_000);
    b.at(50_000).end();
    b.log
}

pub(crate) fn one_order(b: &mut Build, id: &str, t: u64) {
    b.at(t).note(SHOP, What::Published, PlaceId::NONE, id, 1);
    let f = b.send(verbs::PUBLISH, SHOP, BROKER, id, FrameFlags::PERSISTENT);
    b.at(t + 1_000).arrive(f);
    b.store(id);
    let deliver = b.send(verbs::DELIVER, BROKER, BILLER, id, FrameFlags::default());
    let op = b.write();
    b.at(t + 1_020).written(op, id);
    let op = b.sync();
    b.at(t + 2_000);
    let arrival = b.arrive(deliver);
    b.because(arrival);
    b.note(BILLER, What::Received, PlaceId::NONE, id, 0);
    b.note(BILLER, What::WorkBegan, PlaceId::NONE, id, 0);
    b.because(EventId::NONE).at(t + 5_020).synced(op, id);
    let confirm = b.send(verbs::CONFIRM, BROKER, SHOP, id, FrameFlags::default());
    b.at(t + 6_020);
    let arrival = b.arrive(confirm);
    b.because(arrival).note(SHOP, What::BelievesConfirmed, PlaceId::NONE, id, 0);
    b.because(EventId::NONE).at(t + 7_000);
    b.note(BILLER, What::WorkDone, INVOICES, id, 1);
    b.note(BILLER, What::RowInserted, INVOICES, id, 0);
    let ack = b.send(verbs::ACK, BILLER, BROKER, id, FrameFlags::default());
    b.at(t + 8_000);
    let arrival = b.arrive(ack);
    b.because(arrival).note(BROKER, What::Settled, BILLING, id, 0);
    b.because(EventId::NONE);
}

/// A confirm is lost with its connection; the shop sends again, and the biller works twice.
pub(crate) fn lost_confirm() -> Log {
    let mut b = Build::new();
    b.connect(SHOP, 0);
    b.at(10_000).note(SHOP, What::Published, PlaceId::NONE, "order-2", 1);
    let f = b.send(verbs::PUBLISH, SHOP, BROKER, "order-2", FrameFlags::PERSISTENT);
    b.at(11_000).arrive(f);
    b.store("order-2");
    let op = b.write();
    b.at(11_020).written(op, "order-2");
    let op = b.sync();
    b.at(15_000).synced(op, "order-2");
    let confirm = b.send(verbs::CONFIRM, BROKER, SHOP, "order-2", FrameFlags::default());
    b.fault();
    b.lose(confirm);
    b.at(16_000).link(SHOP, 0, Link::Reset);
    b.note(SHOP, What::BelievesUnknown, PlaceId::NONE, "order-2", 0);
    let deliver = b.send(verbs::DELIVER, BROKER, BILLER, "order-2", FrameFlags::default());
    b.at(17_000).arrive(deliver);
    b.work("order-2", 17_000, 1);
    b.connect(SHOP, 66_000);
    b.at(70_000).note(SHOP, What::Published, PlaceId::NONE, "order-2", 2);
    let f = b.send(verbs::PUBLISH, SHOP, BROKER, "order-2", FrameFlags::PERSISTENT);
    b.at(71_000).arrive(f);
    b.store("order-2");
    let deliver = b.send(verbs::DELIVER, BROKER, BILLER, "order-2", FrameFlags::REDELIVERED);
    b.at(72_000).arrive(deliver);
    b.work("order-2", 72_000, 2);
    b.at(90_000).end();
    b.log
}

/// Power is lost between the write and the fsync of the second order.
pub(crate) fn power_loss() -> Log {
    let mut b = Build::new();
    for (n, id) in ["order-1", "order-3"].into_iter().enumerate() {
        let t = 10_000 * (n as u64 + 1);
        b.at(t).note(SHOP, What::Published, PlaceId::NONE, id, 1);
        let f = b.send(verbs::PUBLISH, SHOP, BROKER, id, FrameFlags::PERSISTENT);
        b.at(t + 1_000).arrive(f);
        b.store(id);
        let op = b.write();
        b.at(t + 1_500).written(op, id);
        let op = b.sync();
        if n == 0 {
            b.at(t + 2_000).synced(op, id);
        }
    }
    let crash = b.at(22_000).process(Process::PowerLost, &[BILLING, CACHE]);
    b.because(crash).note(BROKER, What::Vanished, BILLING, "order-3", 0);
    let timer = b.because(EventId::NONE).at(200_000).push(SHOP, Kind::Timer(verbs::TIMEOUT), 0, &[]);
    b.because(timer).note(SHOP, What::BelievesUnknown, PlaceId::NONE, "order-3", 0);
    let restart = b.because(EventId::NONE).at(500_000).process(Process::Restarted, &[]);
    b.because(restart).note(BROKER, What::Recovered, BILLING, "order-1", 0);
    b.because(EventId::NONE).at(600_000).end();
    b.log
}
