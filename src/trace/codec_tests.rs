//! Tests of the file format: exact both ways, and calm about damage.

use super::*;
use crate::ids::{ActorId, ConnId, CopyId, EventId, FaultId, FrameId, Name, OpId, PlaceId, RuleId, VerbId};
use crate::rules::RuleBook;
use crate::units::Time;
use proptest::prelude::*;

#[expect(unreachable_pub, reason = "the table macro makes public constants")]
mod rules {
    crate::rule_table! { 9, "test";
        FIRST: "test.first", "First.", "-", "all", Exact;
        SECOND: "test.second", "Second.", "-", "all", Exact;
    }
}

#[expect(unreachable_pub, reason = "the table macro makes public constants")]
mod verbs {
    crate::verb_table! { 9;
        PUBLISH: "basic.publish", Publish, "publish {message}", "{from} publishes {message}.";
        TWIN: "basic.publish", Publish, "publish {message}", "{from} publishes {message}.";
        ACK: "basic.ack", Confirm, "ack {number}", "{from} acknowledges {number}.";
    }
}

const RULES: RuleBook = RuleBook(&[rules::TABLE]);
const VERBS: VerbBook = VerbBook(&[verbs::TABLE]);

fn text(log: &Log) -> String {
    encode(log, RULES, VERBS)
}

fn back(text: &str) -> Result<Log, DecodeError> {
    decode(text, &ReadLimits::default(), RULES, VERBS)
}

fn header() -> Header {
    let actor = |name: &str, kind| Actor { name: name.to_owned(), kind, of: None };
    Header {
        title: "Ein Brief \"geht\" verloren\n".to_owned(),
        seed: u64::MAX,
        scenario: "00".to_owned(),
        actors: vec![
            actor("shop", ActorKind::Producer),
            actor("broker", ActorKind::Node),
            Actor { name: "disk".to_owned(), kind: ActorKind::Disk, of: Some(ActorId(1)) },
            actor("shop", ActorKind::Consumer),
            actor("#2", ActorKind::Lab),
        ],
        destinations: vec![Destination { from: "billing".to_owned(), consumer: ActorId(3), table: None, adds: false }],
        faults: vec![FaultText {
            name: "cut 2".to_owned(),
            says: "…".to_owned(),
            noticed: "nobody".to_owned(),
            by_chance: true,
        }],
        ..Header::default()
    }
}

fn small() -> Log {
    let mut log = Log::new(header());
    let order = log.names.intern("order-2");
    let billing = log.names.intern("billing");
    let none = Name::NONE;
    log.places.push(Place { kind: PlaceKind::Queue, actor: ActorId(1), name: billing, holder: ActorId(3) });
    log.frames.push(Frame {
        conn: ConnId(0),
        from: ActorId(0),
        to: ActorId(1),
        verb: verbs::PUBLISH,
        channel: 1,
        flags: FrameFlags::PERSISTENT,
        number: u32::MAX,
        size: 120,
        message: order,
        a: none,
        b: none,
    });
    let event = |kind, cause, actor| Event {
        time: Time(42),
        kind,
        cause,
        need: EventId::NONE,
        number: 0,
        rule: rules::SECOND,
        actor: ActorId(actor),
    };
    log.push(event(Kind::Sent(FrameId(0)), EventId::NONE, 0), &[]);
    log.push(event(Kind::Arrived(FrameId(0)), EventId(0), 1), &[]);
    let (place, copy) = (PlaceId(0), CopyId(0));
    let put = Delta::Put { place, copy, message: order, order: 7.into(), flags: Flags::PERSISTENT };
    log.push(event(Kind::Note { what: What::Stored, place, message: order }, EventId(1), 1), &[put]);
    log.push(event(Kind::End(Outcome::Quiescent), EventId::NONE, 4), &[]);
    log
}

#[test]
fn a_file_reads_like_what_happened() {
    insta::assert_snapshot!(text(&small()));
}

#[test]
fn a_small_log_comes_back() {
    let log = small();
    let written = text(&log);
    let again = back(&written).unwrap();
    assert_eq!(again, log);
    assert_eq!(text(&again), written);
}

#[test]
fn a_writer_fed_while_running_gives_the_same_bytes() {
    let log = small();
    let tables = log.tables();
    let mut writer = Writer::new(Vec::new(), &log.header, RULES, VERBS);
    for (at, event) in log.events().iter().enumerate() {
        if let Kind::Sent(frame) = event.kind {
            writer.frame(frame, &log.frames[frame.at()], &tables);
        }
        let id = EventId(at as u32);
        writer.event(id, event, log.deltas(id), &tables);
    }
    assert_eq!(String::from_utf8(writer.finish(&tables).unwrap()).unwrap(), text(&log));
}

#[test]
fn a_failing_file_is_reported_at_the_end() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("disk full"))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = small();
    let writer = Writer::new(Full, &log.header, RULES, VERBS);
    assert_eq!(writer.finish(&log.tables()).map(|_| ()).unwrap_err().to_string(), "disk full");
}

#[test]
fn every_cut_is_noticed() {
    let written = text(&small());
    for cut in (0..written.len() - 1).filter(|cut| written.is_char_boundary(*cut)) {
        assert!(back(&written[..cut]).is_err(), "cut at {cut}");
    }
    let lines: Vec<&str> = written.lines().collect();
    let without_last = lines[..lines.len() - 1].join("\n");
    assert_eq!(back(&without_last), Err(DecodeError::Truncated { line: lines.len() }));
}

#[test]
fn a_missing_line_is_noticed() {
    let written = text(&small());
    let lines: Vec<&str> = written.lines().collect();
    // A missing prefix does no harm: the texts that begin with it are there.
    for gone in (1..lines.len()).filter(|at| !lines[*at].starts_with("{\"prefix\"")) {
        let mut lines = lines.clone();
        lines.remove(gone);
        assert!(back(&lines.join("\n")).is_err(), "without line {}", gone + 1);
    }
}

fn says(text: &str) -> String {
    back(text).unwrap_err().to_string()
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    let written = text(&small());
    assert!(says("").starts_with("line 1: not a trace"));
    assert!(says("[]").starts_with("line 1: not a trace"));
    let other = written.replace("{\"mqlab-trace\":2", "{\"mqlab-trace\":7");
    assert_eq!(says(&other), "line 1: the trace has format version 7; this program reads version 2");
    let rule = written.replace("test.second", "test.third");
    assert_eq!(says(&rule), "line 3: the rule \"test.third\" is in no table of this program");
    let verb = written.replace("\"verb\":\"basic.publish\"", "\"verb\":\"basic.pubish\"");
    assert!(says(&verb).ends_with("the verb \"basic.pubish\" is in no vocabulary of this program"));
    let actor = written.replace("\"to\":\"broker\"", "\"to\":\"brokr\"");
    assert!(says(&actor).ends_with("the actor \"brokr\" is not in the header"));
    let field = written.replace("\"note\":", "\"nota\":");
    assert!(says(&field).contains("unknown field `nota`, expected one of"), "{}", says(&field));
    let late = written.replace("\"cause\":0", "\"cause\":1");
    assert!(says(&late).ends_with("which is not earlier"));
}

#[test]
fn limits_are_the_callers() {
    let written = text(&small());
    let with = |limits| decode(&written, &limits, RULES, VERBS).map(|_| ()).unwrap_err().to_string();
    let all = ReadLimits::default();
    assert_eq!(with(ReadLimits { line: 50, ..all }), "line 1: the limit of 50 bytes in a line is exceeded");
    assert_eq!(with(ReadLimits { lines: 3, ..all }), "line 4: the limit of 3 lines is exceeded");
    assert!(with(ReadLimits { bytes: 600, ..all }).ends_with("the limit of 600 bytes is exceeded"));
}

/// Names, actors and places that a random log draws from.
const TEXTS: [&str; 6] = ["order-1", "order-2", "", "a007", "ключ\u{7}", "billing"];

fn name(log: &mut Log, n: u8) -> Name {
    let n = usize::from(n) % (TEXTS.len() + 1);
    TEXTS.get(n).map_or(Name::NONE, |text| log.names.intern(text))
}

fn actor(n: u8) -> ActorId {
    if n.is_multiple_of(6) { ActorId::NONE } else { ActorId(u16::from(n % 5)) }
}

fn some<T>(n: u8, id: impl Fn(u32) -> T, none: T) -> T {
    if n.is_multiple_of(7) { none } else { id(u32::from(n)) }
}

/// Makes whatever the bytes say, within what a log may hold.
fn random_log(bytes: &[[u8; 12]]) -> Log {
    let mut log = Log::new(header());
    for b in bytes {
        match b[0] % 10 {
            0 => {
                let name = name(&mut log, b[1]);
                let kind = PlaceKind::ALL[usize::from(b[2]) % PlaceKind::ALL.len()];
                log.places.push(Place { kind, name, actor: actor(b[3]), holder: actor(b[4]) });
            }
            1 | 2 => random_frame(&mut log, b),
            _ => random_event(&mut log, b),
        }
    }
    log
}

fn random_frame(log: &mut Log, b: &[u8; 12]) {
    let (message, a, b_) = (name(log, b[1]), name(log, b[2]), name(log, b[3]));
    log.frames.push(Frame {
        conn: some(b[4], ConnId, ConnId::NONE),
        from: actor(b[5]),
        to: actor(b[6]),
        verb: [verbs::PUBLISH, verbs::TWIN, verbs::ACK, VerbId::NONE, VerbId(77)][usize::from(b[7]) % 5],
        channel: u16::from(b[8] % 2),
        flags: FrameFlags(u16::from_le_bytes([b[9], b[10]])),
        number: some(b[11], |n| n, u32::MAX),
        size: u32::from(b[4]),
        message,
        a,
        b: b_,
    });
}

fn random_event(log: &mut Log, b: &[u8; 12]) {
    let frames = log.frames.len() as u32;
    let place = |n: u8, log: &Log| {
        let places = log.places.len() as u32;
        if places == 0 || n.is_multiple_of(5) { PlaceId::NONE } else { PlaceId(u32::from(n) % places) }
    };
    let what = What::ALL[usize::from(b[2]) % What::ALL.len()];
    let note = Kind::Note { what, place: place(b[3], log), message: name(log, b[4]) };
    let frame = FrameId(u32::from(b[2]) % frames.max(1));
    let kind = match b[1] % 12 {
        0 if frames > 0 => Kind::Sent(frame),
        1 if frames > 0 => Kind::Arrived(frame),
        2 if frames > 0 => Kind::Lost(frame),
        3 if frames > 0 => Kind::Ignored(frame),
        4 => {
            Kind::Link { conn: some(b[3], ConnId, ConnId::NONE), what: Link::ALL[usize::from(b[2]) % Link::ALL.len()] }
        }
        5 => Kind::Process(Process::ALL[usize::from(b[2]) % Process::ALL.len()]),
        6 => Kind::Timer([verbs::ACK, verbs::TWIN, VerbId::NONE][usize::from(b[2]) % 3]),
        7 => Kind::Disk {
            what: DiskStep::ALL[usize::from(b[2]) % DiskStep::ALL.len()],
            op: some(b[3], OpId, OpId::NONE),
        },
        8 if b[2].is_multiple_of(2) => Kind::Fault(FaultId(0)),
        8 => Kind::Over(FaultId(0)),
        9 => Kind::End(Outcome::ALL[usize::from(b[2]) % Outcome::ALL.len()]),
        _ => note,
    };
    let earlier = |n: u8, log: &Log| {
        let now = log.events().len() as u32;
        if now == 0 || n.is_multiple_of(5) { EventId::NONE } else { EventId(u32::from(n) % now) }
    };
    let event = Event {
        time: Time(u64::from(b[5]) << 30),
        kind,
        cause: earlier(b[6], log),
        need: earlier(b[7], log),
        number: u32::from(b[8] % 3),
        rule: [rules::FIRST, rules::SECOND, RuleId::NONE, RuleId(5)][usize::from(b[9]) % 4],
        actor: actor(b[10]),
    };
    let (near, far) = (place(b[3], log), place(b[4], log));
    let (message, flags, copy) = (name(log, b[6]), Flags(b[7]), CopyId(u32::from(b[8])));
    let order = Order::from(u64::from(b[9]) << (b[2] % 50));
    let all = [
        Delta::Put { place: near, copy, message, order, flags },
        Delta::Move { copy, from: near, to: far, order, flags },
        Delta::Remove { copy, place: near },
        Delta::Clear { place: far },
        Delta::Set { actor: actor(b[2]), gauge: message, value: i64::MIN + i64::from(b[1]) },
        Delta::Believe { actor: actor(b[2]), message, belief: Belief::Unknown },
    ];
    let from = usize::from(b[11]) % all.len();
    log.push(event, &all[from..(from + usize::from(b[11] % 3)).min(all.len())]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_log_comes_back_exactly(bytes in prop::collection::vec(any::<[u8; 12]>(), 0..40)) {
        let log = random_log(&bytes);
        let written = text(&log);
        let again = match back(&written) {
            Ok(again) => again,
            Err(error) => panic!("{error}\n{written}"),
        };
        prop_assert_eq!(text(&again), written);
        prop_assert_eq!(again, log);
    }

    #[test]
    fn damage_gives_an_error_or_a_log_and_never_a_panic(
        bytes in prop::collection::vec(any::<[u8; 12]>(), 0..12),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..4),
    ) {
        let mut written = text(&random_log(&bytes)).into_bytes();
        for (at, byte, how) in damage {
            let at = at.index(written.len());
            match how {
                0 => written[at] = byte,
                1 => written.insert(at, byte),
                _ => _ = written.remove(at),
            }
        }
        if let Ok(log) = read(&written[..], &ReadLimits::default(), RULES, VERBS) {
            // What was accepted can be used.
            let _ = log.state_after(usize::MAX);
            let again = text(&log);
            prop_assert_eq!(back(&again).unwrap(), log);
        }
    }
}
