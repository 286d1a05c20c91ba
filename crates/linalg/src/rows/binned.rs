//! Sums of vectors that do not depend on the order of the terms.
//!
//! Every term is cut at the same places of the binary scale, multiples of 32 bits, into three whole numbers, and whole numbers add
//! without rounding. The three places are those below the largest term; what a term has below them is rounded away, by the same rule
//! whatever came before it. So a sum has 63 bits or more below its largest term, and any order, any threads and any processes give the
//! same one (Demmel and Nguyen 2015, "Parallel Reproducible Summation", with whole numbers instead of floating-point bins).

use super::Communicator;

/// Bits of a place.
const WIDTH: i32 = 32;
/// The place of the smallest terms that are kept: below 2⁻⁹⁹² a sum is 0.
const LOWEST: i32 = -29;
const HIGHEST: i32 = 31;
/// Added to a number below 2⁵¹ it leaves the nearest whole number in the low bits.
const MAGIC: f64 = 6_755_399_441_055_744.0;
/// The place of an entry without a term, and of one with a term that is no finite number.
const EMPTY: i32 = i32::MIN;
const SPECIAL: i32 = i32::MAX;

/// A vector of sums. Up to 2³⁰ terms can be added.
///
/// ```
/// use linalg::BinnedSums;
/// let (mut a, mut b) = (BinnedSums::new(1), BinnedSums::new(1));
/// for x in [1e8, 1.0, -1e8, 0.1] {
///     a.add(0, &[x]);
/// }
/// for x in [0.1, -1e8, 1e8, 1.0] {
///     b.add(0, &[x]);
/// }
/// assert_eq!((a.get(0), b.get(0)), (1.1, 1.1));
/// ```
#[derive(Debug, Clone, Default)]
pub struct BinnedSums {
    /// The unit of the first word: 2 to the power of 32 times the place; 0 without a term, NaN with one that is not finite.
    unit: Vec<f64>,
    /// Of an entry with terms that are not finite: how many are ∞, −∞ and NaN.
    words: [Vec<i64>; 3],
}

impl BinnedSums {
    /// So many sums of nothing.
    pub fn new(length: usize) -> Self {
        let mut sums = Self::default();
        sums.reset(length);
        sums
    }

    /// Forgets all terms.
    pub fn reset(&mut self, length: usize) {
        self.unit.clear();
        self.unit.resize(length, 0.0);
        for words in &mut self.words {
            words.clear();
            words.resize(length, 0);
        }
    }

    /// The number of sums.
    pub fn len(&self) -> usize {
        self.unit.len()
    }

    /// True if there are no sums.
    pub fn is_empty(&self) -> bool {
        self.unit.is_empty()
    }

    /// Adds a term to each of the sums from `at` on.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn add(&mut self, at: usize, terms: &[f64]) {
        const PART: usize = 64;
        for (k, terms) in terms.chunks(PART).enumerate() {
            let from = at + k * PART;
            let unit = &self.unit[from..from + terms.len()];
            let fits = |(x, unit): (&f64, &f64)| x.abs() < unit * 2_147_483_648.0;
            if !terms
                .iter()
                .zip(unit)
                .fold(true, |all, pair| all & fits(pair))
            {
                for (i, &x) in terms.iter().enumerate() {
                    self.make_room(from + i, x);
                }
            }
            self.add_fitting(from, terms);
        }
    }

    /// Adds terms whose places are known to be high enough, and counts those that are not finite.
    fn add_fitting(&mut self, from: usize, terms: &[f64]) {
        let range = from..from + terms.len();
        let unit = &self.unit[range.clone()];
        let [first, second, third] = self.words.each_mut().map(|w| &mut w[range.clone()]);
        if unit.iter().any(|unit| unit.is_nan()) {
            for (i, (&x, &unit)) in terms.iter().zip(unit).enumerate() {
                let counts = if unit.is_nan() {
                    let is = |special: bool| i64::from(special);
                    [
                        is(x == f64::INFINITY),
                        is(x == f64::NEG_INFINITY),
                        is(x.is_nan()),
                    ]
                } else {
                    cut(x, unit)
                };
                first[i] += counts[0];
                second[i] += counts[1];
                third[i] += counts[2];
            }
            return;
        }
        for (i, (&x, &unit)) in terms.iter().zip(unit).enumerate() {
            let [high, middle, low] = cut(x, unit);
            first[i] += high;
            second[i] += middle;
            third[i] += low;
        }
    }

    /// Moves an entry to the place of a term, if that is higher.
    fn make_room(&mut self, i: usize, x: f64) {
        let place = place(x);
        if place > self.place(i) {
            self.raise(i, place);
        }
    }

    fn place(&self, i: usize) -> i32 {
        let unit = self.unit[i];
        if unit.is_nan() {
            SPECIAL
        } else if unit == 0.0 {
            EMPTY
        } else {
            ((unit.to_bits() >> 52) as i32 - 1023) / WIDTH
        }
    }

    fn raise(&mut self, i: usize, place: i32) {
        let old = self.place(i);
        if old == place {
            return;
        }
        let [first, second, third] = &mut self.words;
        let words = [first[i], second[i], third[i]];
        let up = i64::from(place) - i64::from(old);
        let at = |k: i64| match usize::try_from(k - up) {
            Ok(k) if place != SPECIAL && old != EMPTY && k < 3 => words[k],
            _ => 0,
        };
        (first[i], second[i], third[i]) = (at(0), at(1), at(2));
        self.unit[i] = unit(place);
    }

    /// Adds the sums of others.
    ///
    /// # Panics
    /// If they are not as many.
    pub fn merge(&mut self, other: &Self) {
        assert_eq!(self.len(), other.len(), "sums: the lengths differ");
        for i in 0..self.len() {
            let (mine, theirs) = (self.place(i), other.place(i));
            if theirs > mine {
                self.raise(i, theirs);
            }
            let down = i64::from(mine.max(theirs)) - i64::from(theirs);
            if theirs == EMPTY || mine == SPECIAL && theirs != SPECIAL {
                continue;
            }
            for k in 0..3 {
                if let Some(to) = usize::try_from(k as i64 + down).ok().filter(|to| *to < 3) {
                    self.words[to][i] += other.words[k][i];
                }
            }
        }
    }

    /// Adds the sums of all other processes; all of them have to do so.
    pub fn combine(&mut self, processes: &dyn Communicator) {
        if processes.is_alone() {
            return;
        }
        let mut places: Vec<i32> = (0..self.len()).map(|i| self.place(i)).collect();
        processes.largest(&mut places);
        for (i, place) in places.into_iter().enumerate() {
            self.raise(i, place);
        }
        for words in &mut self.words {
            processes.total(words);
        }
    }

    /// A sum, rounded once.
    ///
    /// # Panics
    /// If there is no such sum.
    pub fn get(&self, i: usize) -> f64 {
        let unit = self.unit[i];
        let [first, second, third] = self.words.each_ref().map(|words| words[i]);
        if unit.is_nan() {
            return match (first > 0, second > 0, third > 0) {
                (true, false, false) => f64::INFINITY,
                (false, true, false) => f64::NEG_INFINITY,
                _ => f64::NAN,
            };
        }
        let total = (i128::from(first) << 64) + (i128::from(second) << 32) + i128::from(third);
        // Times 2⁻⁶⁴.
        total as f64 * (unit * 5.421_010_862_427_522e-20)
    }

    /// The sums from `at` on.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn read(&self, at: usize, out: &mut [f64]) {
        for (i, out) in out.iter_mut().enumerate() {
            *out = self.get(at + i);
        }
    }
}

/// A term in units of its place.
#[inline]
fn cut(x: f64, unit: f64) -> [i64; 3] {
    const NEXT: f64 = 4_294_967_296.0;
    // The reciprocal of a power of two; of 0, which stands with a term of 0, anything finite.
    let inverse = f64::from_bits((2046_u64 << 52) - unit.to_bits());
    let (high, rest) = whole(x * inverse);
    let (middle, rest) = whole(rest * NEXT);
    let (low, _) = whole(rest * NEXT);
    [high, middle, low]
}

/// The nearest whole number of one below 2⁵¹, and what is left.
#[inline]
fn whole(x: f64) -> (i64, f64) {
    let moved = x + MAGIC;
    let number = (moved.to_bits() as i64).wrapping_sub(MAGIC.to_bits() as i64);
    (number, x - (moved - MAGIC))
}

/// The place at which a term is at most half a word.
fn place(x: f64) -> i32 {
    if x == 0.0 {
        return EMPTY;
    }
    if !x.is_finite() {
        return SPECIAL;
    }
    let exponent = ((x.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    // 2ᵉ ≤ |x| < 2ᵉ⁺¹ ≤ 2³¹ · 2³²ᵖ.
    (exponent + 1).div_euclid(WIDTH).clamp(LOWEST, HIGHEST)
}

fn unit(place: i32) -> f64 {
    match place {
        SPECIAL => f64::NAN,
        EMPTY => 0.0,
        place => f64::from_bits(((place * WIDTH + 1023) as u64) << 52),
    }
}
