//! Holm's correction: many looks make a chance finding likely, so each finding
//! has to be the less likely the more looks there were.

/// The chances, in their order, as they count beside all the others.
pub(super) fn corrected(chances: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_by(|&a, &b| chances[a].total_cmp(&chances[b]));
    let mut corrected = vec![1.0; chances.len()];
    let mut highest = 0.0_f64;
    for (rank, &n) in order.iter().enumerate() {
        highest = highest.max(chances[n] * (chances.len() - rank) as f64).min(1.0);
        corrected[n] = highest;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_textbooks_example() {
        let corrected = corrected(&[0.01, 0.04, 0.03, 0.005]);
        let expected = [0.03, 0.06, 0.06, 0.02];
        assert!(
            corrected.iter().zip(expected).all(|(&p, expected)| (p - expected).abs() < 1e-12),
            "{corrected:?}"
        );
    }
}
