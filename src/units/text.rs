//! How quantities are written and read: `"10ms"`, `"1.5s"`, `"128KiB"`, `"1/20"`, `"5%"`.

use super::{Ratio, Span, Time};
use std::fmt;

/// Why a text is not a quantity. Reads after the text it is about, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseUnitError(pub &'static str);

impl fmt::Display for ParseUnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for ParseUnitError {}

impl ParseUnitError {
    /// Something else than a number with a unit behind it.
    pub const NO_NUMBER: ParseUnitError = ParseUnitError("is not a number with a unit");
    /// More than this program can count.
    pub const TOO_LARGE: ParseUnitError = ParseUnitError("is too large");
}

const SPANS: [(&str, u64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

const SIZES: [(&str, u64); 7] = [
    ("B", 1),
    ("kB", 1_000),
    ("KiB", 1_024),
    ("MB", 1_000_000),
    ("MiB", 1_048_576),
    ("GB", 1_000_000_000),
    ("GiB", 1_073_741_824),
];

/// Reads a span such as `"10ms"`, `"1.5s"`, `"2min"` or `"0"`.
///
/// # Errors
/// Where the number is malformed or negative, the unit is missing or unknown, or the span is over about 292 years.
pub fn parse_span(text: &str) -> Result<Span, ParseUnitError> {
    if text.trim() == "0" {
        return Ok(Span::ZERO);
    }
    const NO_UNIT: [&str; 2] =
        ["needs a unit: ns, us, ms, s, min or h", "has none of the units ns, us, ms, s, min and h"];
    let ns = scaled(text, &SPANS, NO_UNIT)?;
    if ns > i64::MAX as u64 { Err(ParseUnitError::TOO_LARGE) } else { Ok(Span(ns)) }
}

/// Reads a size such as `"512B"`, `"128KiB"` or `"1.5MB"`, in bytes.
///
/// # Errors
/// Where the number is malformed or negative, the unit is missing or unknown, or the size does not fit.
pub fn parse_size(text: &str) -> Result<u64, ParseUnitError> {
    const NO_UNIT: [&str; 2] =
        ["needs a unit: B, kB, KiB, MB, MiB, GB or GiB", "has none of the units B, kB, KiB, MB, MiB, GB and GiB"];
    scaled(text, &SIZES, NO_UNIT)
}

/// A decimal number with at most one unit behind it, in units of one, without going through floating point. What is to be
/// said where there is no unit, and where there is another, is given.
fn scaled(text: &str, units: &[(&str, u64)], no_unit: [&'static str; 2]) -> Result<u64, ParseUnitError> {
    let text = text.trim();
    if text.starts_with('-') {
        return Err(ParseUnitError("is negative"));
    }
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = (&text[..split], text[split..].trim());
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let digits = !whole.is_empty() && (number.len() == whole.len() || !part.is_empty());
    // No unit has anything but letters: `1e3ms` is meant to be a number.
    if !digits || part.contains('.') || !unit.chars().all(char::is_alphabetic) {
        return Err(ParseUnitError::NO_NUMBER);
    }
    let no_unit = ParseUnitError(no_unit[usize::from(!unit.is_empty())]);
    let &(_, scale) = units.iter().find(|(u, _)| *u == unit).ok_or(no_unit)?;
    const TOO_LARGE: ParseUnitError = ParseUnitError::TOO_LARGE;
    let whole: u64 = whole.parse().map_err(|_| TOO_LARGE)?;
    let mut value = whole.checked_mul(scale).ok_or(TOO_LARGE)?;
    let mut place = scale;
    for digit in part.bytes() {
        if place % 10 != 0 && digit != b'0' {
            return Err(ParseUnitError("is finer than its smallest unit"));
        }
        place /= 10;
        value = value.checked_add(u64::from(digit - b'0') * place).ok_or(TOO_LARGE)?;
    }
    Ok(value)
}

impl Ratio {
    /// Reads a probability: `"1/20"`, `"5%"`, `"0.05"`, `"0"` or `"1"`.
    ///
    /// # Errors
    /// Where the text is malformed, above one, or finer than one in a thousand million.
    pub fn parse(text: &str) -> Result<Ratio, ParseUnitError> {
        const MALFORMED: ParseUnitError = ParseUnitError("is not a probability such as \"1/20\", \"5%\" or \"0.05\"");
        let text = text.trim();
        let number = |s: &str| s.trim().parse::<u32>().map_err(|_| MALFORMED);
        let (of, all) = if let Some((of, all)) = text.split_once('/') {
            (number(of)?, number(all)?)
        } else if let Some(percent) = text.strip_suffix('%') {
            let (of, all) = decimal(percent).ok_or(MALFORMED)?;
            (of, all.checked_mul(100).ok_or(MALFORMED)?)
        } else {
            decimal(text).ok_or(MALFORMED)?
        };
        if all == 0 {
            return Err(MALFORMED);
        }
        if of > all {
            return Err(ParseUnitError("is a probability above one"));
        }
        Ok(Ratio { of, all })
    }
}

fn decimal(text: &str) -> Option<(u32, u32)> {
    let text = text.trim();
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || part.len() > 9 || !text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    let all = 10u32.pow(part.len() as u32);
    let whole = whole.parse::<u32>().ok()?.checked_mul(all)?;
    let part = if part.is_empty() { 0 } else { part.parse::<u32>().ok()? };
    Some((whole.checked_add(part)?, all))
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.of {
            0 => f.write_str("0"),
            of if of == self.all => f.write_str("1"),
            of => write!(f, "{of}/{}", self.all),
        }
    }
}

impl fmt::Display for Span {
    /// Exact, with the largest unit that needs no more than three decimals: `1.5ms`, `200us`, `2min`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: [(&str, u64); 6] = [
            ("h", 3_600_000_000_000),
            ("min", 60_000_000_000),
            ("s", 1_000_000_000),
            ("ms", 1_000_000),
            ("us", 1_000),
            ("ns", 1),
        ];
        if self.0 == 0 {
            return f.write_str("0");
        }
        for (unit, scale) in SHOWN {
            if self.0 < scale {
                continue;
            }
            let (whole, rest) = (self.0 / scale, self.0 % scale);
            if rest == 0 {
                return write!(f, "{whole}{unit}");
            }
            if scale <= 1_000_000_000 && rest % (scale / 1_000).max(1) == 0 && scale > 1 {
                let part = format!("{:03}", rest / (scale / 1_000).max(1));
                return write!(f, "{whole}.{}{unit}", part.trim_end_matches('0'));
            }
        }
        write!(f, "{}ns", self.0)
    }
}

impl fmt::Display for Time {
    /// As a span since the start; the start itself is `0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Span(self.0).fmt(f)
    }
}
