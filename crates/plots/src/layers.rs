//! Layers of a graph without cycles, in the order that crosses few edges (Sugiyama, Tagawa and Toda 1981).

use crate::error::PlotError;

/// Sweeps over all layers, downwards and upwards in turn.
const SWEEPS: usize = 12;
/// Passes that move nodes towards their neighbours.
const PASSES: usize = 100;

/// More bends than this of edges over several layers take long to arrange, and cannot be followed.
const BENDS: usize = 20_000;

/// Where nodes and edges are drawn.
#[derive(Debug, Clone)]
pub struct Layers {
    /// The nodes of each layer with the middle of each; numbers beyond those of the nodes are bends of edges.
    pub rows: Vec<Vec<(usize, f64)>>,
    /// For each edge the layers and middles that it passes.
    pub ways: Vec<Vec<(usize, f64)>>,
    pub width: f64,
}

/// Puts every node below its operands, what has none directly above its first user, and as few crossings between layers as a few sweeps find.
pub fn arrange(
    nodes: usize,
    edges: &[(usize, usize)],
    width: impl Fn(usize) -> f64,
    gap: f64,
) -> Result<Layers, PlotError> {
    let layer = depths(nodes, edges)?;
    let layers = layer.iter().max().map_or(1, |m| m + 1);
    let bends = edges.iter().map(|(from, to)| layer[*to] - layer[*from] - 1);
    let bends: usize = bends.sum();
    if bends > BENDS {
        return Err(PlotError::TooMany {
            what: "bends of edges over several layers of a graph",
            found: bends,
            most: BENDS,
        });
    }
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); layers];
    for (node, layer) in layer.iter().enumerate() {
        rows[*layer].push(node);
    }
    // An edge over several layers bends in each of them.
    let mut next = nodes;
    let mut chains: Vec<Vec<usize>> = Vec::new();
    let mut links: Vec<(usize, usize)> = Vec::new();
    for &(from, to) in edges {
        let mut chain = vec![from];
        for row in &mut rows[layer[from] + 1..layer[to]] {
            row.push(next);
            chain.push(next);
            next += 1;
        }
        chain.push(to);
        links.extend(chain.windows(2).map(|w| (w[0], w[1])));
        chains.push(chain);
    }
    let (mut above, mut below) = (vec![Vec::new(); next], vec![Vec::new(); next]);
    for (from, to) in links {
        above[to].push(from);
        below[from].push(to);
    }
    let room = |n: usize| if n < nodes { width(n) } else { 10.0 };
    order(&mut rows, &above, &below);
    let x = places(nodes, &rows, (&above, &below), room, gap);
    let right = |n: usize| x[n] + 0.5 * room(n);
    let left = (0..next)
        .map(|n| x[n] - 0.5 * room(n))
        .fold(f64::INFINITY, f64::min);
    let end = (0..next).map(right).fold(0.0, f64::max);
    let mut level = vec![0; next];
    for (k, row) in rows.iter().enumerate() {
        for node in row {
            level[*node] = k;
        }
    }
    Ok(Layers {
        rows: rows
            .iter()
            .map(|row| row.iter().map(|n| (*n, x[*n] - left)).collect())
            .collect(),
        ways: chains
            .iter()
            .map(|c| c.iter().map(|n| (level[*n], x[*n] - left)).collect())
            .collect(),
        width: end - left,
    })
}

/// The layer of each node.
fn depths(nodes: usize, edges: &[(usize, usize)]) -> Result<Vec<usize>, PlotError> {
    let problem = |(from, to): (usize, usize), problem| PlotError::Edge { from, to, problem };
    let (mut waits, mut users) = (vec![0_usize; nodes], vec![Vec::new(); nodes]);
    for &(from, to) in edges {
        if from >= nodes || to >= nodes {
            return Err(problem(
                (from, to),
                "names a node that does not exist; add it first",
            ));
        }
        waits[to] += 1;
        users[from].push(to);
    }
    let mut ready: Vec<usize> = (0..nodes).filter(|n| waits[*n] == 0).collect();
    let (mut layer, mut done) = (vec![0; nodes], 0);
    while let Some(node) = ready.pop() {
        done += 1;
        for &user in &users[node] {
            layer[user] = layer[user].max(layer[node] + 1);
            waits[user] -= 1;
            if waits[user] == 0 {
                ready.push(user);
            }
        }
    }
    if done < nodes {
        let back = edges.iter().find(|e| waits[e.1] > 0 && waits[e.0] > 0);
        let back = back.copied().unwrap_or((0, 0));
        return Err(problem(back, "is part of a circle; a computation has none"));
    }
    // What enters stands directly above its first user.
    let mut used = vec![false; nodes];
    for &(_, to) in edges {
        used[to] = true;
    }
    for node in 0..nodes {
        let first = users[node].iter().map(|u| layer[*u]).min();
        if let (false, Some(first)) = (used[node], first) {
            layer[node] = first - 1;
        }
    }
    Ok(layer)
}

/// Orders each layer by the mean place of its neighbours in the layer before, and keeps the order with the fewest crossings.
fn order(rows: &mut [Vec<usize>], above: &[Vec<usize>], below: &[Vec<usize>]) {
    let mut best = (crossings(rows, below), rows.to_vec());
    for sweep in 0..SWEEPS {
        let down = sweep % 2 == 0;
        let neighbours = if down { above } else { below };
        for k in 1..rows.len() {
            let (now, from) = if down {
                (k, k - 1)
            } else {
                (rows.len() - 1 - k, rows.len() - k)
            };
            let place = positions(&rows[from], above.len());
            let mut keyed: Vec<(f64, usize)> = rows[now]
                .iter()
                .enumerate()
                .map(|(at, n)| {
                    let near = &neighbours[*n];
                    let sum: f64 = near.iter().map(|m| place[*m]).sum();
                    let share = (at as f64 + 0.5) / rows[now].len() as f64;
                    (
                        if near.is_empty() {
                            share
                        } else {
                            sum / near.len() as f64
                        },
                        *n,
                    )
                })
                .collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            rows[now] = keyed.into_iter().map(|k| k.1).collect();
        }
        let crossed = crossings(rows, below);
        if crossed < best.0 {
            best = (crossed, rows.to_vec());
        }
    }
    rows.clone_from_slice(&best.1);
}

/// The place of each node within its layer, from 0 to 1.
fn positions(row: &[usize], nodes: usize) -> Vec<f64> {
    let mut place = vec![0.5; nodes];
    for (k, n) in row.iter().enumerate() {
        place[*n] = (k as f64 + 0.5) / row.len() as f64;
    }
    place
}

fn crossings(rows: &[Vec<usize>], below: &[Vec<usize>]) -> usize {
    let mut sum = 0;
    for pair in rows.windows(2) {
        let place = positions(&pair[1], below.len());
        let ends: Vec<Vec<f64>> = pair[0]
            .iter()
            .map(|n| below[*n].iter().map(|m| place[*m]).collect())
            .collect();
        for (k, first) in ends.iter().enumerate() {
            for second in &ends[k + 1..] {
                sum += first
                    .iter()
                    .map(|a| second.iter().filter(|b| *b < a).count())
                    .sum::<usize>();
            }
        }
    }
    sum
}

/// The middle of each node: as near to the mean of its neighbours as its place in the layer allows.
fn places(
    nodes: usize,
    rows: &[Vec<usize>],
    (above, below): (&[Vec<usize>], &[Vec<usize>]),
    room: impl Fn(usize) -> f64,
    gap: f64,
) -> Vec<f64> {
    let mut x = vec![0.0; above.len()];
    for row in rows {
        let total: f64 = row.iter().map(|n| room(*n) + gap).sum();
        let mut at = -0.5 * total;
        for n in row {
            x[*n] = at + 0.5 * (room(*n) + gap);
            at += room(*n) + gap;
        }
    }
    // Long edges are kept straight.
    let bend = |n: usize| n >= nodes;
    let stiffness = |a: usize, b: usize| match (bend(a), bend(b)) {
        (true, true) => 6.0,
        (false, false) => 1.0,
        _ => 2.0,
    };
    for sweep in 0..PASSES {
        let all: Vec<usize> = if sweep % 2 == 0 {
            (0..rows.len()).collect()
        } else {
            (0..rows.len()).rev().collect()
        };
        for k in all {
            let row = &rows[k];
            let wish: Vec<f64> = row
                .iter()
                .map(|n| {
                    let near = || above[*n].iter().chain(&below[*n]);
                    let weight: f64 = near().map(|m| stiffness(*n, *m)).sum();
                    if weight == 0.0 {
                        x[*n]
                    } else {
                        near().map(|m| stiffness(*n, *m) * x[*m]).sum::<f64>() / weight
                    }
                })
                .collect();
            // The mean of the places found from the left and from the right keeps the distances and has no side.
            let apart = |a: usize, b: usize| 0.5 * (room(row[a]) + room(row[b])) + gap;
            let (mut left, mut right) = (wish.clone(), wish);
            for j in 1..row.len() {
                left[j] = left[j].max(left[j - 1] + apart(j - 1, j));
            }
            for j in (1..row.len()).rev() {
                right[j - 1] = right[j - 1].min(right[j] - apart(j - 1, j));
            }
            for (j, n) in row.iter().enumerate() {
                x[*n] = 0.5 * (left[j] + right[j]);
            }
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_stand_below_their_operands_and_apart() {
        let edges = [(0, 2), (1, 2), (2, 4), (3, 4), (0, 4)];
        let layers = arrange(5, &edges, |_| 50.0, 10.0).unwrap();
        assert_eq!(layers.rows.len(), 3);
        let layer = |n: usize| {
            layers
                .rows
                .iter()
                .position(|r| r.iter().any(|(m, _)| *m == n))
        };
        assert_eq!(
            (layer(0), layer(2), layer(3), layer(4)),
            (Some(0), Some(1), Some(1), Some(2))
        );
        for row in &layers.rows {
            let real: Vec<_> = row.iter().filter(|(n, _)| *n < 5).collect();
            assert!(real.windows(2).all(|w| w[1].1 - w[0].1 >= 60.0 - 1e-9));
        }
        assert_eq!(layers.ways[4].len(), 3);
    }

    #[test]
    fn crossings_that_need_not_be_are_not() {
        let edges = [(0, 4), (1, 3), (2, 5), (4, 6), (3, 7), (5, 6)];
        let layers = arrange(8, &edges, |_| 10.0, 5.0).unwrap();
        let mut below = vec![Vec::new(); 8];
        for (from, to) in edges {
            below[from].push(to);
        }
        let rows: Vec<Vec<usize>> = layers
            .rows
            .iter()
            .map(|r| r.iter().map(|(n, _)| *n).collect())
            .collect();
        assert_eq!(crossings(&rows, &below), 0);
    }

    #[test]
    fn circles_and_missing_nodes_are_refused() {
        let error = arrange(2, &[(0, 1), (1, 0)], |_| 1.0, 1.0).unwrap_err();
        assert!(error.to_string().contains("circle"), "{error}");
        assert!(arrange(1, &[(0, 3)], |_| 1.0, 1.0).is_err());
    }
}
