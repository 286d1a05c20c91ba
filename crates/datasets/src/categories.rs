//! Words as numbers of levels.

use std::collections::HashMap;

use crate::MISSING_CODE;

/// A column of categories that grows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Categories {
    pub(crate) codes: Vec<u32>,
    pub(crate) levels: Vec<String>,
    /// The numbers of the levels, while the column grows.
    known: HashMap<Box<[u8]>, u32>,
}

impl PartialEq for Categories {
    fn eq(&self, other: &Self) -> bool {
        self.codes == other.codes && self.levels == other.levels
    }
}

impl Categories {
    /// Appends a word; `None` if it is not UTF-8.
    pub(crate) fn push(&mut self, word: &[u8]) -> Option<()> {
        let code = match self.known.get(word) {
            Some(code) => *code,
            None => self.new_level(std::str::from_utf8(word).ok()?),
        };
        self.codes.push(code);
        Some(())
    }

    /// Appends a missing value.
    pub(crate) fn push_missing(&mut self) {
        self.codes.push(MISSING_CODE);
    }

    fn new_level(&mut self, word: &str) -> u32 {
        let code = self.levels.len() as u32;
        self.levels.push(word.to_owned());
        self.known.insert(word.as_bytes().into(), code);
        code
    }

    /// The number of a level, which is new if need be.
    fn code(&mut self, word: &str) -> u32 {
        match self.known.get(word.as_bytes()) {
            Some(code) => *code,
            None => self.new_level(word),
        }
    }

    /// Appends the values of another column.
    pub(crate) fn append(&mut self, other: &Self) {
        let translated: Vec<u32> = other.levels.iter().map(|word| self.code(word)).collect();
        let translate = |code: &u32| {
            let code = translated.get(*code as usize);
            code.copied().unwrap_or(MISSING_CODE)
        };
        self.codes.extend(other.codes.iter().map(translate));
    }

    /// Sorts the levels: by number if all are numbers, else by letter. Nothing can be appended afterwards but what sorts it anew.
    pub(crate) fn order(&mut self) {
        let number = |level: &String| level.parse::<f64>().ok().filter(|n| n.is_finite());
        let numbers: Option<Vec<f64>> = self.levels.iter().map(number).collect();
        let levels = &mut self.levels;
        let mut places: Vec<usize> = (0..levels.len()).collect();
        places.sort_by(|&a, &b| {
            let by_number = numbers.as_ref().map(|n| n[a].total_cmp(&n[b]));
            let by_number = by_number.unwrap_or(std::cmp::Ordering::Equal);
            by_number.then_with(|| levels[a].cmp(&levels[b]))
        });
        let mut rank = vec![0; levels.len()];
        for (new, &old) in places.iter().enumerate() {
            rank[old] = new as u32;
        }
        *levels = places
            .iter()
            .map(|&old| std::mem::take(&mut levels[old]))
            .collect();
        for code in &mut self.codes {
            if let Some(new) = rank.get(*code as usize) {
                *code = *new;
            }
        }
        self.known = HashMap::new();
    }
}
