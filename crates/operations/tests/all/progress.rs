//! Progress lines: in order, before the end of their step, and never in the way.

use std::time::Duration;

use windlass_operations::{Done, Event, OperationState};

use super::scripted::{Bench, Scripted, spec};

#[tokio::test(start_paused = true)]
async fn lines_are_kept_in_order_and_before_the_end_of_their_step() {
    let bench = Bench::new();
    let definition = Scripted::new(vec![spec("one"), spec("two")], |context| async move {
        for number in 0..3 {
            context.say(format!("{} {number}", context.step));
            tokio::time::sleep(Duration::from_millis(if number == 1 { 1_000 } else { 1 })).await;
        }
        Ok(Done::default())
    });
    let server = bench.server(definition);
    let id = server.submit("e").await;
    server.rest(id).await;
    let mut lines = Vec::new();
    let mut writes = 0;
    for event in bench.events(id).await {
        match event {
            Event::Progress { step, message } => {
                writes += 1;
                assert!(message.starts_with(&step), "{step}: {message}");
                lines.extend(message.lines().map(str::to_owned));
            }
            Event::StepDone { step, .. } => lines.push(format!("{step} done")),
            _ => {}
        }
    }
    let all = [
        "one 0", "one 1", "one 2", "one done", "two 0", "two 1", "two 2", "two done",
    ];
    assert_eq!(lines, all);
    assert_eq!(writes, 4, "lines that come together are written together");
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_lines_is_cut_and_holds_nobody_up() {
    let bench = Bench::new();
    let definition = Scripted::new(vec![spec("one")], |context| async move {
        for _ in 0..100_000 {
            context.say("x".repeat(10));
        }
        context.say("y".repeat(1_000_000));
        Ok(Done::default())
    });
    let server = bench.server(definition);
    let id = server.submit("e").await;
    assert_eq!(server.rest(id).await.state, OperationState::Succeeded);
    let kept: String = bench
        .events(id)
        .await
        .into_iter()
        .filter_map(|event| {
            if let Event::Progress { message, .. } = event {
                Some(message)
            } else {
                None
            }
        })
        .collect();
    assert!(kept.len() < 10_000, "{}", kept.len());
    assert!(
        kept.ends_with("(99501 lines left out)"),
        "{}",
        &kept[kept.len() - 40..]
    );
}
