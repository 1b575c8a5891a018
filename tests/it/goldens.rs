//! Golden timelines, stories and verdicts of the gallery.

use crate::gallery::cases;
use mqlab::explore::{How, run};
use mqlab::verdict;
use mqlab::world::{RULES, VERBS};

#[test]
fn print_all() {
    let only = std::env::var("ONLY").unwrap_or_default();
    for case in cases() {
        if !case.name.contains(&only) {
            continue;
        }
        let expect: Vec<_> = case.scenario.expect.iter().map(|e| e.expectation.clone()).collect();
        let run = run(&case.plan, case.digest, &expect, &How::default());
        println!("=================== {}", case.name);
        let timeline = mqlab::timeline::lay_out(&run.log, &VERBS, &RULES, &Default::default());
        println!("{}", mqlab::timeline::text::render(&timeline, 110, mqlab::timeline::text::Glyphs::Unicode).plain());
        println!("{}", verdict::sheet(&run.findings, &run.checked));
        println!("{}", run.token);
    }
}
