//! Names made from a number or from another name: `order-{n}`, `re-{id}`.
//!
//! Made so that the common forms give a name without formatting a text.

use crate::ids::{Name, Names, Sym};
use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;

/// Why a text is no template. Reads after the text it is about, in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TemplateError(pub &'static str);

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for TemplateError {}

/// A text with at most one `{n}`, which stands for a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Form);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    /// Without `{n}`.
    Fixed(Name),
    /// `{n}` at the end, behind a prefix that ends in no digit.
    Series(Name),
    /// Anything else.
    Text { before: Arc<str>, after: Arc<str> },
}

impl Template {
    /// Reads a template. Its names are interned: make it before the names are shared.
    ///
    /// # Errors
    /// Where `{n}` occurs more than once, or there are other braces.
    pub fn new(text: &str, names: &mut Names) -> Result<Template, TemplateError> {
        let Some((before, after)) = split(text, "{n}")? else { return Ok(Template::fixed(names.intern(text))) };
        if let (true, Some(series)) = (after.is_empty(), names.series(before)) {
            return Ok(Template(Form::Series(series)));
        }
        Ok(Template(Form::Text { before: before.into(), after: after.into() }))
    }

    /// The template that always gives this name.
    pub fn fixed(name: Name) -> Template {
        Template(Form::Fixed(name))
    }

    /// Whether each number gives a name of its own.
    pub fn numbered(&self) -> bool {
        !matches!(self.0, Form::Fixed(_))
    }

    /// The name for the number `n` (below `u32::MAX`).
    #[inline]
    pub fn name(&self, n: u32, names: &mut Names) -> Name {
        match &self.0 {
            Form::Fixed(name) => *name,
            Form::Series(series) if n < MAX_DIRECT => series.nth(n),
            Form::Series(series) => {
                let text = format!("{}{n}", names.prefix_text(series.prefix()));
                names.intern(&text)
            }
            Form::Text { before, after } => names.intern(&format!("{before}{n}{after}")),
        }
    }
}

impl Template {
    /// The name for the number `n` where it was made before.
    pub(super) fn known(&self, n: u32, names: &Names) -> Option<Name> {
        match &self.0 {
            Form::Fixed(name) => Some(*name),
            Form::Series(series) if n < MAX_DIRECT => Some(series.nth(n)),
            Form::Series(series) => names.find(&format!("{}{n}", names.prefix_text(series.prefix()))),
            Form::Text { before, after } => names.find(&format!("{before}{n}{after}")),
        }
    }
}

/// Interning splits off at most nine digits; a number beyond is not one name's number.
const MAX_DIRECT: u32 = 1_000_000_000;

/// The parts before and behind the one hole, if there is one.
fn split<'a>(text: &'a str, hole: &str) -> Result<Option<(&'a str, &'a str)>, TemplateError> {
    let parts = text.split_once(hole);
    let (before, after) = parts.unwrap_or((text, ""));
    if after.contains(hole) {
        return Err(TemplateError("has its placeholder twice"));
    }
    if before.contains(['{', '}']) || after.contains(['{', '}']) {
        return Err(TemplateError("has braces that are not its placeholder"));
    }
    Ok(parts)
}

/// Stands for the number of a delivery.
const DELIVERY: &str = "{delivery}";

/// A text with at most one `{id}`, which stands for a message's id, or at most one `{delivery}`, which stands for the
/// number of its delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derived(Source);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    Fixed(Name),
    Id { before: Arc<str>, after: Arc<str> },
    Delivery(Template),
}

impl Derived {
    /// Reads a template over `{id}` or `{delivery}`. Its names are interned: make it before the names are shared.
    ///
    /// # Errors
    /// Where the placeholder occurs more than once, or there are other braces.
    pub fn new(text: &str, names: &mut Names) -> Result<Derived, TemplateError> {
        if text.contains(DELIVERY) {
            split(text, DELIVERY)?;
            return Template::new(&text.replace(DELIVERY, "{n}"), names).map(|made| Derived(Source::Delivery(made)));
        }
        Ok(Derived(match split(text, "{id}")? {
            Some((before, after)) => Source::Id { before: before.into(), after: after.into() },
            None => Source::Fixed(names.intern(text)),
        }))
    }

    /// The template `{id}`: the id itself.
    pub fn id() -> Derived {
        Derived(Source::Id { before: "".into(), after: "".into() })
    }

    /// The name for a message's `id` and its delivery's number. `memo` is for this template alone and saves it from
    /// formatting the same prefix twice.
    pub(super) fn name(&self, id: Name, delivery: u32, names: &mut Names, memo: &mut Memo) -> Name {
        let (before, after) = match &self.0 {
            Source::Fixed(name) => return *name,
            Source::Delivery(template) => return template.name(delivery, names),
            Source::Id { before, after } => (before, after),
        };
        if before.is_empty() && after.is_empty() {
            return id;
        }
        if let (Some(n), Some((prefix, made))) = (id.number(), memo.0)
            && prefix == id.prefix()
        {
            return made.nth(n);
        }
        let made = names.compose(|names, text| write!(text, "{before}{}{after}", names.show(id)));
        if after.is_empty() && made.number() == id.number() && id.number().is_some() {
            memo.0 = stable(before, names.prefix_text(id.prefix())).then_some((id.prefix(), made));
        }
        made
    }
}

/// Whether putting `before` in front of any name with this prefix leaves the number at its end the same.
fn stable(before: &str, prefix: &str) -> bool {
    prefix.bytes().any(|b| !b.is_ascii_digit()) || !before.ends_with(|c: char| c.is_ascii_digit())
}

/// The prefix that a template over `{id}` met last, and what became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Memo(Option<(Sym, Name)>);
