//! Random walks: sequences of what users do, on the platform and on a small model of what it promises.
//!
//! Each walk is made from a seed, which a failure prints; `WINDLASS_WALK=<seed>` plays that one alone.

mod model;
mod steps;

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::support::World;
use super::support::world::Run;
use model::Model;
use steps::{Verb, play};

const WALKS: u64 = 60;
const VERBS: usize = 25;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_walks_end_where_the_model_says() {
    let seeds: Vec<u64> = match std::env::var_os("WINDLASS_WALK") {
        Some(seed) => vec![
            seed.to_str()
                .and_then(|seed| seed.parse().ok())
                .expect("a number"),
        ],
        None => (0..WALKS).collect(),
    };
    // Two at a time: the machine's cores are what a walk waits for.
    let halves: Vec<Vec<u64>> = (0..2)
        .map(|half| {
            seeds
                .iter()
                .copied()
                .filter(|seed| seed % 2 == half)
                .collect()
        })
        .collect();
    let mut tasks = tokio::task::JoinSet::new();
    for half in halves {
        tasks.spawn(async move {
            for seed in half {
                walk(seed).await;
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            std::panic::resume_unwind(error.into_panic());
        }
    }
}

async fn walk(seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let world = World::new(Run::Operations).await;
    let app = world.create("shop").await;
    let mut model = Model::default();
    let mut ids = Vec::new();
    let mut path: Vec<Verb> = Vec::new();
    for _ in 0..VERBS {
        let verb = Verb::random(&mut random, &model);
        path.push(verb.clone());
        let at = format!("seed {seed}, after {path:?}");
        let expected = model.take(&verb);
        let given = play(&world, app, &mut ids, &verb).await;
        match (&expected, &given) {
            (Ok(()), Ok(())) => {}
            (Err(code), Err((is, text))) if code == is => {
                let way_out = [
                    "deploy",
                    "detach",
                    "attach",
                    "cancel",
                    "wait",
                    "add a new one",
                    "another",
                    "unset",
                    "remove",
                    "nothing to",
                    "does not exist",
                ];
                assert!(
                    way_out.iter().any(|words| text.contains(words)),
                    "{at}: no way out in '{text}'"
                );
            }
            _ => panic!("{at}: expected {expected:?}, was {given:?}"),
        }
        model
            .compare(&world, app, &ids)
            .await
            .unwrap_or_else(|what| panic!("{at}: {what}"));
        if let Err(what) = world.check_tidy().await {
            panic!("{at}: {what}");
        }
    }
}
