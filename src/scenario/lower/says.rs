//! What faults do and when, in words, for whoever reads a trace.

use crate::app::Timing;
use crate::net::Lossy;
use crate::scenario::diagnostics::Spanned;
use crate::scenario::schema::{self, Action, DiskTrouble, Nth, Strike, When};
use crate::units::{Ratio, Span};

/// What a fault does when it strikes with this action, and when that is.
pub(super) fn says(action: &Action, fault: &schema::Fault) -> String {
    let what = what(action);
    match &fault.what {
        Strike::Nemesis(_) => format!("{}, drawn by chance", what.trim_end_matches(',')),
        Strike::When(_, when) => {
            let times = match fault.times {
                0 => String::new(),
                1 => ", once at most".to_owned(),
                n => format!(", {n} times at most"),
            };
            format!("{what} {}{times}", moment(when))
        }
    }
}

/// What a lossy link is.
pub(super) fn lossy(client: &str, node: &str, Lossy { drop, duplicate, overtake }: Lossy) -> String {
    let does = [("vanish", drop), ("double", duplicate), ("overtake", overtake)];
    let does: Vec<String> =
        does.into_iter().filter(|(_, chance)| *chance != Ratio::ZERO).map(|(v, c)| format!("{v} ({c})")).collect();
    format!(
        "between {client} and {node} is a datagram link and no TCP, where single messages {}; real brokers of this kind \
         do not talk over such a link",
        if does.is_empty() {
            "could vanish, double and overtake, and none does".to_owned()
        } else {
            does.join(" and ")
        }
    )
}

fn what(action: &Action) -> String {
    let only = |towards: &Option<Spanned<String>>| {
        towards.as_ref().map_or_else(String::new, |to| format!(", in the direction to {} only", to.value))
    };
    match action {
        Action::Cut { between: (a, b), half_open: true, .. } => {
            let (a, b) = (&a.value, &b.value);
            format!("makes the network forget the connection between {a} and {b}, and tells neither of them,")
        }
        Action::Cut { between: (a, b), losing: None, .. } => {
            format!("cuts the connection between {} and {}", a.value, b.value)
        }
        Action::Cut { between: (a, b), losing: Some(to), .. } => format!(
            "cuts the connection between {} and {}; only what is on its way to {} is lost",
            a.value, b.value, to.value
        ),
        Action::BlackHole { between: (a, b), towards, lasting } => {
            format!("lets nothing through between {} and {} for {lasting}{}", a.value, b.value, only(towards))
        }
        Action::Slow { between: (a, b), towards, latency, bandwidth, lasting } => {
            let latency = latency.map(|latency| format!(": a latency of {}", timing(latency)));
            let bandwidth = bandwidth.map(|rate| format!(": {rate} bytes a second"));
            let how = [latency, bandwidth].into_iter().flatten().collect::<String>();
            let (a, b) = (&a.value, &b.value);
            format!("slows the link between {a} and {b} down for {lasting}{}{how}", only(towards))
        }
        Action::Partition { between: (a, b), towards, lasting } => {
            format!("parts {} from {} for {lasting}{}", group(a), group(b), only(towards))
        }
        Action::Kill { who, restart } => format!("kills {}{}", who.value, back(*restart)),
        Action::PowerLoss { who, restart, torn } => {
            let torn = if *torn { " while it writes its page cache back" } else { "" };
            format!("cuts the power of {}{torn}{}", who.value, back(*restart))
        }
        Action::Stop { who, restart } => format!("stops {}{}", who.value, back(*restart)),
        Action::Pause { who, lasting } => format!("lets {} stand still for {lasting}", who.value),
        Action::Alarm { who, resource, lasting } => {
            format!("lets {} be low on {} for {lasting}", who.value, resource.word())
        }
        Action::CloseConnection { who } => format!("has the operator close the connections of {}", who.value),
        Action::DeleteVhost { vhost } => format!("has the operator delete the virtual host {}", vhost.value),
        Action::Disk { who, how, lasting } => disk(&who.value, how, *lasting),
    }
}

fn disk(who: &str, how: &DiskTrouble, lasting: Span) -> String {
    match *how {
        DiskTrouble::Fails => format!("lets every write and fsync of {who}'s disk fail for {lasting}"),
        DiskTrouble::Full => format!("lets {who}'s disk be full for {lasting}"),
        DiskTrouble::Stalls => format!("lets {who}'s disk hang for {lasting}"),
        DiskTrouble::Lies => format!("lets {who}'s disk report fsyncs that it does not do, for {lasting},"),
        DiskTrouble::Slow { factor, write, fsync } => {
            let times = (factor > 1).then(|| format!("{who}'s disk {factor} times slower"));
            let write = write.map(|span| format!("a write of {who}'s disk take {}", timing(span)));
            let fsync = fsync.map(|span| format!("an fsync of {who}'s disk take {}", timing(span)));
            let how: Vec<String> = [times, write, fsync].into_iter().flatten().collect();
            format!("makes {}, for {lasting},", how.join(" and "))
        }
    }
}

fn timing(timing: Timing) -> String {
    match timing {
        Timing::Constant(span) => span.to_string(),
        Timing::Uniform(lo, hi) => format!("{lo} to {hi}"),
        Timing::Exponential(mean) => format!("{mean} on average"),
    }
}

fn group(names: &[Spanned<String>]) -> String {
    let names: Vec<&str> = names.iter().map(|name| name.value.as_str()).collect();
    match names.split_last() {
        None => "all others".to_owned(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

fn back(restart: Option<Span>) -> String {
    restart.map_or_else(String::new, |after| format!(" (it starts again after {after})"))
}

fn nth(nth: Nth, what: &str) -> String {
    match (nth.first, nth.every) {
        (1, 0) => format!("the first {what}"),
        (n, 0) => format!("{what} number {n}"),
        (1, 1) => format!("every {what}"),
        (n, 1) => format!("every {what} from number {n} on"),
        (2, 2) => format!("every second {what}"),
        (3, 3) => format!("every third {what}"),
        (first, every) if first == every => format!("one {what} in {every}"),
        (first, every) => format!("one {what} in {every}, from number {first} on,"),
    }
}

fn moment(when: &When) -> String {
    let frame = |point: &schema::FramePoint, does: &str| {
        let method = point.method.as_ref().map_or("frame", |m| m.value.as_str());
        let from = point.from.as_ref().map(|p| format!(" from {}", p.value)).unwrap_or_default();
        let to = point.to.as_ref().map(|p| format!(" to {}", p.value)).unwrap_or_default();
        let about = point.message.as_ref().map(|m| format!(" about {}", m.value)).unwrap_or_default();
        format!("as {}{from}{to}{about} {does}", nth(point.nth, method))
    };
    let disk = |point: &schema::DiskPoint, what: &str| {
        let about = point.message.as_ref().map(|m| format!(" of {}", m.value)).unwrap_or_default();
        format!("{}{about}", nth(point.nth, what))
    };
    let work = |point: &schema::WorkPoint, verb: &str| {
        let message = point.message.as_ref().map_or("a message", |m| m.value.as_str());
        let again = match (point.nth.first, point.nth.every) {
            (_, 0) => String::new(),
            (1, 1) => ", each time".to_owned(),
            (first, every) => format!(", one time in {every} from number {first} on"),
        };
        format!("{} has {verb} {message}{again}", point.consumer.value)
    };
    match when {
        When::At(span, None) => format!("at {span}"),
        When::At(span, Some(every)) => format!("at {span} and every {every} after that"),
        When::Sending(point) => frame(point, "is sent"),
        When::Arriving(point) => frame(point, "arrives"),
        When::BeforeFsync(point) => format!("just before {}", disk(point, "fsync")),
        When::AfterWrite(point) => format!("right after {}", disk(point, "write")),
        When::AfterFsync(point) => format!("right after {}", disk(point, "fsync")),
        When::Worked(point) => format!("when {} and not yet settled it", work(point, "worked on")),
        When::Received(point) => format!("when {}", work(point, "received")),
        When::With(chance, inner) => format!("{}, with probability {chance}", moment(inner)),
    }
}
