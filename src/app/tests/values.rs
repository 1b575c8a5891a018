//! Tables, spans that are drawn, and templates.

use super::*;

#[test]
fn tables_insert_refuse_write_again_add_and_delete() {
    let kinds = [
        (EffectKind::Insert, [What::RowInserted, What::RowInserted], 2),
        (EffectKind::InsertUnique, [What::RowInserted, What::RowRefused], 1),
        (EffectKind::Upsert, [What::RowInserted, What::RowUpdated], 1),
        (EffectKind::Add(7), [What::RowInserted, What::RowUpdated], 1),
        (EffectKind::Delete, [What::RowMissing, What::RowMissing], 0),
    ];
    for (kind, notes, left) in kinds {
        let mut rig = consumer(AckPolicy::AfterWork, |spec, names| {
            let effect = the_effect(spec);
            effect.kind = kind;
            effect.key = Derived::new("total", names).unwrap();
            spec.work = Timing::Constant(Span::ZERO);
        });
        for (n, what) in [1, 2].into_iter().zip(notes) {
            rig.offer(n, &format!("order-{n}"));
            assert_eq!(*rig.notes().last().unwrap(), what);
        }
        assert_eq!(rows(&rig), left);
        let (table, key) = (rig.names.intern("invoices"), rig.names.intern("total"));
        if let EffectKind::Add(_) = kind {
            assert_eq!(rig.tables.sum(table, key), Some(14));
            let gauge = rig.names.find("invoices.total").unwrap();
            assert_eq!(rig.folded.gauges.get(&(OWNER, gauge)), Some(&14));
        }
        let effect = Effect { table, key: Derived::id(), kind: EffectKind::Delete };
        delete(&mut rig, &effect, key);
        assert_eq!(rows(&rig), 0);
        assert!(rig.folded.places.is_empty() && rig.folded.gauges.is_empty());
    }
}

fn delete(rig: &mut Rig, effect: &Effect, key: Name) {
    rig.out.clear();
    let mut ports = Ports {
        now: rig.now,
        me: ME,
        names: &mut rig.names,
        registry: &mut rig.registry,
        draws: &mut NoDraws,
        out: &mut rig.out,
    };
    rig.tables.apply(effect, key, key, crate::machine::Because::INPUT, &mut ports);
    rig.out.deltas.iter().for_each(|d| assert!(rig.folded.apply(d)));
}

struct Fixed(u64);

impl Draws for Fixed {
    fn below(&mut self, n: u64) -> u64 {
        self.0.min(n - 1)
    }
}

#[test]
fn spans_are_drawn_within_their_bounds() {
    let (low, high) = (Span::millis(1), Span::millis(3));
    assert_eq!(Timing::Uniform(low, high).draw(&mut Fixed(0)), low);
    assert_eq!(Timing::Uniform(low, high).draw(&mut Fixed(u64::MAX)), high);
    assert_eq!(Timing::Uniform(high, low).draw(&mut Fixed(5)), high);
    assert_eq!(Timing::Exponential(high).draw(&mut Fixed(u64::MAX)), Span::ZERO);
    // Half of all are below mean times ln 2.
    assert_eq!(Timing::Exponential(Span::secs(1)).draw(&mut Fixed((1 << 52) - 1)), Span(693_147_180));
}

#[test]
fn templates_give_the_same_names_as_interning_their_texts() {
    let mut names = Names::new();
    let numbers = [1, 9, 10, 123_456_789, 1_234_567_890];
    for text in ["order-{n}", "{n}", "o1{n}", "a{n}b", "x"] {
        let template = Template::new(text, &mut names).unwrap();
        for n in numbers {
            let made = template.name(n, &mut names);
            assert_eq!(made, names.intern(&text.replace("{n}", &n.to_string())), "{text} {n}");
            assert_eq!(template.known(n, &names), Some(made));
        }
    }
    for text in ["re-{id}", "{id}", "1{id}", "{id}-x", "y"] {
        let derived = Derived::new(text, &mut names).unwrap();
        let mut memo = template::Memo::default();
        for id in ["order-1", "order-2", "7", "8", "a007", "a008", "plain", "order-12", "0012", "order-123456789012"] {
            let id_name = names.intern(id);
            let made = derived.name(id_name, 3, &mut names, &mut memo);
            assert_eq!(names.text(made), text.replace("{id}", id));
            assert_eq!(made, names.intern(&text.replace("{id}", id)), "{text} {id}");
        }
    }
    for (text, made) in [("{delivery}", "3"), ("d{delivery}", "d3"), ("{delivery}-x", "3-x")] {
        let id = names.intern("order-1");
        let key = Derived::new(text, &mut names).unwrap();
        assert_eq!(key.name(id, 3, &mut names, &mut template::Memo::default()), names.intern(made));
    }
    for text in ["{delivery}{delivery}", "{delivery}{id}", "{delivery", "{n}{delivery}"] {
        assert!(Derived::new(text, &mut names).is_err(), "{text}");
    }
    assert!(Template::new("{n}{n}", &mut names).is_err());
    assert!(Template::new("{id}", &mut names).is_err());
}
