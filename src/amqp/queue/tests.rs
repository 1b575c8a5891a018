//! The queue machine by itself: against facts, and against models that are as simple as can be.

use super::*;
use crate::ids::{CopyId, Name};
use crate::trace::Flags;
use proptest::prelude::*;

fn consumer(n: u32, limit: u32) -> Consumer {
    Consumer {
        conn: ConnId(n),
        channel: 1,
        tag: Name::EMPTY,
        no_ack: false,
        exclusive: false,
        priority: 0,
        limit,
        open: 0,
        aside: false,
        place: PlaceId::NONE,
    }
}

fn item() -> Item {
    Item { seq: 0, content: 0, copy: CopyId(0), flags: Flags(0), rank: 0, size: 0, deadline: Time::NEVER }
}

fn push(queue: &mut Classic) {
    queue.push(item());
}

/// A consumer settles a delivery, and rejoins if it has room again.
fn settle(queue: &mut Classic, handle: Handle) {
    if queue.consumers.settled(handle).is_some() {
        queue.consumers.rejoin(handle);
    }
}

/// Hands out everything that can be; gives (connection, place) of each.
fn run(queue: &mut Classic, items: &mut Vec<(Handle, Item)>) -> Vec<(u32, u32)> {
    let mut given = Vec::new();
    loop {
        match queue.pick(|_| true) {
            Pick::Nothing => return given,
            Pick::Aside(_) => {}
            Pick::Give(index, item) => {
                given.push((queue.consumer(index).unwrap().conn.0, item.seq));
                items.push((index, item));
            }
        }
    }
}

#[test]
fn consumers_take_turns_in_the_order_of_joining() {
    let mut queue = Classic::default();
    for n in 1..=3 {
        queue.subscribe(consumer(n, 0));
    }
    let mut items = Vec::new();
    (0..6).for_each(|_| push(&mut queue));
    let turns: Vec<u32> = run(&mut queue, &mut items).into_iter().map(|(conn, _)| conn).collect();
    assert_eq!(turns, [1, 2, 3, 1, 2, 3], "D02");
}

#[test]
fn consumers_at_their_limit_keep_their_turn_until_a_delivery_is_attempted() {
    // D87a: t1, t2, t3 with prefetch 1 are busy, nothing was attempted; acks in any order keep t1, t2, t3.
    let mut queue = Classic::default();
    let handles: Vec<Handle> = (1..=3).map(|n| queue.subscribe(consumer(n, 1))).collect();
    let mut items = Vec::new();
    for _ in 0..3 {
        push(&mut queue);
        run(&mut queue, &mut items);
    }
    for index in [2, 0, 1] {
        settle(&mut queue, handles[index]);
    }
    (0..3).for_each(|_| push(&mut queue));
    let turns: Vec<u32> = run(&mut queue, &mut items).into_iter().map(|(conn, _)| conn).collect();
    assert_eq!(turns, [1, 2, 3]);
}

#[test]
fn consumers_that_were_set_aside_rejoin_in_the_order_of_their_acks() {
    // D88a: t2, t1, t3 ack in this order after a delivery was attempted to all of them.
    let mut queue = Classic::default();
    let handles: Vec<Handle> = (1..=3).map(|n| queue.subscribe(consumer(n, 1))).collect();
    let mut items = Vec::new();
    (0..4).for_each(|_| push(&mut queue));
    run(&mut queue, &mut items);
    settle(&mut queue, handles[1]);
    assert_eq!(run(&mut queue, &mut items), [(2, 3)]);
    for index in [1, 0, 2] {
        settle(&mut queue, handles[index]);
    }
    (0..3).for_each(|_| push(&mut queue));
    let turns: Vec<u32> = run(&mut queue, &mut items).into_iter().map(|(conn, _)| conn).collect();
    assert_eq!(turns, [2, 1, 3]);
}

#[test]
fn higher_priorities_are_served_first_while_they_have_room() {
    // D34.
    let mut queue = Classic::default();
    queue.subscribe(consumer(1, 2));
    queue.subscribe(Consumer { priority: 10, ..consumer(2, 2) });
    let mut items = Vec::new();
    (0..6).for_each(|_| push(&mut queue));
    let turns: Vec<u32> = run(&mut queue, &mut items).into_iter().map(|(conn, _)| conn).collect();
    assert_eq!(turns, [2, 2, 1, 1]);
}

#[test]
fn the_single_active_consumer_is_served_alone_whatever_the_others_are_worth() {
    // D35d: t1 joined first; t3 has priority 5 and t2 priority 10. When t1 leaves, t2 takes over.
    let mut queue = Classic::default();
    queue.consumers.serve_one_at_a_time();
    let t1 = queue.subscribe(consumer(1, 0));
    queue.subscribe(Consumer { priority: 5, ..consumer(3, 0) });
    queue.subscribe(Consumer { priority: 10, ..consumer(2, 0) });
    let mut items = Vec::new();
    (0..2).for_each(|_| push(&mut queue));
    assert_eq!(run(&mut queue, &mut items), [(1, 0), (1, 1)]);
    queue.unsubscribe(t1);
    push(&mut queue);
    assert_eq!(run(&mut queue, &mut items), [(2, 2)]);
}

#[test]
fn a_single_active_consumer_that_is_full_is_not_replaced() {
    let mut queue = Classic::default();
    queue.consumers.serve_one_at_a_time();
    let first = queue.subscribe(consumer(1, 1));
    queue.subscribe(consumer(2, 0));
    let mut items = Vec::new();
    (0..2).for_each(|_| push(&mut queue));
    assert_eq!(run(&mut queue, &mut items), [(1, 0)]);
    settle(&mut queue, first);
    assert_eq!(run(&mut queue, &mut items), [(1, 1)]);
}

#[test]
fn messages_leave_by_priority_and_then_in_the_order_in_which_they_came() {
    // E30 with a highest priority of 5: none, 0, 1, 5, 3, 9, 5.
    let features = Features { max_priority: 5, ..plain() };
    let mut queue = Classic::default();
    for priority in [None, Some(0), Some(1), Some(5), Some(3), Some(9), Some(5)] {
        queue.push(Item { rank: features.rank(priority), ..item() });
    }
    let order: Vec<u32> = std::iter::from_fn(|| queue.pop()).map(|item| item.seq).collect();
    assert_eq!(order, [3, 5, 6, 4, 2, 0, 1]);
}

#[test]
fn a_handle_of_one_who_left_names_nobody_who_came_later() {
    let mut queue = Classic::default();
    let old = queue.subscribe(consumer(1, 1));
    queue.unsubscribe(old);
    let new = queue.subscribe(consumer(2, 1));
    assert_ne!(old, new);
    assert!(queue.consumer(old).is_none());
    let mut items = Vec::new();
    push(&mut queue);
    run(&mut queue, &mut items);
    assert_eq!(queue.consumers.settled(old), None);
    assert_eq!(queue.consumer(new).map(|consumer| consumer.open), Some(1));
}

fn plain() -> Features {
    Features::read(&Vec::new(), crate::amqp::Version::default(), &mut crate::ids::Names::new())
}

/// The rotation as one would write it without a thought for size: two lists, searched from end to end.
#[derive(Default)]
struct Turns {
    /// In the order of joining: name, priority, limit, open.
    all: Vec<(u32, i32, u32, u32)>,
    rotation: Vec<u32>,
    aside: Vec<u32>,
    active: Option<u32>,
    single: bool,
}

impl Turns {
    fn of(&mut self, name: u32) -> &mut (u32, i32, u32, u32) {
        self.all.iter_mut().find(|known| known.0 == name).unwrap()
    }
    fn join(&mut self, name: u32) {
        let priority = self.of(name).1;
        let at = self.rotation.iter().position(|other| self.all.iter().any(|k| k.0 == *other && k.1 < priority));
        self.rotation.insert(at.unwrap_or(self.rotation.len()), name);
        self.active = self.active.or(Some(name));
    }
    fn leave(&mut self, name: u32) {
        self.all.retain(|known| known.0 != name);
        self.rotation.retain(|known| *known != name);
        self.aside.retain(|known| *known != name);
        if self.active == Some(name) {
            self.active = self.rotation.first().copied();
        }
    }
    fn settle(&mut self, name: u32) {
        self.of(name).3 -= 1;
        if self.aside.contains(&name) {
            self.aside.retain(|other| *other != name);
            self.join(name);
        }
    }
    /// Who gets a message.
    fn give(&mut self) -> Option<u32> {
        loop {
            let next = if self.single { self.active } else { self.rotation.first().copied() };
            let name = next.filter(|name| self.rotation.contains(name))?;
            let (_, _, limit, open) = *self.of(name);
            let full = limit > 0 && open >= limit;
            if full || !self.single {
                self.rotation.retain(|other| *other != name);
            }
            if full {
                self.aside.push(name);
                continue;
            }
            self.of(name).3 += 1;
            if !self.single {
                self.join(name);
            }
            return Some(name);
        }
    }
}

/// What can be done to a queue.
#[derive(Clone, Debug)]
enum Act {
    Publish(u8),
    Join(i32, u32),
    Leave(prop::sample::Index),
    Ack(prop::sample::Index),
    Requeue(prop::sample::Index),
    Take,
}

fn act() -> impl Strategy<Value = Act> {
    let any = any::<prop::sample::Index>;
    prop_oneof![
        4 => (0u8..3).prop_map(Act::Publish),
        1 => (0i32..3, 0u32..4).prop_map(|(priority, limit)| Act::Join(priority, limit)),
        1 => any().prop_map(Act::Leave),
        3 => any().prop_map(Act::Ack),
        3 => any().prop_map(Act::Requeue),
        1 => Just(Act::Take),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Against a sorted list of messages and two lists of consumers: who gets what is the same, every message is in
    /// exactly one place, nobody has more than its limit, and nothing waits while somebody who may be served has room.
    #[test]
    fn a_queue_behaves_like_sorted_lists(
        single in any::<bool>(),
        ranks in prop::sample::select(vec![1u8, 3]),
        acts in prop::collection::vec(act(), 0..150),
    ) {
        let mut queue = Classic::default();
        let mut turns = Turns { single, ..Turns::default() };
        if single {
            queue.consumers.serve_one_at_a_time();
        }
        let mut ready: Vec<u64> = Vec::new();
        let mut out: Vec<(Handle, u32, Item)> = Vec::new();
        let mut here: Vec<(Handle, u32)> = Vec::new();
        let (mut names, mut published, mut gone) = (0, 0, 0);
        for act in acts {
            match act {
                Act::Publish(rank) => {
                    let item = Item { rank: rank % ranks, ..item() };
                    let seq = queue.push(item);
                    ready.push(Item { seq, ..item }.turn());
                    published += 1;
                }
                Act::Join(priority, limit) => {
                    names += 1;
                    here.push((queue.subscribe(Consumer { priority, ..consumer(names, limit) }), names));
                    turns.all.push((names, priority, limit, 0));
                    turns.join(names);
                }
                Act::Leave(which) if !here.is_empty() => {
                    let (handle, name) = here.remove(which.index(here.len()));
                    prop_assert!(queue.unsubscribe(handle).is_some());
                    turns.leave(name);
                }
                Act::Ack(which) | Act::Requeue(which) if !out.is_empty() => {
                    let (handle, name, item) = out.remove(which.index(out.len()));
                    settle(&mut queue, handle);
                    if here.iter().any(|(_, known)| *known == name) {
                        turns.settle(name);
                    }
                    if matches!(act, Act::Requeue(_)) {
                        queue.requeue(item);
                        ready.push(item.turn());
                    } else {
                        gone += 1;
                    }
                }
                Act::Take => {
                    ready.sort_unstable();
                    let first = (!ready.is_empty()).then(|| ready.remove(0));
                    gone += usize::from(first.is_some());
                    prop_assert_eq!(queue.pop().map(|item| item.turn()), first);
                }
                _ => {}
            }
            ready.sort_unstable();
            prop_assert_eq!(queue.head().map(Item::turn), ready.first().copied());
            loop {
                match queue.pick(|_| true) {
                    Pick::Nothing => break,
                    Pick::Aside(_) => {}
                    Pick::Give(handle, item) => {
                        prop_assert_eq!(item.turn(), ready.remove(0));
                        let name = queue.consumer(handle).unwrap().conn.0;
                        prop_assert_eq!(Some(name), turns.give());
                        out.push((handle, name, item));
                    }
                }
            }
            if !ready.is_empty() {
                prop_assert_eq!(turns.give(), None, "something waits and somebody has room");
            }
            for (handle, _) in &here {
                let Consumer { limit, open, .. } = *queue.consumer(*handle).unwrap();
                prop_assert!(limit == 0 || open <= limit);
            }
            let mut all: Vec<u64> = queue.iter().map(Item::turn).collect();
            all.sort_unstable();
            prop_assert_eq!(&all, &ready);
            prop_assert_eq!(queue.ready() + out.len() + gone, published);
            prop_assert_eq!(queue.consumer_count(), here.len());
            prop_assert_eq!(queue.turns().count(), here.len());
            let order: Vec<u32> = turns.rotation.iter().chain(&turns.aside).copied().collect();
            let real: Vec<u32> = queue.turns().map(|consumer| consumer.conn.0).collect();
            prop_assert_eq!(order, real);
        }
    }
}
