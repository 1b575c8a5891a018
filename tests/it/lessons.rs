//! Lessons: every caption of a scenario comes, and moments are found where the run says they are.

use crate::gallery::cases;
use mqlab::explore::{How, run};
use mqlab::ids::EventId;
use mqlab::trace::{DiskAt, DiskStep, FrameAt, Kind, Moment, What, WorkAt};
use mqlab::world::VERBS;

#[test]
fn every_caption_and_question_of_a_scenario_has_its_moment_in_the_run() {
    for case in cases().into_iter().filter(|case| !case.name.contains('@')) {
        let run = run(&case.plan, case.digest, &[], &How::default());
        let lesson = &run.log.header.lesson;
        let asked = lesson.questions.iter().filter_map(|question| question.at.as_ref());
        for moment in lesson.captions.iter().map(|caption| &caption.at).chain(asked) {
            assert!(moment.find(&run.log, &VERBS).is_some(), "{}: {moment:?} never comes", case.name);
        }
    }
}

#[test]
fn a_moment_is_found_at_the_event_that_it_names() {
    let case = cases().into_iter().find(|case| case.name.ends_with("lost-confirm")).unwrap();
    let run = run(&case.plan, case.digest, &[], &How::default());
    let kind = |moment: Moment| {
        let found: Option<EventId> = moment.find(&run.log, &VERBS);
        found.map(|id| run.log.events()[id.at()].kind)
    };
    let ack = |nth| FrameAt { method: Some("basic.ack".into()), to: Some("shop".into()), nth, ..FrameAt::default() };
    assert!(matches!(kind(Moment::Sending(ack(2))), Some(Kind::Sent(_))));
    assert!(matches!(kind(Moment::Arriving(ack(1))), Some(Kind::Arrived(_))));
    assert_eq!(kind(Moment::Sending(ack(9))), None);
    let disk = |step, message: &str, nth| {
        Moment::Disk(DiskAt { node: "broker".into(), step, message: Some(message.into()), nth })
    };
    for step in [DiskStep::Written, DiskStep::Sync, DiskStep::Synced] {
        let found = kind(disk(step, "order-2", 1));
        assert!(matches!(found, Some(Kind::Disk { what, .. }) if what == step), "{step:?}: {found:?}");
    }
    assert_eq!(kind(disk(DiskStep::Synced, "order-9", 1)), None);
    let work =
        |what, nth| Moment::Work(WorkAt { consumer: "biller".into(), what, message: Some("order-2".into()), nth });
    assert!(matches!(kind(work(What::WorkDone, 2)), Some(Kind::Note { what: What::WorkDone, .. })));
    assert_eq!(kind(work(What::Received, 3)), None, "order-2 is delivered twice");
    let late = Moment::At(u64::MAX);
    assert_eq!(kind(late), None);
    assert!(matches!(kind(Moment::At(0)), Some(Kind::Process(_))));
}
