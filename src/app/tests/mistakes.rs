//! Consumers that settle wrongly, work slowly, and know what they have done from a table.

use super::*;

#[test]
fn acknowledging_twice_and_elsewhere_is_asked_for_as_it_is_told() {
    for (ack, settled) in [
        (AckPolicy::Twice, vec![(1, Settle::Done), (1, Settle::Done)]),
        (AckPolicy::WrongChannel, vec![(1, Settle::Elsewhere)]),
        (AckPolicy::Stale, vec![(1, Settle::Done)]),
    ] {
        let mut rig = consumer(ack, |spec, _| spec.work = Timing::ZERO);
        rig.offer(1, "order-1");
        assert_eq!(rig.settled(), settled);
    }
}

#[test]
fn a_stale_acknowledgement_goes_out_in_the_next_session() {
    let mut rig = consumer(AckPolicy::Stale, |_, _| {});
    rig.offer(1, "order-1");
    rig.report(Report::Down(Down::Lost));
    rig.tick();
    assert!(rig.settled().is_empty());
    rig.tick();
    rig.report(Report::Ready);
    assert_eq!(rig.settled(), [(1, Settle::Stale)]);
}

#[test]
fn a_slow_message_takes_its_own_time() {
    let mut rig = consumer(AckPolicy::AfterWork, |spec, names| {
        let which = Which::Message(names.intern("order-2"));
        spec.slow = vec![Slow { which, work: Timing::Constant(Span::secs(2)) }];
    });
    rig.offer(1, "order-1");
    assert_eq!(rig.timer(verbs::WORK), Some(5));
    rig.tick();
    rig.offer(2, "order-2");
    assert_eq!(rig.timer(verbs::WORK), Some(2005));
}

fn by_table(in_transaction: bool, own: bool, parallel: u32) -> Rig {
    consumer(AckPolicy::AfterWork, |spec, names| {
        spec.parallel = parallel;
        let table = names.intern(if own { "invoices" } else { "seen" });
        spec.dedup = Some(Dedup::Table { table, key: Derived::id(), own, in_transaction });
    })
}

#[test]
fn a_table_skips_what_it_knows_unless_two_look_at_the_same_time() {
    for (in_transaction, left) in [(false, 2), (true, 1)] {
        let mut rig = by_table(in_transaction, true, 2);
        rig.offer(1, "order-1");
        rig.offer(2, "order-1");
        while rig.tick() {}
        assert_eq!(rows(&rig), left);
        rig.offer(3, "order-1");
        assert_eq!(rig.notes(), [What::Received, What::LookedUp, What::Skipped]);
    }
}

#[test]
fn a_crash_between_effect_and_row_does_the_effect_again_unless_they_are_one_transaction() {
    for (in_transaction, left) in [(false, 2), (true, 1)] {
        let mut rig = by_table(in_transaction, false, 1);
        let Spec::Consumer(spec) = &**rig.app.spec() else { unreachable!() };
        let fail = vec![Fail { which: Which::Every(1), times: 1, then: Then::CrashAfterEffect }];
        let spec = Arc::new(Spec::Consumer(ConsumerSpec { fail, ..spec.clone() }));
        rig.app.boot(&spec);
        for delivery in 1..=2 {
            rig.step(Input::Started);
            rig.report(Report::Ready);
            rig.offer(delivery, "order-1");
            while rig.tick() {}
            let gone = std::mem::take(&mut rig.exited);
            assert_eq!(gone, delivery == 1);
            if gone {
                rig.app.crash();
            }
        }
        assert_eq!(rows(&rig), left);
    }
}

#[test]
fn the_number_of_the_delivery_knows_nothing_again() {
    let mut rig = consumer(AckPolicy::AfterWork, |spec, names| {
        spec.work = Timing::ZERO;
        let by = Derived::new("delivery-{delivery}", names).unwrap();
        spec.dedup = Some(Dedup::Memory { size: 0, by });
    });
    rig.offer(1, "order-1");
    rig.offer(2, "order-1");
    assert_eq!(rows(&rig), 2);
}

#[test]
fn an_effect_is_chosen_by_the_routing_key_or_the_message() {
    let mut rig = consumer(AckPolicy::AfterWork, |spec, names| {
        spec.work = Timing::ZERO;
        let table = names.intern("invoices");
        let of = |kind| Effect { table, key: Derived::id(), kind };
        let (update, created) = (of(EffectKind::Update), names.intern("created"));
        spec.effect = Effects::ByKey(vec![(names.intern("changed"), update), (created, of(EffectKind::Insert))]);
    });
    rig.offer(1, "order-1");
    assert_eq!(rows(&rig), 1);
    let (changed, id) = (rig.names.intern("changed"), rig.names.intern("order-2"));
    let message = Message::plain(id, 10);
    let from = rig.names.intern("billing");
    rig.report(Report::Offer { delivery: Delivery(2), message, from, key: changed, redelivered: false });
    assert_eq!(rig.notes().last(), Some(&What::RowMissing), "there is no row to change");
    assert_eq!(rows(&rig), 1);
}
