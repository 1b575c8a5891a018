//! Consistent-hash exchanges (the plugin `x-consistent-hash`): the binding key is a weight, and a message goes to the one
//! binding that owns its point on the ring.
//!
//! Simplified in two ways: the plugin hashes with Erlang's own functions, so which queue a given key falls to differs
//! (the shares do not); and a target that is bound more than once has the sum of its weights.

use super::{BindError, Link, Table, Target};
use crate::ids::{Name, Names};
use crate::machine::{Message, Value};
use crate::mem::mix;
use std::sync::Arc;

/// Properties that `hash-property` may name.
const PROPERTIES: [&str; 3] = ["correlation_id", "message_id", "timestamp"];

/// What is hashed.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) enum HashOn {
    /// The routing key.
    #[default]
    Key,
    /// A header.
    Header(Arc<str>),
    /// The property `correlation_id`.
    Correlation,
    /// The property `message_id`.
    Id,
    /// The property `timestamp`.
    Timestamp,
}

impl HashOn {
    /// What the arguments of an exchange ask for.
    ///
    /// # Errors
    /// Where they make no sense.
    pub(super) fn read(arguments: &Table) -> Result<HashOn, BindError> {
        let text = |key: &str| match arguments.iter().find(|(known, _)| &**known == key) {
            Some((_, Value::Text(text))) => Some(Arc::clone(text)),
            _ => None,
        };
        match (text("hash-header"), text("hash-property")) {
            (Some(_), Some(_)) => Err(BindError::HashTwice),
            (Some(header), None) => Ok(HashOn::Header(header)),
            (None, None) => Ok(HashOn::Key),
            (None, Some(property)) => match PROPERTIES.iter().position(|known| *known == &*property) {
                Some(0) => Ok(HashOn::Correlation),
                Some(1) => Ok(HashOn::Id),
                Some(_) => Ok(HashOn::Timestamp),
                None => Err(BindError::HashProperty(property)),
            },
        }
    }

    /// The point of a message. What lacks the header or property has the same point as all that lack it.
    pub(super) fn point(&self, key: Name, message: &Message, names: &Names) -> u64 {
        let name = |name: Name| if name.is_some() { super::with_text(name, names, hash_text) } else { 0 };
        match self {
            HashOn::Key => name(key),
            HashOn::Correlation => name(message.correlation),
            HashOn::Id => name(message.id),
            HashOn::Timestamp => message.props.timestamp.map_or(0, |time| mix(time + 1)),
            HashOn::Header(header) => message.props.header(header).map_or(0, super::headers::hash_value),
        }
    }
}

pub(super) fn hash_text(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

/// The weight that a binding key says.
///
/// # Errors
/// Where it is no integer of at least 1.
pub(super) fn weight(key: &str) -> Result<u32, BindError> {
    let digits = key.strip_prefix(['+', '-']).unwrap_or(key);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(BindError::WeightText(key.into()));
    }
    // What does not fit is a weight far beyond anything sensible.
    let value = key.trim_start_matches('+').parse::<i64>().unwrap_or(if key.starts_with('-') { -1 } else { i64::MAX });
    if value < 1 {
        return Err(BindError::WeightZero);
    }
    Ok(u32::try_from(value).unwrap_or(u32::MAX))
}

/// The bindings of a consistent-hash exchange: buckets in the order of binding, as many for each as its weight, counted
/// in a tree of sums, so that a bucket's owner is found in logarithmic time.
#[derive(Debug, Default)]
pub(super) struct Ring {
    hash_on: HashOn,
    /// Weight and target; a weight of 0 is a binding that was removed.
    owners: Vec<(u32, Target)>,
    /// A Fenwick tree over the weights.
    sums: Vec<u64>,
    total: u64,
}

crate::clone_in_place!(Ring { hash_on, owners, sums, total });

impl Ring {
    pub(super) fn new(hash_on: HashOn) -> Ring {
        Ring { hash_on, ..Ring::default() }
    }

    pub(super) fn add(&mut self, weight: u32, target: Target) -> Link {
        self.owners.push((weight, target));
        let at = self.owners.len();
        // The sum of the last so many weights, of which the tree knows all but the new one.
        let from = at - (at & at.wrapping_neg());
        self.sums.push(0);
        let sum = self.before(at - 1) - self.before(from) + u64::from(weight);
        self.sums[at - 1] = sum;
        self.total += u64::from(weight);
        Link(at as u32 - 1)
    }

    /// The sum of the first `count` weights.
    fn before(&self, mut count: usize) -> u64 {
        let mut sum = 0;
        while count > 0 {
            sum += self.sums[count - 1];
            count &= count - 1;
        }
        sum
    }

    /// Takes a binding out; the buckets behind it move down. Its place stays until the next [`Ring::clear`].
    pub(super) fn remove(&mut self, link: Link) {
        let Some(owner) = self.owners.get_mut(link.0 as usize) else { return };
        let weight = u64::from(std::mem::take(&mut owner.0));
        self.total -= weight;
        let mut at = link.0 as usize + 1;
        while at <= self.sums.len() {
            self.sums[at - 1] -= weight;
            at += at & at.wrapping_neg();
        }
    }

    /// Makes it new; the allocations stay.
    pub(super) fn renew(&mut self, hash_on: HashOn) {
        self.hash_on = hash_on;
        self.clear();
    }

    /// Takes out all bindings; the allocations stay.
    pub(super) fn clear(&mut self) {
        self.owners.clear();
        self.sums.clear();
        self.total = 0;
    }

    /// The owner of a bucket.
    fn owner(&self, mut bucket: u64) -> Option<Target> {
        let mut at = 0;
        let mut step = self.sums.len().next_power_of_two();
        while step > 0 {
            if at + step <= self.sums.len() && self.sums[at + step - 1] <= bucket {
                at += step;
                bucket -= self.sums[at - 1];
            }
            step /= 2;
        }
        self.owners.get(at).map(|owner| owner.1)
    }

    /// The bucket of a message, and who owns it.
    pub(super) fn pick(&self, key: Name, message: &Message, names: &Names) -> Option<(u64, Target)> {
        if self.total == 0 {
            return None;
        }
        let bucket = jump(mix(self.hash_on.point(key, message, names)), self.total);
        Some((bucket, self.owner(bucket)?))
    }
}

/// Jump consistent hashing: when buckets are added at the end, a point stays where it is or goes to a new one.
fn jump(mut point: u64, buckets: u64) -> u64 {
    let (mut bucket, mut next) = (0, 0);
    while next < u128::from(buckets) {
        bucket = next as u64;
        point = point.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        next = (u128::from(bucket + 1) << 31) / u128::from((point >> 33) + 1);
    }
    bucket
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(names: &mut Names, n: u32) -> Target {
        Target::Queue(names.intern(&format!("q{n}")))
    }

    #[test]
    fn shares_follow_the_weights_and_stay_put_when_a_queue_joins() {
        let (mut names, mut ring) = (Names::new(), Ring::default());
        let targets: Vec<Target> = (0..3).map(|n| queue(&mut names, n)).collect();
        for (weight, target) in [1, 2, 1].into_iter().zip(&targets) {
            ring.add(weight, *target);
        }
        let pick = |ring: &Ring, names: &mut Names| -> Vec<Target> {
            let message = Message::plain(Name::EMPTY, 0);
            (0..4000).map(|n| ring.pick(names.intern(&format!("key-{n}")), &message, names).unwrap().1).collect()
        };
        let before = pick(&ring, &mut names);
        let share = |target| before.iter().filter(|other| **other == target).count();
        assert!((900..1100).contains(&share(targets[0])) && (1850..2150).contains(&share(targets[1])));
        let new = queue(&mut names, 3);
        ring.add(4, new);
        let after = pick(&ring, &mut names);
        assert!(before.iter().zip(&after).all(|(old, now)| old == now || *now == new));
        ring.remove(Link(3));
        assert_eq!(pick(&ring, &mut names), before);
        ring.remove(Link(1));
        assert!(!pick(&ring, &mut names).contains(&targets[1]));
    }

    #[test]
    fn every_bucket_has_the_owner_whose_weight_covers_it() {
        let (mut names, mut ring) = (Names::new(), Ring::default());
        for n in 0..37 {
            let target = queue(&mut names, n);
            ring.add(n % 5 + 1, target);
        }
        (0..37).filter(|n| n % 3 == 0).for_each(|n| ring.remove(Link(n)));
        let owners: Vec<(u32, Target)> = ring.owners.clone();
        let expected = owners.iter().flat_map(|owner| std::iter::repeat_n(owner.1, owner.0 as usize));
        let found: Vec<Target> = (0..ring.total).map(|bucket| ring.owner(bucket).unwrap()).collect();
        assert_eq!(found, expected.collect::<Vec<_>>());
    }

    #[test]
    fn a_weight_is_an_integer_of_at_least_1() {
        assert_eq!(weight("10").unwrap(), 10);
        assert_eq!(weight("a").unwrap_err().to_string(), "The binding key must be an integer: <<\"a\">>");
        assert_eq!(weight("").unwrap_err().to_string(), "The binding key must be an integer: <<>>");
        assert_eq!(weight("0").unwrap_err(), BindError::WeightZero);
        assert_eq!(weight("-3").unwrap_err().to_string(), "The binding key must be greater than 0");
        assert_eq!(weight("99999999999999999999").unwrap(), u32::MAX);
    }
}
