//! Tables that are made of tables, at compile time.

/// The parts one after the other, in an array whose length is the sum of theirs. For tables that are made of tables.
///
/// # Panics
/// Where the length is another, or the first part is empty; in a constant that is an error of the compilation.
pub const fn join<T: Copy, const N: usize>(parts: &[&[T]]) -> [T; N] {
    let mut all = [parts[0][0]; N];
    let (mut part, mut at) = (0, 0);
    while part < parts.len() {
        let mut row = 0;
        while row < parts[part].len() {
            all[at] = parts[part][row];
            (row, at) = (row + 1, at + 1);
        }
        part += 1;
    }
    assert!(at == N, "the array is longer than its parts");
    all
}
