//! Which columns a term needs, given the terms before it.
//!
//! A category with all its columns spans a constant and its treatment columns. A term is the sum of such parts; the parts that
//! earlier terms span are left out, and what remains is gathered into as few products as possible. The result spans what the
//! formula says and has no redundant column (the algorithm is that of the documentation of patsy, "categorical coding").

use std::collections::{BTreeSet, HashSet};

/// A product: categories by number, each with all its columns (true) or without the reference.
pub(super) type Product = Vec<(usize, bool)>;

/// More categories than this in a term are refused: it has two to that power of parts, and as many columns or more.
pub(super) const MOST_CATEGORIES: usize = 10;

/// For each term the products that it adds. A term is the number of its group, which is what it has besides categories, and its
/// categories, of which a term has at most [`MOST_CATEGORIES`].
pub(super) fn products(terms: &[(usize, Vec<usize>)], intercept: bool) -> Vec<Vec<Product>> {
    let mut used: HashSet<(usize, BTreeSet<usize>)> = HashSet::new();
    // The group of the terms without numbers is 0, and holds the intercept.
    if intercept {
        used.insert((0, BTreeSet::new()));
    }
    let mut all = Vec::new();
    for (group, categories) in terms {
        let mut parts: Vec<Vec<usize>> = vec![Vec::new()];
        for category in categories {
            let with = |part: &Vec<usize>| [part.as_slice(), &[*category]].concat();
            parts.extend(parts.clone().iter().map(with));
        }
        parts.sort_by_key(Vec::len);
        let mut products: Vec<Product> = Vec::new();
        for part in parts {
            let key = (*group, part.iter().copied().collect::<BTreeSet<_>>());
            if used.insert(key) {
                products.push(part.into_iter().map(|category| (category, false)).collect());
            }
        }
        while simplify(&mut products) {}
        all.push(products);
    }
    all
}

/// Joins two products of which one has a category more than the other, without its reference: together they are the product
/// with the whole category.
fn simplify(products: &mut Vec<Product>) -> bool {
    for short in 0..products.len() {
        for long in 0..products.len() {
            if products[long].len() != products[short].len() + 1
                || !products[short]
                    .iter()
                    .all(|factor| products[long].contains(factor))
            {
                continue;
            }
            let extra = products[long]
                .iter()
                .position(|factor| !products[short].contains(factor));
            if let Some(extra) = extra
                && !products[long][extra].1
            {
                products[long][extra].1 = true;
                products.remove(short);
                return true;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margins_decide() {
        // y ~ a
        assert_eq!(products(&[(0, vec![0])], true), [vec![vec![(0, false)]]]);
        // y ~ a - 1
        assert_eq!(products(&[(0, vec![0])], false), [vec![vec![(0, true)]]]);
        // y ~ a + b - 1
        assert_eq!(
            products(&[(0, vec![0]), (0, vec![1])], false),
            [vec![vec![(0, true)]], vec![vec![(1, false)]]]
        );
        // y ~ a:b, without margins: b, and a within b.
        assert_eq!(
            products(&[(0, vec![0, 1])], true),
            [vec![vec![(1, false)], vec![(0, false), (1, true)]]]
        );
        // y ~ a*b
        assert_eq!(
            products(&[(0, vec![0]), (0, vec![1]), (0, vec![0, 1])], true)[2],
            [vec![(0, false), (1, false)]]
        );
        // y ~ x + x:a, where x spans the constant of the group of x.
        assert_eq!(
            products(&[(1, vec![]), (1, vec![0])], true),
            [vec![vec![]], vec![vec![(0, false)]]]
        );
        // y ~ x:a alone has a slope for every level.
        assert_eq!(products(&[(1, vec![0])], true), [vec![vec![(0, true)]]]);
    }
}
