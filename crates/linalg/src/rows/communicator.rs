//! What processes that fit one model together tell each other.

/// Processes that run the same program on shares of the same rows. Every method is called by all of them, in the same order; what
/// comes out is the same in each. One that stands before another (counts, writes down) has to hand over every method, those with a default
/// too.
pub trait Communicator: std::fmt::Debug + Sync {
    /// The number of this process, from 0.
    fn rank(&self) -> usize;

    /// How many there are.
    fn size(&self) -> usize;

    /// The largest of all processes' numbers, place by place.
    fn largest(&self, values: &mut [i32]);

    /// The sum of all processes' numbers, place by place.
    fn total(&self, values: &mut [i64]);

    /// What each process says, in the order of their numbers: for names, messages and a few numbers, not for data.
    fn gather(&self, mine: &[u8]) -> Vec<Vec<u8>>;

    /// True if nobody has to be asked: of a process of its own, what it finds is what all find.
    fn is_alone(&self) -> bool {
        self.size() == 1
    }

    /// Asked before the leaves are looked at for what is asked next: false if that is known already, as what an earlier run has found is.
    fn must_look(&self) -> bool {
        true
    }

    /// The numbers that each process says.
    fn gather_numbers(&self, mine: &[f64]) -> Vec<Vec<f64>> {
        let bytes: Vec<u8> = mine.iter().flat_map(|x| x.to_le_bytes()).collect();
        let number = |bytes: &[u8]| bytes.try_into().map_or(f64::NAN, f64::from_le_bytes);
        let numbers = |bytes: Vec<u8>| bytes.chunks(8).map(number).collect();
        self.gather(&bytes).into_iter().map(numbers).collect()
    }

    /// True if a statement holds for all.
    fn all(&self, mine: bool) -> bool {
        let mut fails = [i32::from(!mine)];
        self.largest(&mut fails);
        fails == [0]
    }
}

/// A process of its own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alone;

impl Communicator for Alone {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        1
    }

    fn largest(&self, _: &mut [i32]) {}

    fn total(&self, _: &mut [i64]) {}

    fn gather(&self, mine: &[u8]) -> Vec<Vec<u8>> {
        vec![mine.to_vec()]
    }
}
