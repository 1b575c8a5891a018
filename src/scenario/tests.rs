//! The language as its users meet it: scenarios that are right, and every way in which one can be wrong.

use super::*;

fn shipped() -> Vec<(String, String)> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|p| (p.display().to_string(), std::fs::read_to_string(&p).unwrap())).collect()
}

#[test]
fn every_shipped_scenario_and_variant_is_right() {
    for (path, text) in shipped() {
        let source = read(&text).unwrap_or_else(|errors| panic!("{}", errors.render(&path, Look::PLAIN)));
        for variant in source.variants() {
            source.select(Some(&variant.name.value)).unwrap();
        }
    }
}

#[test]
fn a_printed_scenario_reads_the_same() {
    for (_, text) in shipped() {
        let source = read(&text).unwrap();
        let printed = source.print();
        let again = read(&printed).unwrap();
        assert!(source.root().same(again.root()), "{printed}");
        assert_eq!(again.print(), printed);
        assert_eq!(source.select(None).unwrap().digest, again.select(None).unwrap().digest);
    }
}
