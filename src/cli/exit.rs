//! Exit codes: declared once, for the program, its help, its manual page and the book.

/// How the program ends. The number is what the shell sees.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Exit {
    /// All is well.
    Holds = 0,
    /// Something that was expected does not hold.
    Broken = 1,
    /// The command line or a file is wrong.
    Usage = 2,
    /// The same run came out differently twice.
    NotDeterministic = 3,
    /// A limit was hit.
    Inconclusive = 4,
    /// A golden file differs.
    Golden = 5,
    /// A fault of the program.
    Internal = 70,
    /// Reading or writing failed.
    InputOutput = 74,
    /// Ctrl-C.
    Interrupted = 130,
}

/// Every exit code and what it means, in the order of the numbers.
pub const EXIT_CODES: &[(Exit, &str)] = &[
    (Exit::Holds, "all holds, or there was nothing to hold; also when the reader of the output went away"),
    (Exit::Broken, "an expectation, invariant or comparison does not hold, or a search found a violation"),
    (Exit::Usage, "wrong usage, or a file that is missing or has errors; nothing was run"),
    (Exit::NotDeterministic, "a run that did not come out the same way twice"),
    (Exit::Inconclusive, "inconclusive: a limit was hit before the end"),
    (Exit::Golden, "a golden file differs"),
    (Exit::Internal, "an internal error: a fault of mqlab"),
    (Exit::InputOutput, "reading or writing failed"),
    (Exit::Interrupted, "interrupted"),
];

/// The order in which several endings outweigh each other, the heaviest first: what could not be done at all, then
/// 3, 1, 5, 4.
const WEIGHT: [Exit; 9] = [
    Exit::Internal,
    Exit::InputOutput,
    Exit::Interrupted,
    Exit::Usage,
    Exit::NotDeterministic,
    Exit::Broken,
    Exit::Golden,
    Exit::Inconclusive,
    Exit::Holds,
];

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// Of two endings the one that outweighs the other.
    pub fn and(self, other: Exit) -> Exit {
        WEIGHT.into_iter().find(|exit| *exit == self || *exit == other).unwrap_or(self)
    }
}

/// The table as lines of text.
pub(super) fn as_text() -> String {
    let mut text = String::from("Exit codes:\n");
    for (exit, meaning) in EXIT_CODES {
        text.push_str(&format!("  {:>3}  {meaning}\n", exit.code()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_endings_3_outweighs_1_outweighs_5_outweighs_4() {
        let order = [Exit::NotDeterministic, Exit::Broken, Exit::Golden, Exit::Inconclusive, Exit::Holds];
        for (i, heavy) in order.into_iter().enumerate() {
            for light in &order[i..] {
                assert_eq!(heavy.and(*light), heavy);
                assert_eq!(light.and(heavy), heavy);
            }
        }
        assert_eq!(Exit::Usage.and(Exit::Broken), Exit::Usage);
    }

    #[test]
    fn every_code_is_in_the_table_once_and_in_order() {
        assert!(EXIT_CODES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(WEIGHT.iter().all(|exit| EXIT_CODES.iter().any(|(known, _)| known == exit)));
        assert_eq!(WEIGHT.len(), EXIT_CODES.len());
    }
}
