//! Points in time one below the other: all in one unit and with as many decimals as they need.
//!
//! Not the text of a single quantity (that is `text`): a column reads best where the points stand below each other.

use super::Time;

/// From here on seconds are easier to read than milliseconds.
const SECONDS_FROM: Time = Time(100_000_000_000);

/// How the times of one column are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Clock {
    seconds: bool,
    decimals: u32,
}

impl Clock {
    /// For these times to the microsecond; what is finer is cut off.
    pub fn of(times: impl IntoIterator<Item = Time>) -> Clock {
        Clock::to(times, 1_000)
    }

    /// For these times to the nanosecond.
    pub fn exact(times: impl IntoIterator<Item = Time>) -> Clock {
        Clock::to(times, 1)
    }

    /// For these times, of which what is finer than `finest` nanoseconds is cut off.
    fn to(times: impl IntoIterator<Item = Time>, finest: u64) -> Clock {
        let (mut latest, mut needs) = (Time::ZERO, 1_000_000_000);
        for Time(at) in times {
            latest = latest.max(Time(at));
            while needs > finest && !(at - at % finest).is_multiple_of(needs) {
                needs /= 10;
            }
        }
        let seconds = latest >= SECONDS_FROM;
        let unit: u64 = if seconds { 1_000_000_000 } else { 1_000_000 };
        Clock { seconds, decimals: (unit / needs.min(unit)).ilog10() }
    }

    /// A time with its unit.
    pub fn text(self, time: Time) -> String {
        self.number(time) + self.unit()
    }

    /// A time without its unit, for a column that names it at its head.
    pub fn number(self, time: Time) -> String {
        let scale: u64 = if self.seconds { 1_000_000_000 } else { 1_000_000 };
        let (whole, decimals) = (time.0 / scale, self.decimals as usize);
        if decimals == 0 {
            return whole.to_string();
        }
        let part = time.0 % scale / (scale / 10u64.pow(self.decimals));
        format!("{whole}.{part:0decimals$}")
    }

    /// The unit of the column.
    pub fn unit(self) -> &'static str {
        if self.seconds { "s" } else { "ms" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(clock: Clock, times: &[u64]) -> Vec<String> {
        times.iter().map(|at| clock.text(Time(*at))).collect()
    }

    #[test]
    fn all_times_of_a_column_have_one_unit_and_the_same_decimals() {
        let of = |times: &[u64]| texts(Clock::of(times.iter().map(|at| Time(*at))), times);
        assert_eq!(of(&[0, 3_000_000, 12_000_000]), ["0ms", "3ms", "12ms"]);
        assert_eq!(of(&[0, 3_050_000]), ["0.00ms", "3.05ms"]);
        assert_eq!(of(&[29_414_218, 1_000_000]), ["29.414ms", "1.000ms"]);
        assert_eq!(of(&[50_000, 2_000_000_000_000]), ["0.00005s", "2000.00000s"]);
        assert_eq!(of(&[]), Vec::<String>::new());
    }

    #[test]
    fn an_exact_column_loses_nothing() {
        let times = [29_414_218, 1_000_000];
        assert_eq!(texts(Clock::exact(times.map(Time)), &times), ["29.414218ms", "1.000000ms"]);
        assert_eq!(texts(Clock::exact([Time(u64::MAX)]), &[u64::MAX]), ["18446744073.709551615s"]);
    }
}
