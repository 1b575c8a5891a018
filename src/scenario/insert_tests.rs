//! Variants put into files of every style.

use super::*;
use proptest::prelude::*;

const BASE: &str = "title: \"t\", broker: rabbitmq(queues: [(name: \"q\")]), producers: [(name: \"p\", publish: [(to: \"\", key: \"q\")])]";
const ONE: &str = "(name: \"v\", change: [set(\"seed\", 2)])";

fn draft(changes: &[Change]) -> Draft<'_> {
    Draft { name: "new", about: "What \"if\".", changes, expect: &[] }
}

fn put(file: &str) -> String {
    let source = super::super::read(file).unwrap();
    let changes = [source.change("set(\"seed\", 7)").unwrap()];
    insert(file, &draft(&changes)).unwrap_or_else(|e| panic!("{e}\n{file}"))
}

/// That nothing but the variant, and a comma where one was missing, came in.
fn check(file: &str) -> String {
    let out = put(file);
    let mut rest = out.chars().peekable();
    let gone: String = file
        .chars()
        .filter(|c| {
            // Every character of the old file is found in the new one, in order.
            !rest.by_ref().any(|d| d == *c)
        })
        .collect();
    assert_eq!(gone, "", "{out}");
    let (old, new) = (super::super::read(file).unwrap(), super::super::read(&out).unwrap());
    assert_eq!(new.variants().len(), old.variants().len() + 1, "{out}");
    let names = |s: &Source| s.variants().iter().map(|v| v.name.value.clone()).collect::<Vec<_>>();
    assert_eq!(names(&new)[..old.variants().len()], names(&old)[..]);
    assert_eq!(new.select(Some("new")).unwrap().seed, 7);
    assert_eq!(new.select(None).unwrap().digest, old.select(None).unwrap().digest);
    // Comments stay as they are.
    let comments = |text: &str| text.matches("//").count() + text.matches("/*").count();
    assert_eq!(comments(file), comments(&out));
    out
}

#[test]
fn a_variant_goes_into_files_of_every_style() {
    let styles = [
        format!("Scenario({BASE})"),
        format!("Scenario({BASE},)"),
        format!("({BASE} /* end, really */ )"),
        format!("Scenario(\n    {BASE} // no comma\n)\n"),
        format!("Scenario(\n\t{BASE},\n\t// the last word\n)"),
        format!("Scenario(\n    {BASE},\n    variants: [],\n)\n"),
        format!("Scenario({BASE}, variants: [])"),
        format!("Scenario(\n    {BASE},\n    variants: [{ONE}],\n)\n"),
        format!("Scenario(\n    {BASE},\n    variants: [{ONE},],\n)\n"),
        format!("Scenario(\n    {BASE},\n    variants: [\n        {ONE}, // one\n    ],\n)\n"),
        format!("Scenario(\n    {BASE},\n    variants: [\n        {ONE} // one, without a comma\n    ]\n)\n"),
        format!("Scenario(\n    {BASE},\n    variants: [\n        // none yet\n    ],\n)\n"),
        format!("Scenario(\n  variants: [(\n    name: \"v\",\n    change: [set(\"seed\", 2)],\n  )],\n  {BASE},\n)\n"),
        format!("Scenario(\n    {BASE},\n    variants: [{ONE} /* ] */]\n)\n"),
        format!("// Scenario(variants: [])\nScenario({BASE}, about: \"variants: []\")\n// the end"),
    ];
    let mut shown = String::new();
    for style in &styles {
        for file in [style.clone(), style.replace('\n', "\r\n"), format!("\u{feff}{style}")] {
            let out = check(&file);
            assert_eq!(
                out.matches('\n').count() == out.matches("\r\n").count(),
                !file.contains('\n') && !out.contains('\n') || file.contains("\r\n"),
                "{out:?}"
            );
        }
        shown.push_str(&put(style).replace('\t', "→"));
        shown.push_str("\n---\n");
    }
    insta::assert_snapshot!("a_variant_in_files_of_every_style", shown);
}

#[test]
fn what_cannot_be_put_in_changes_nothing_and_says_why() {
    let file = format!("Scenario({BASE}, variants: [{ONE}])");
    let source = super::super::read(&file).unwrap();
    let good = [source.change("set(\"seed\", 7)").unwrap()];
    let bad = [source.change("set(\"producers.nobody.start\", \"1s\")").unwrap()];
    let taken = Draft { name: "v", ..draft(&good) };
    assert_eq!(insert(&file, &taken).unwrap_err().to_string(), "there is a variant `v` already");
    assert!(insert(&file, &draft(&bad)).unwrap_err().to_string().contains("leads nowhere"));
    assert!(insert("Scenario(", &draft(&good)).unwrap_err().to_string().contains("the file has errors"));
    let many: Vec<String> = (0..MAX_VARIANTS).map(|n| format!("(name: \"v{n}\")")).collect();
    let full = format!("Scenario({BASE}, variants: [{}])", many.join(", "));
    assert_eq!(insert(&full, &draft(&good)), Err(InsertError::Full));
    assert_eq!(source.change("set(\"seed\", 7) x"), None);
}

proptest! {
    #[test]
    fn white_space_and_comments_anywhere_are_kept(blanks in proptest::collection::vec(0usize..7, 12), commas: [bool; 2], old in 0usize..3) {
        const BLANK: [&str; 7] = ["", " ", "\n", "\r\n\t", " // a, ] )\n", "/* ], */", "\n\n    "];
        let mut blanks = blanks.into_iter().map(|i| BLANK[i]);
        let mut b = || blanks.next().unwrap();
        let comma = |yes: bool| if yes { "," } else { "" };
        let variants = vec![ONE.to_owned(), "(name: \"w\")".to_owned()][..old].iter().map(|v| format!("{}{v}{}", b(), b())).collect::<Vec<_>>().join(",");
        let last = if old > 0 { comma(commas[0]) } else { "" };
        let file = format!("{}Scenario({}{BASE},{}variants:{}[{variants}{last}{}]{}{}{})", b(), b(), b(), b(), b(), b(), comma(commas[1]), b());
        check(&file);
    }
}
