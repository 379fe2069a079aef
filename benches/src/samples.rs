//! Measured values.

/// Values of one thing, in ascending order. Never empty.
#[derive(Debug, Clone)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    /// `None` without values.
    pub(crate) fn new(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        (!values.is_empty()).then_some(Self(values))
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn least(&self) -> f64 {
        self.0[0]
    }

    pub(crate) fn most(&self) -> f64 {
        self.0[self.0.len() - 1]
    }

    /// The middle one, or the mean of the middle two.
    pub(crate) fn median(&self) -> f64 {
        let middle = self.0.len() / 2;
        if self.0.len() % 2 == 1 {
            self.0[middle]
        } else {
            f64::midpoint(self.0[middle - 1], self.0[middle])
        }
    }

    /// The smallest value that at least `per_mille` thousandths of all are not above.
    pub(crate) fn quantile(&self, per_mille: usize) -> f64 {
        let rank = (self.0.len() * per_mille).div_ceil(1000);
        self.0[rank.clamp(1, self.0.len()) - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(values: &[f64]) -> Samples {
        Samples::new(values.to_vec()).unwrap()
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert!((samples(&[9.0, 1.0, 4.0]).median() - 4.0).abs() < 1e-9);
        assert!((samples(&[9.0, 1.0, 4.0, 5.0]).median() - 4.5).abs() < 1e-9);
        assert!((samples(&[2.0]).median() - 2.0).abs() < 1e-9);
    }

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let hundred = samples(&(1..=100).map(f64::from).collect::<Vec<_>>());
        for (per_mille, expected) in [
            (0, 1.0),
            (500, 50.0),
            (990, 99.0),
            (991, 100.0),
            (1000, 100.0),
        ] {
            assert!(
                (hundred.quantile(per_mille) - expected).abs() < 1e-9,
                "{per_mille}"
            );
        }
    }

    #[test]
    fn nothing_measured_is_no_sample() {
        assert!(Samples::new(Vec::new()).is_none());
    }
}
