//! What breaks, lowered: each fault to what it does and when, with parties as ids.

use super::noticed::{self, noticed};
use super::says::says;
use super::{actor, spread};
use crate::ids::{ActorId, Name, Names, VerbId};
use crate::net::Lossy;
use crate::scenario::diagnostics::Spanned;
use crate::scenario::schema::{self, Action, DiskTrouble, Nth, Scenario, Strike, When};
use crate::trace::FaultText;
use crate::units::{Ratio, Span, Time};
use crate::world::VERBS;
use crate::world::plan::{
    DiskFault, FaultKind, FaultPlan, FrameMatch, LinkFault, Nemesis, Plan, Road, Roads, Trigger, Turn,
};

/// Puts the faults of a scenario into its plan; gives what they say, in the order of the plan. Lossy links come first;
/// a nemesis stands for each of the faults that it draws.
pub(super) fn lower(scenario: &Scenario, plan: &mut Plan, names: &mut Names) -> Vec<FaultText> {
    let mut texts = lossy(plan);
    for fault in &scenario.faults {
        let (name, first) = (&fault.name.value, plan.faults.len() as u16);
        let drawn: Vec<(&Action, Option<&When>)> = match &fault.what {
            Strike::When(action, when) => vec![(action, Some(when))],
            Strike::Nemesis(nemesis) => nemesis.draw.iter().map(|action| (action, None)).collect(),
        };
        for (action, when) in drawn {
            let what = Lowerer { plan, names }.action(action);
            let (chance, when) = match when {
                None => (Ratio::ONE, Trigger::Drawn),
                Some(When::With(chance, when)) => (*chance, trigger(when, plan, names)),
                Some(when) => (Ratio::ONE, trigger(when, plan, names)),
            };
            let own = FaultPlan { name: name.clone(), what, when, chance, times: fault.times };
            texts.push(FaultText {
                name: name.clone(),
                says: says(action, fault),
                noticed: noticed(action),
                by_chance: !own.is_certain(),
            });
            plan.faults.push(own);
        }
        if let Strike::Nemesis(schema::Nemesis { every, from, until, .. }) = &fault.what {
            let (from, until, count) = (Time(from.0), Time(until.0), plan.faults.len() as u16 - first);
            plan.nemeses.push(Nemesis { from, until, every: spread(*every), first, count });
        }
    }
    texts
}

/// A lossy link says of itself what it is, at the beginning of the run.
fn lossy(plan: &mut Plan) -> Vec<FaultText> {
    let links: Vec<(usize, usize, Lossy)> =
        plan.links.iter().filter_map(|(client, node, link)| Some((*client, *node, link.lossy?))).collect();
    let mut texts = Vec::new();
    for (client, node, lossy) in links {
        let name = format!("lossy-{}", plan.clients[client].name);
        let says = super::says::lossy(&plan.clients[client].name, &plan.nodes[node].name, lossy);
        texts.push(FaultText { name: name.clone(), says, noticed: noticed::LOSSY.to_owned(), by_chance: false });
        let what = FaultKind::Lossy { client: plan.client_id(client) };
        let when = Trigger::At { time: Time::ZERO, every: None };
        plan.faults.push(FaultPlan { name, what, when, chance: Ratio::ONE, times: 1 });
    }
    texts
}

struct Lowerer<'a> {
    plan: &'a mut Plan,
    names: &'a mut Names,
}

impl Lowerer<'_> {
    fn action(&mut self, action: &Action) -> FaultKind {
        let plan = &*self.plan;
        let id = |name: &Spanned<String>| actor(plan, name);
        match action {
            Action::Cut { between, losing, half_open } => {
                let (client, node) = ends(plan, between);
                let to = losing.as_ref().map(id);
                FaultKind::Cut {
                    client,
                    node,
                    losing_to_client: to.is_none_or(|to| to == client),
                    losing_to_node: to.is_none_or(|to| to == node),
                    half_open: *half_open,
                }
            }
            Action::BlackHole { between, towards, lasting } => {
                let roads = self.road(between, towards.as_ref());
                FaultKind::Link { roads, how: LinkFault::BlackHole, lasts: *lasting }
            }
            Action::Slow { between, towards, latency, bandwidth, lasting } => {
                let how = LinkFault::Slow { latency: latency.map(spread), bandwidth: bandwidth.map(u64::from) };
                FaultKind::Link { roads: self.road(between, towards.as_ref()), how, lasts: *lasting }
            }
            Action::Partition { between, towards, lasting } => {
                let roads = self.roads_between(between, towards.as_ref());
                FaultKind::Link { roads, how: LinkFault::Partition, lasts: *lasting }
            }
            Action::Kill { who, restart } => {
                // What looks after a client's process starts it again whatever it died of.
                let own = plan.client_index(id(who)).and_then(|client| plan.clients[client].restart);
                FaultKind::Kill { actor: id(who), restart: restart.or(own) }
            }
            Action::PowerLoss { who, restart, torn } => {
                FaultKind::PowerLoss { node: id(who), restart: *restart, torn: *torn }
            }
            Action::Stop { who, restart } => FaultKind::Stop { actor: id(who), restart: *restart },
            Action::Pause { who, lasting } => FaultKind::Pause { actor: id(who), lasts: *lasting },
            Action::Alarm { who, resource, lasting } => {
                FaultKind::Alarm { node: id(who), resource: *resource, lasts: *lasting }
            }
            Action::CloseConnection { who } => FaultKind::CloseConnections { client: id(who), node: plan.node_id(0) },
            Action::DeleteVhost { vhost } => {
                FaultKind::DeleteVhost { node: plan.node_id(0), vhost: self.names.intern(&vhost.value) }
            }
            Action::Disk { who, how, lasting } => FaultKind::Disk { node: id(who), how: disk(how), lasts: *lasting },
        }
    }

    /// The one way between two parties.
    fn road(&mut self, between: &(Spanned<String>, Spanned<String>), towards: Option<&Spanned<String>>) -> Roads {
        let (client, node) = ends(self.plan, between);
        let to = towards.map(|name| actor(self.plan, name));
        let own = Road { client, to_client: to.is_none_or(|to| to == client), to_node: to.is_none_or(|to| to == node) };
        self.add([own])
    }

    /// The ways between two groups.
    fn roads_between(
        &mut self,
        (a, b): &(Vec<Spanned<String>>, Vec<Spanned<String>>),
        towards: Option<&Spanned<String>>,
    ) -> Roads {
        let plan = &*self.plan;
        let group = |name: &str| -> Option<u8> {
            let has = |group: &[Spanned<String>]| group.iter().any(|member| member.value == name);
            if has(a) { Some(0) } else { (has(b) || b.is_empty()).then_some(1) }
        };
        let to = towards.and_then(|name| group(&name.value));
        let of = |(i, client): (usize, &crate::world::plan::ClientPlan)| {
            let (own, other) = (group(&client.name)?, group(&plan.nodes[client.node].name)?);
            let (to_client, to_node) = (to.is_none_or(|to| to == own), to.is_none_or(|to| to == other));
            (own != other).then(|| Road { client: plan.client_id(i), to_client, to_node })
        };
        let roads: Vec<Road> = plan.clients.iter().enumerate().filter_map(of).collect();
        self.add(roads)
    }

    fn add(&mut self, roads: impl IntoIterator<Item = Road>) -> Roads {
        let first = self.plan.roads.len() as u32;
        self.plan.roads.extend(roads);
        Roads { first, count: self.plan.roads.len() as u32 - first }
    }
}

/// The client and the node of two ends.
fn ends(plan: &Plan, (a, b): &(Spanned<String>, Spanned<String>)) -> (ActorId, ActorId) {
    let (a, b) = (actor(plan, a), actor(plan, b));
    if plan.client_index(a).is_some() { (a, b) } else { (b, a) }
}

fn disk(how: &DiskTrouble) -> DiskFault {
    match *how {
        DiskTrouble::Fails => DiskFault::Fails,
        DiskTrouble::Full => DiskFault::Full,
        DiskTrouble::Stalls => DiskFault::Stalls,
        DiskTrouble::Lies => DiskFault::Lies,
        DiskTrouble::Slow { factor, write, fsync } => {
            DiskFault::Slow { factor, write: write.map(spread), fsync: fsync.map(spread) }
        }
    }
}

fn turn(nth: Nth) -> Turn {
    Turn { nth: nth.first, every: nth.every }
}

fn trigger(when: &When, plan: &Plan, names: &mut Names) -> Trigger {
    let message =
        |id: &Option<Spanned<String>>, names: &mut Names| id.as_ref().map_or(Name::NONE, |id| names.intern(&id.value));
    let party = |name: &Option<Spanned<String>>| name.as_ref().map_or(ActorId::NONE, |name| actor(plan, name));
    let node = |name: &Option<Spanned<String>>| name.as_ref().map_or(plan.node_id(0), |name| actor(plan, name));
    let frame = |point: &schema::FramePoint, names: &mut Names| FrameMatch {
        verbs: verbs(point.method.as_ref()),
        from: party(&point.from),
        to: party(&point.to),
        message: message(&point.message, names),
        nth: turn(point.nth),
    };
    match when {
        When::At(Span(time), every) => Trigger::At { time: Time(*time), every: *every },
        When::Sending(point) => Trigger::Sending(frame(point, names)),
        When::Arriving(point) => Trigger::Arriving(frame(point, names)),
        When::BeforeFsync(point) => {
            let covers = message(&point.message, names);
            Trigger::BeforeSync { node: node(&point.node), covers, nth: turn(point.nth) }
        }
        When::AfterWrite(point) => {
            Trigger::Written { node: node(&point.node), message: message(&point.message, names), nth: turn(point.nth) }
        }
        When::AfterFsync(point) => {
            Trigger::Synced { node: node(&point.node), message: message(&point.message, names), nth: turn(point.nth) }
        }
        When::Worked(point) => Trigger::Worked {
            client: actor(plan, &point.consumer),
            message: message(&point.message, names),
            nth: turn(point.nth),
        },
        When::Received(point) => Trigger::Received {
            client: actor(plan, &point.consumer),
            message: message(&point.message, names),
            nth: turn(point.nth),
        },
        When::With(_, inner) => trigger(inner, plan, names),
    }
}

/// The rows of the vocabulary with a method's name.
fn verbs(method: Option<&Spanned<String>>) -> [VerbId; 2] {
    let Some(method) = method else { return [VerbId::NONE; 2] };
    let mut rows = VERBS.all().filter(|(_, verb)| verb.name == method.value).map(|(id, _)| id);
    let first = rows.next().unwrap_or_default();
    [first, rows.next().unwrap_or(first)]
}
