//! The faults that are legal at a step: what could break there, and which of the scenario's own could stay away.
//!
//! Only what would do something: nobody kills what is dead, and no connection is cut that does not stand.

use super::moment::point;
use super::scene::Scene;
use super::{Offer, Sort, words};
use crate::ids::{ActorId, EventId, FaultId, FrameId};
use crate::scenario::{Scenario, quoted};
use crate::trace::{Kind, Log, What, expand};
use crate::units::Span;
use crate::verdict::Word;
use crate::world::VERBS;
use crate::world::plan::Plan;

/// After how long a node comes back, if the scenario says nothing of it.
const NODE_BACK: Span = Span::secs(1);
/// After how long a client comes back, if the scenario says nothing of it.
const CLIENT_BACK: Span = Span::millis(100);
/// How long something stands still: long enough that somebody may lose patience.
const STILL: Span = Span::secs(1);
/// How long a disk fails.
const DISK_FAILS: Span = Span::millis(100);
/// How long something takes on a slow link: longer than most who wait for an answer are patient.
const SLOW_LATENCY: Span = Span::millis(300);
/// So many times as long a slow disk takes.
const SLOW_FACTOR: u32 = 20;
/// So many frames are named when a connection is cut.
const NAMED: usize = 3;

/// The faults that can be added at a step.
pub(super) fn faults(scenario: &Scenario, plan: &Plan, log: &Log, at: EventId) -> Vec<Offer> {
    let Some(point) = point(plan, log, at) else { return Vec::new() };
    let scene = Scene::after(plan, log, point.behind);
    let mut adder = Adder { scenario, plan, log, behind: point.behind, moments: point.names, offers: Vec::new() };
    let near = parties(plan, log, at);
    let mut clients: Vec<ActorId> = scene.connected(plan.clients.len()).collect();
    clients.sort_by_key(|client| !near.contains(client));
    let several = clients.len() > 1;
    for client in clients {
        adder.cuts(client, &scene);
        adder.link(client);
    }
    let all = (0..plan.nodes.len()).map(|n| plan.node_id(n));
    let mut all: Vec<ActorId> = all.chain((0..plan.clients.len()).map(|c| plan.client_id(c))).collect();
    all.sort_by_key(|actor| !near.contains(actor));
    for actor in all {
        let state = scene.processes[actor.at()];
        if state.alive {
            adder.process(actor, state.paused);
            if plan.node_index(actor).is_some() {
                adder.node(actor, several);
            }
        }
    }
    adder.offers
}

/// Whom an event is about.
fn parties(plan: &Plan, log: &Log, at: EventId) -> Vec<ActorId> {
    let Some(event) = log.event(at) else { return Vec::new() };
    let frame = match event.kind {
        Kind::Sent(f) | Kind::Arrived(f) | Kind::Lost(f) | Kind::Ignored(f) => log.frame(f),
        _ => None,
    };
    let of = log.header.actors.get(event.actor.at()).and_then(|actor| actor.of);
    let ends = frame.into_iter().flat_map(|frame| [frame.from, frame.to]);
    let known = |actor: &ActorId| plan.client_index(*actor).is_some() || plan.node_index(*actor).is_some();
    ends.chain([event.actor]).chain(of).filter(known).collect()
}

struct Adder<'a> {
    scenario: &'a Scenario,
    plan: &'a Plan,
    log: &'a Log,
    behind: EventId,
    moments: Vec<String>,
    offers: Vec<Offer>,
}

impl Adder<'_> {
    fn name(&self, actor: ActorId) -> String {
        self.log.header.actors.get(actor.at()).map_or_else(String::new, |actor| actor.name.clone())
    }

    /// Offers a fault: `what` is its call without the moment, `called` what it is to be called.
    fn add(&mut self, id: String, says: String, called: &str, what: &str) {
        let taken = |name: &str| self.scenario.faults.iter().any(|fault| fault.name.value == name);
        let called = called.chars().take(100).collect::<String>();
        let numbered = (2..).map(|n| format!("{called}-{n}"));
        let name = [called.clone()].into_iter().chain(numbered).find(|name| !taken(name)).unwrap_or_default();
        let fault =
            |moment: &String| format!("add(\"faults\", (name: {}, what: {what}, when: {moment})))", quoted(&name));
        let ways = self.moments.iter().map(|moment| vec![fault(moment)]).collect();
        self.offers.push(Offer { id, sort: Sort::Fault, says, behind: Some(self.behind), ways });
    }

    fn cuts(&mut self, client: ActorId, scene: &Scene) {
        let node = self.plan.node_id(self.plan.clients[client.at()].node);
        let (c, n) = (self.name(client), self.name(node));
        let (down, up) = (scene.towards(self.log, client, client), scene.towards(self.log, client, node));
        let between = format!("cut(between: ({}, {})", quoted(&c), quoted(&n));
        let called = format!("cut-{c}");
        let all: Vec<FrameId> = up.iter().chain(&down).copied().collect();
        let lost = self.frames(&all);
        let field = |key: &str, lost: &Option<String>, to: &str| match key {
            "client" => Some(self.log.actor_name(client)),
            "node" => Some(self.log.actor_name(node)),
            "to" => Some(to.to_owned()),
            "lost" | "kept" => lost.clone(),
            "nothing" => lost.is_none().then(|| "Nothing".to_owned()),
            _ => None,
        };
        let mut cuts = vec![(format!("cut:{c}"), expand(words::CUT, &|key| field(key, &lost, "")), between.clone())];
        if !up.is_empty() && !down.is_empty() {
            for (word, to, frames) in [("client", client, &down), ("node", node, &up)] {
                let (party, lost) = (self.log.actor_name(to), self.frames(frames));
                let says = expand(words::CUT_TO, &|key| field(key, &lost, &party));
                let what = format!("{between}, losing: to({})", quoted(&self.name(to)));
                cuts.push((format!("cut-to-{word}:{c}"), says, what));
            }
        } else if !all.is_empty() {
            // Losing only what goes the other way, where nothing goes, loses nothing.
            let other = if down.is_empty() { &c } else { &n };
            let says = expand(words::CUT_BEHIND, &|key| field(key, &lost, ""));
            cuts.push((format!("cut-behind:{c}"), says, format!("{between}, losing: to({})", quoted(other))));
        }
        for (id, says, what) in cuts {
            self.add(id, says, &called, &what);
        }
        let says = expand(words::HALF_OPEN, &|key| field(key, &lost, ""));
        let what = format!("{between}, how: half_open");
        self.add(format!("cut-half-open:{c}"), says, &format!("half-open-{c}"), &what);
    }

    /// What can become of the link of a client.
    fn link(&mut self, client: ActorId) {
        let node = self.plan.node_id(self.plan.clients[client.at()].node);
        let (c, n) = (self.name(client), self.name(node));
        let (shown, other) = (self.log.actor_name(client), self.log.actor_name(node));
        let field = |key: &str| match key {
            "client" => Some(shown.clone()),
            "node" => Some(other.clone()),
            "lasting" => Some(STILL.to_string()),
            "latency" => Some(SLOW_LATENCY.to_string()),
            _ => None,
        };
        let lasts = |word: &str, how: &str| {
            format!("{word}(between: ({}, {}){how}, lasting: {}", quoted(&c), quoted(&n), quoted(&STILL.to_string()))
        };
        let slow = lasts("slow", &format!(", latency: {}", quoted(&SLOW_LATENCY.to_string())));
        let hole = lasts("black_hole", "");
        self.add(format!("black-hole:{c}"), expand(words::BLACK_HOLE, &field), &format!("black-hole-{c}"), &hole);
        self.add(format!("slow:{c}"), expand(words::SLOW, &field), &format!("slow-{c}"), &slow);
    }

    /// What frames are, in a few words each; `None` for none.
    fn frames(&self, frames: &[FrameId]) -> Option<String> {
        let label = |id: &FrameId| {
            let frame = self.log.frame(*id)?;
            let label = VERBS.get(frame.verb)?.label;
            Some(expand(label, &|key| self.log.frame_field(frame, frame.from, key)))
        };
        let mut named: Vec<String> = frames.iter().take(NAMED).filter_map(label).collect();
        if frames.len() > NAMED {
            named.push(format!("{} more", frames.len() - NAMED));
        }
        let last = named.pop()?;
        Some(if named.is_empty() { last } else { format!("{} and {last}", named.join(", ")) })
    }

    /// Whether the step is this party's receiving of a message. Its pause would hold that back, so it cannot come behind.
    fn just_received(&self, actor: ActorId) -> bool {
        let event = self.log.events()[self.behind.at()];
        event.actor == actor && matches!(event.kind, Kind::Note { what: What::Received, .. })
    }

    fn process(&mut self, actor: ActorId, paused: bool) {
        let who = self.name(actor);
        let node = self.plan.node_index(actor);
        let own = self.plan.client_index(actor).and_then(|client| self.plan.clients[client].restart);
        let back = if node.is_some() { NODE_BACK } else { own.unwrap_or(CLIENT_BACK) };
        let shown = self.log.actor_name(actor);
        let (after, lasting) = (back.to_string(), STILL.to_string());
        let field = |key: &str| match key {
            "who" => Some(shown.clone()),
            "after" => Some(after.clone()),
            "lasting" => Some(lasting.clone()),
            _ => None,
        };
        let ends = |word: &str| format!("{word}({}, restart: {}", quoted(&who), quoted(&after));
        let stays = |word: &str, span: Span| format!("{word}({}, lasting: {}", quoted(&who), quoted(&span.to_string()));
        self.add(format!("kill:{who}"), expand(words::KILL, &field), &format!("kill-{who}"), &ends("kill"));
        if node.is_some() {
            let says = expand(words::POWER_LOSS, &field);
            self.add(format!("power-loss:{who}"), says, &format!("power-loss-{who}"), &ends("power_loss"));
        }
        if !paused {
            self.add(format!("stop:{who}"), expand(words::STOP, &field), &format!("stop-{who}"), &ends("stop"));
        }
        if !paused && !self.just_received(actor) {
            let says = expand(words::PAUSE, &field);
            self.add(format!("pause:{who}"), says, &format!("pause-{who}"), &stays("pause", STILL));
        }
    }

    /// What can become of a node's machine besides: `several` clients are connected.
    fn node(&mut self, node: ActorId, several: bool) {
        let who = self.name(node);
        let Some(index) = self.plan.node_index(node) else { return };
        let disk = self.plan.disk_id(index);
        let (shown, shown_disk) = (self.log.actor_name(node), self.log.actor_name(disk));
        let field = |whose: &str, lasting: Span, key: &str| match key {
            "who" => Some(whose.to_owned()),
            "after" => Some(NODE_BACK.to_string()),
            "lasting" => Some(lasting.to_string()),
            "factor" => Some(SLOW_FACTOR.to_string()),
            _ => None,
        };
        let lasts = |word: &str, how: &str, lasting: Span| {
            format!("{word}({}{how}, lasting: {}", quoted(&who), quoted(&lasting.to_string()))
        };
        let says = expand(words::TORN, &|key| field(&shown, STILL, key));
        let torn = format!("power_loss({}, torn: true, restart: {}", quoted(&who), quoted(&NODE_BACK.to_string()));
        self.add(format!("torn-power-loss:{who}"), says, &format!("power-loss-{who}"), &torn);
        if several {
            let says = expand(words::PARTITION, &|key| field(&shown, STILL, key));
            let what = lasts("partition", "", STILL);
            self.add(format!("partition:{who}"), says, &format!("partition-{who}"), &what);
        }
        // A disk that does nothing any more fails and lies unseen.
        if !self.log.events()[self.behind.at() + 1..].iter().any(|event| event.actor == disk) {
            return;
        }
        let slower = format!(", factor: {SLOW_FACTOR}");
        for (kind, word, template, how, lasting) in [
            ("fail-disk", "fail_disk", words::FAIL_DISK, "", DISK_FAILS),
            ("slow-disk", "slow_disk", words::SLOW_DISK, &*slower, STILL),
            ("stall-disk", "stall_disk", words::STALL_DISK, "", STILL),
            ("full-disk", "full_disk", words::FULL_DISK, "", STILL),
            ("lying-disk", "lying_disk", words::LYING_DISK, "", STILL),
        ] {
            let says = expand(template, &|key| field(&shown_disk, lasting, key));
            self.add(format!("{kind}:{who}"), says, &format!("{kind}-{who}"), &lasts(word, how, lasting));
        }
    }
}

/// The faults of the scenario that strike at this step or later and could be left out, with the past as it was.
pub(super) fn removals(scenario: &Scenario, log: &Log, at: EventId) -> Vec<Offer> {
    // A nemesis has several numbers.
    let strikes = |fault: usize| {
        let own = scenario.fault_numbers(fault);
        let is_own = move |kind: Kind| matches!(kind, Kind::Fault(FaultId(id)) if own.contains(&usize::from(id)));
        log.events().iter().position(move |event| is_own(event.kind))
    };
    let fault = |(i, fault): (usize, &crate::scenario::schema::Fault)| {
        // Faults are told by number: one before those that struck already cannot go unnoticed.
        let numbered = (i + 1..scenario.faults.len()).any(|later| strikes(later).is_some_and(|e| e < at.at()));
        // Where the scenario counts on it, its expectations would speak of a fault that is not there.
        let named = |of: &String| *of == fault.name.value;
        let expected = scenario
            .expect
            .iter()
            .any(|expect| expect.expectation.what == Word::Struck && expect.expectation.of.as_ref().is_some_and(named));
        if numbered || expected || strikes(i)? < at.at() {
            return None;
        }
        let name = &fault.name.value;
        let says = log.header.faults.get(scenario.fault_numbers(i).start).map(|fault| fault.says.clone());
        let says = expand(words::WITHOUT, &|key| match key {
            "name" => Some(crate::trace::visible(name)),
            "says" => says.as_deref().map(crate::trace::visible),
            _ => None,
        });
        let ways = vec![vec![format!("remove({})", quoted(&format!("faults.{name}")))]];
        Some(Offer { id: format!("without:{name}"), sort: Sort::Removal, says, behind: None, ways })
    };
    scenario.faults.iter().enumerate().filter_map(fault).collect()
}
