//! Regular expressions as permissions use them: searched for anywhere in a name unless anchored.
//!
//! The usual parts: literals, `.`, classes, groups, `|`, `*`, `+`, `?`, `{n,m}`, `^`, `$` and escapes. Not
//! look-around, back-references, flags or lazy repetition (which makes no difference to whether something matches).
//! Matching steps all states at once as bits of one word: time grows with the name alone, and nothing is allocated.

use std::fmt::{self, Display, Write};

/// A pattern may be so long, in bytes.
pub const MAX_PATTERN: usize = 1_000;

/// A pattern has at most as many states as a word has bits.
const MAX_STATES: usize = 128;

/// Groups may be nested so deep.
const MAX_DEPTH: u32 = 32;

/// Why a text is no pattern that can be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PatternError(pub &'static str);

impl Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// One state of the automaton.
#[derive(Clone, PartialEq, Debug)]
enum State {
    /// Takes a character of the class and goes on to the next state.
    Take(Class),
    /// Goes on to both.
    Both(usize, usize),
    /// Goes on at the start of the name only.
    Start,
    /// Goes on at the end of the name only.
    End,
}

/// A set of characters: ranges, or everything but them.
#[derive(Clone, PartialEq, Debug, Default)]
struct Class {
    not: bool,
    ranges: Vec<(char, char)>,
}

impl Class {
    fn of(c: char) -> Class {
        Class { not: false, ranges: vec![(c, c)] }
    }
    fn has(&self, c: char) -> bool {
        self.ranges.iter().any(|(from, to)| (*from..=*to).contains(&c)) != self.not
    }
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    states: Vec<State>,
    /// Whether it is found in every name.
    all: bool,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Where the text is no regular expression, uses parts that are not modelled, or is too large.
    pub fn new(text: &str) -> Result<Pattern, PatternError> {
        if text.len() > MAX_PATTERN {
            return Err(PatternError("it is longer than 1000 bytes"));
        }
        let mut reader = Reader { rest: text, states: Vec::new(), depth: 0 };
        reader.alternatives()?;
        if !reader.rest.is_empty() {
            return Err(PatternError("a `)` too many"));
        }
        let states = reader.states;
        let all = matches!(text, "" | ".*" | "^.*" | "^.*$" | ".*$");
        Ok(Pattern { text: text.to_owned(), states, all })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is found in a name.
    pub fn finds(&self, name: impl Display) -> bool {
        if self.all {
            return true;
        }
        let mut search = Search { pattern: self, active: 1, start: true, found: false };
        // The search itself never fails.
        let _ = write!(search, "{name}");
        search.found || self.closure(search.active, search.start, true) >> self.states.len() & 1 == 1
    }

    /// The states that are reached without taking a character; the one behind the last stands for a match.
    fn closure(&self, mut active: u128, start: bool, end: bool) -> u128 {
        let mut open = active;
        while open != 0 {
            let at = open.trailing_zeros() as usize;
            open &= open - 1;
            let next = match self.states.get(at) {
                Some(State::Both(a, b)) => 1 << a | 1 << b,
                Some(State::Start) if start => 1 << (at + 1),
                Some(State::End) if end => 1 << (at + 1),
                _ => 0,
            };
            open |= next & !active;
            active |= next;
        }
        active
    }
}

/// A name on its way through a pattern, character by character.
struct Search<'a> {
    pattern: &'a Pattern,
    active: u128,
    start: bool,
    found: bool,
}

impl Write for Search<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            let mut open = self.pattern.closure(self.active, self.start, false);
            self.found |= open >> self.pattern.states.len() & 1 == 1;
            if self.found {
                return Ok(());
            }
            // A match may begin at every character.
            self.active = 1;
            self.start = false;
            while open != 0 {
                let at = open.trailing_zeros() as usize;
                open &= open - 1;
                if let Some(State::Take(class)) = self.pattern.states.get(at)
                    && class.has(c)
                {
                    self.active |= 1 << (at + 1);
                }
            }
        }
        Ok(())
    }
}

struct Reader<'a> {
    rest: &'a str,
    states: Vec<State>,
    depth: u32,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }
    fn take(&mut self, c: char) -> bool {
        let found = self.rest.starts_with(c);
        if found {
            self.rest = &self.rest[c.len_utf8()..];
        }
        found
    }
    fn add(&mut self, state: State) -> Result<(), PatternError> {
        // One bit is for the match.
        if self.states.len() + 1 >= MAX_STATES {
            return Err(PatternError("it is too large: at most 126 parts"));
        }
        self.states.push(state);
        Ok(())
    }

    /// `a|b|c`: a fork before each but the last, and a way around the rest behind it.
    fn alternatives(&mut self) -> Result<(), PatternError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(PatternError("its groups are nested too deeply"));
        }
        let mut begin = self.states.len();
        let mut ends = Vec::new();
        self.sequence()?;
        while self.take('|') {
            self.insert(begin)?;
            let end = self.states.len();
            self.add(State::Both(end, end))?;
            ends.push(end);
            self.states[begin] = State::Both(begin + 1, end + 1);
            begin = end + 1;
            self.sequence()?;
        }
        let behind = self.states.len();
        for end in ends {
            self.states[end] = State::Both(behind, behind);
        }
        self.depth -= 1;
        Ok(())
    }

    /// Makes room for a fork before a state; the ways of those behind it move with them.
    fn insert(&mut self, at: usize) -> Result<(), PatternError> {
        self.add(State::End)?;
        for state in &mut self.states[at..] {
            if let State::Both(a, b) = state {
                *a += 1;
                *b += 1;
            }
        }
        self.states[at..].rotate_right(1);
        Ok(())
    }

    fn sequence(&mut self) -> Result<(), PatternError> {
        while !self.rest.is_empty() && !self.rest.starts_with(['|', ')']) {
            let begin = self.states.len();
            self.part()?;
            self.repetitions(begin)?;
        }
        Ok(())
    }

    fn part(&mut self) -> Result<(), PatternError> {
        let Some(c) = self.next() else { return Ok(()) };
        match c {
            '^' => self.add(State::Start),
            '$' => self.add(State::End),
            '.' => self.add(State::Take(Class { not: true, ranges: vec![('\n', '\n')] })),
            '[' => {
                let class = self.class()?;
                self.add(State::Take(class))
            }
            '(' => {
                if self.rest.starts_with('?') {
                    let Some(rest) = self.rest.strip_prefix("?:") else {
                        return Err(PatternError("groups that begin with `(?` are not modelled, but for `(?:`"));
                    };
                    self.rest = rest;
                }
                self.alternatives()?;
                if self.take(')') { Ok(()) } else { Err(PatternError("a `(` is not closed")) }
            }
            '*' | '+' | '?' => Err(PatternError("there is nothing before a repetition")),
            '\\' => {
                let class = self.escape()?;
                self.add(State::Take(class))
            }
            c => self.add(State::Take(Class::of(c))),
        }
    }

    fn escape(&mut self) -> Result<Class, PatternError> {
        let Some(c) = self.next() else { return Err(PatternError("a `\\` at the end")) };
        let word = || vec![('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];
        let space = || vec![('\t', '\r'), (' ', ' ')];
        let (not, ranges) = match c {
            'd' => (false, vec![('0', '9')]),
            'D' => (true, vec![('0', '9')]),
            'w' => (false, word()),
            'W' => (true, word()),
            's' => (false, space()),
            'S' => (true, space()),
            't' => (false, vec![('\t', '\t')]),
            'n' => (false, vec![('\n', '\n')]),
            'r' => (false, vec![('\r', '\r')]),
            c if c.is_ascii_alphanumeric() => {
                return Err(PatternError(
                    "of the escapes with a letter or digit \\d, \\w, \\s, \\t, \\n and \\r are modelled",
                ));
            }
            c => return Ok(Class::of(c)),
        };
        Ok(Class { not, ranges })
    }

    fn class(&mut self) -> Result<Class, PatternError> {
        let mut class = Class { not: self.take('^'), ranges: Vec::new() };
        let open = PatternError("a `[` is not closed");
        let mut first = true;
        loop {
            let c = self.next().ok_or(open)?;
            let from = match c {
                ']' if !first => return Ok(class),
                '[' if self.rest.starts_with(':') => {
                    return Err(PatternError("classes such as `[:alpha:]` are not modelled"));
                }
                '\\' => {
                    let escaped = self.escape()?;
                    match escaped.ranges[..] {
                        [(a, b)] if a == b && !escaped.not => a,
                        _ if escaped.not => return Err(PatternError("a negated escape in a class is not modelled")),
                        _ => {
                            class.ranges.extend(escaped.ranges);
                            first = false;
                            continue;
                        }
                    }
                }
                c => c,
            };
            first = false;
            let is_range = self.rest.starts_with('-') && !self.rest.starts_with("-]");
            let mut to = from;
            if is_range {
                self.next();
                to = self.next().ok_or(open)?;
                if to == '\\' {
                    to = self.next().ok_or(open)?;
                }
            }
            if to < from {
                return Err(PatternError("a range that runs backwards"));
            }
            class.ranges.push((from, to));
        }
    }

    fn repetitions(&mut self, begin: usize) -> Result<(), PatternError> {
        let mut repeated = false;
        loop {
            let (least, most) = match self.rest.chars().next() {
                Some(c @ ('*' | '+' | '?')) => {
                    self.next();
                    (usize::from(c == '+'), (c == '?').then_some(1))
                }
                Some('{') => match self.counts()? {
                    Some(counts) => counts,
                    None => return Ok(()),
                },
                _ => return Ok(()),
            };
            if repeated {
                return Err(PatternError("a repetition of a repetition"));
            }
            repeated = true;
            // `a*?` is found where `a*` is.
            let _ = self.take('?');
            self.repeat(begin, least, most)?;
        }
    }

    /// `{n}`, `{n,}` or `{n,m}`; anything else behind a brace is a literal.
    fn counts(&mut self) -> Result<Option<(usize, Option<usize>)>, PatternError> {
        let Some((inside, rest)) = self.rest[1..].split_once('}') else { return Ok(None) };
        let (least, most) = match inside.split_once(',') {
            None => (inside, Some(inside)),
            Some((least, "")) => (least, None),
            Some((least, most)) => (least, Some(most)),
        };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(least) || most.is_some_and(|most| !digits(most)) {
            return Ok(None);
        }
        let large = PatternError("it is too large: at most 126 parts");
        let number = |text: &str| text.parse::<usize>().ok().filter(|n| *n < MAX_STATES).ok_or(large);
        let (least, most) = (number(least)?, most.map(number).transpose()?);
        if most.is_some_and(|most| most < least) {
            return Err(PatternError("a repetition whose numbers run backwards"));
        }
        self.rest = rest;
        Ok(Some((least, most)))
    }

    /// Repeats what was read last: so many copies, then copies that may be left out, or a loop.
    fn repeat(&mut self, begin: usize, least: usize, most: Option<usize>) -> Result<(), PatternError> {
        let part = self.states.split_off(begin);
        for _ in 0..least {
            self.copy(&part, begin)?;
        }
        match most {
            None => {
                let fork = self.states.len();
                self.add(State::End)?;
                self.copy(&part, begin)?;
                let back = self.states.len();
                self.add(State::Both(fork, fork))?;
                self.states[fork] = State::Both(fork + 1, back + 1);
            }
            Some(most) => {
                let mut forks = Vec::new();
                for _ in least..most {
                    forks.push(self.states.len());
                    self.add(State::End)?;
                    self.copy(&part, begin)?;
                }
                let behind = self.states.len();
                for fork in forks {
                    self.states[fork] = State::Both(fork + 1, behind);
                }
            }
        }
        Ok(())
    }

    fn copy(&mut self, part: &[State], from: usize) -> Result<(), PatternError> {
        let at = self.states.len();
        for state in part {
            self.add(match state {
                State::Both(a, b) => State::Both(a - from + at, b - from + at),
                state => state.clone(),
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(pattern: &str, name: &str) -> bool {
        Pattern::new(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}")).finds(name)
    }

    #[test]
    fn patterns_are_searched_for_anywhere_unless_they_are_anchored() {
        assert!(finds("^ok-.*", "ok-1") && !finds("^ok-.*", "no") && !finds("^ok-.*", "not-ok-1"));
        assert!(finds("ok", "not-ok-1") && finds("", "anything") && finds(".*", ""));
        assert!(finds("^$", "") && !finds("^$", "q"));
        assert!(finds("q$", "my-q") && !finds("q$", "my-q2"));
    }

    #[test]
    fn alternatives_groups_and_repetitions() {
        for (pattern, yes, no) in [
            ("^(a|bc|d)$", &["a", "bc", "d"][..], &["b", "ad", ""][..]),
            ("^(a|b)+c?$", &["a", "abba", "bc"], &["c", "", "ac2"]),
            ("^a{2,3}$", &["aa", "aaa"], &["a", "aaaa"]),
            ("^(ab){2}$", &["abab"], &["ab", "ababab"]),
            ("^x{0,1}y{2,}$", &["yy", "xyyy"], &["y", "xxyy"]),
            ("^(?:a|(b|c)*d)e$", &["ae", "de", "bcbde"], &["e", "be"]),
            ("a|", &["", "b"], &[]),
            ("^[a-c_-]+$", &["abc", "a_-"], &["d", ""]),
            ("^[^.]+$", &["abc"], &["a.b"]),
            ("^[]x]$", &["]", "x"], &["a"]),
            (r"^amq\.gen.*", &["amq.gen-x"], &["amqxgen"]),
            (r"^\w+\d$", &["q1", "my_q9"], &["q", "ä1"]),
            ("^a{x}$", &["a{x}"], &["a"]),
            ("^a*?$", &["aaa"], &["b"]),
        ] {
            for name in yes {
                assert!(finds(pattern, name), "{pattern} in {name}");
            }
            for name in no {
                assert!(!finds(pattern, name), "{pattern} in {name}");
            }
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused_with_a_reason() {
        for bad in ["(", ")", "a)", "[", "*", "a**", "(?=x)", r"\1", "[[:alpha:]]", "a{3,2}", "[z-a]", "\\"] {
            assert!(Pattern::new(bad).is_err(), "{bad}");
        }
        assert!(Pattern::new(&"a{100}".repeat(2)).is_err());
        assert!(Pattern::new(&"(".repeat(100)).is_err());
        assert!(Pattern::new(&"x".repeat(MAX_PATTERN + 1)).is_err());
    }
}
