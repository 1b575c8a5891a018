//! Replay tokens: a run in one word. Format version, the scenario's digest, the seed, and the choices that differ from
//! the seed's.
//!
//! Not the scenario: the file must be at hand, and the digest tells whether it is the right one.

use crate::sim::{ChoiceKey, ChoiceKind, MAX_SEED};
use std::fmt;
use std::str::FromStr;

/// The version of the format that this program writes.
const VERSION: u32 = 1;
/// The longest token that is read, in bytes.
pub const MAX_TOKEN: usize = 1 << 20;

/// What is needed besides the scenario to have a run again, byte for byte.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    /// The first 64 bits of the scenario's digest.
    pub scenario: u64,
    /// The seed; at most [`MAX_SEED`] in a token that is read.
    pub seed: u64,
    /// The choices that differ from the seed's, in the order of their keys.
    pub choices: Vec<(ChoiceKey, u64)>,
}

/// Why a text is not a token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenError {
    /// It does not look like one.
    Malformed,
    /// It was written by another version of the format.
    Version(u32),
    /// Its seed is one that no scenario can have.
    Seed(u64),
    /// It is longer than any that this program writes.
    TooLong,
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TokenError::Malformed => f.write_str("is not a replay token (they look like 1-0123456789abcdef-42)"),
            TokenError::Version(v) => write!(f, "is of format version {v}; this program reads version {VERSION}"),
            TokenError::Seed(seed) => write!(f, "has the seed {seed}; a seed is at most {MAX_SEED}"),
            TokenError::TooLong => write!(f, "is longer than {MAX_TOKEN} bytes"),
        }
    }
}

impl std::error::Error for TokenError {}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{VERSION}-{:016x}-{}", self.scenario, self.seed)?;
        for (i, (key, value)) in self.choices.iter().enumerate() {
            let before = if i == 0 { '-' } else { '_' };
            write!(f, "{before}{:x}.{}.{}.{value}", key.stream, key.kind.0, key.count)?;
        }
        Ok(())
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        if text.len() > MAX_TOKEN {
            return Err(TokenError::TooLong);
        }
        let mut parts = text.trim().split('-');
        let mut part = || parts.next().ok_or(TokenError::Malformed);
        let version: u32 = number(part()?)?;
        if version != VERSION {
            return Err(TokenError::Version(version));
        }
        let scenario = hex(part()?)?;
        let seed = number(part()?)?;
        if seed > MAX_SEED {
            return Err(TokenError::Seed(seed));
        }
        let choices = match parts.next() {
            Some(list) => list.split('_').map(choice).collect::<Result<Vec<_>, _>>()?,
            None => Vec::new(),
        };
        let sorted = choices.windows(2).all(|pair| pair[0].0 < pair[1].0);
        if parts.next().is_some() || !sorted {
            return Err(TokenError::Malformed);
        }
        Ok(Token { scenario, seed, choices })
    }
}

fn choice(text: &str) -> Result<(ChoiceKey, u64), TokenError> {
    let mut fields = text.split('.');
    let mut field = || fields.next().ok_or(TokenError::Malformed);
    let key = ChoiceKey { stream: hex(field()?)?, kind: ChoiceKind(number(field()?)?), count: number(field()?)? };
    let value = number(field()?)?;
    if fields.next().is_some() || key.kind.0 as usize >= crate::sim::KINDS {
        return Err(TokenError::Malformed);
    }
    Ok((key, value))
}

/// A number as this program writes it: no sign, no leading zero.
fn number<T: FromStr>(text: &str) -> Result<T, TokenError> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'));
    if plain { text.parse().map_err(|_| TokenError::Malformed) } else { Err(TokenError::Malformed) }
}

fn hex(text: &str) -> Result<u64, TokenError> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if plain { u64::from_str_radix(text, 16).map_err(|_| TokenError::Malformed) } else { Err(TokenError::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_token_reads_back_as_it_was_written(
            scenario: u64,
            seed in 0..=MAX_SEED,
            choices in proptest::collection::btree_map((any::<u64>(), 0u8..16, any::<u32>()), any::<u64>(), 0..5),
        ) {
            let choices = choices
                .into_iter()
                .map(|((stream, kind, count), value)| (ChoiceKey { stream, kind: ChoiceKind(kind), count }, value))
                .collect();
            let token = Token { scenario, seed, choices };
            prop_assert_eq!(token.to_string().parse::<Token>(), Ok(token));
        }

        #[test]
        fn no_text_makes_reading_panic(text in ".{0,80}") {
            let _ = text.parse::<Token>();
        }
    }

    #[test]
    fn a_token_of_another_version_says_so() {
        assert_eq!("2-0-0".parse::<Token>(), Err(TokenError::Version(2)));
        assert_eq!("hello".parse::<Token>(), Err(TokenError::Malformed));
        assert_eq!("1-0-0-".parse::<Token>(), Err(TokenError::Malformed));
    }

    #[test]
    fn a_token_has_no_seed_that_a_scenario_could_not_have() {
        let token = |seed: u64| format!("1-0-{seed}").parse::<Token>().map(|token| token.seed);
        assert_eq!(token(MAX_SEED), Ok(MAX_SEED));
        assert_eq!(token(MAX_SEED + 1), Err(TokenError::Seed(MAX_SEED + 1)));
        let text = TokenError::Seed(u64::MAX).to_string();
        assert_eq!(text, "has the seed 18446744073709551615; a seed is at most 9223372036854775807");
    }
}
