//! Precedence: custom over service over built-in.

use std::collections::BTreeMap;

use proptest::prelude::*;
use windlass_model::variables::{Candidate, VariableSource as Source, merge};

const SOURCES: [Source; 3] = [Source::Builtin, Source::Service, Source::Custom];

fn candidate(name: &str, source: Source, value: u32) -> Candidate<u32> {
    Candidate {
        name: name.parse().expect("a variable name"),
        source,
        value,
    }
}

#[test]
fn the_highest_source_wins_in_any_order() {
    let all = [
        candidate("A", Source::Builtin, 1),
        candidate("A", Source::Service, 2),
        candidate("A", Source::Custom, 3),
    ];
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let merged = merge(order.map(|index| all[index].clone()));
        assert_eq!(merged, [all[2].clone()], "{order:?}");
    }
}

#[test]
fn of_one_source_the_later_wins() {
    let merged = merge([
        candidate("A", Source::Service, 1),
        candidate("B", Source::Service, 2),
        candidate("A", Source::Service, 3),
    ]);
    let values: Vec<u32> = merged.iter().map(|it| it.value).collect();
    assert_eq!(values, [3, 2]);
}

proptest! {
    #[test]
    fn each_name_once_sorted_with_the_best_that_was_offered(
        offered in proptest::collection::vec(("[A-D]", 0usize..3, 0u32..100), 0..30)
    ) {
        let merged = merge(offered.iter().map(|(name, source, value)| candidate(name, SOURCES[*source], *value)));
        let mut expected = BTreeMap::new();
        for (rank, best) in SOURCES.into_iter().enumerate() {
            for (name, _, value) in offered.iter().filter(|(_, source, _)| *source == rank) {
                expected.insert(name.clone(), (best, *value));
            }
        }
        let merged: Vec<_> = merged.into_iter().map(|it| (it.name.to_string(), (it.source, it.value))).collect();
        prop_assert_eq!(merged, expected.into_iter().collect::<Vec<_>>());
    }
}
