//! Finding every fault there is to play, from what a play without it passes.

use super::fault::{Action, Fault, Hook};
use super::harness::{Harness, Play, Throughout};
use super::scenario::Scenario;
use super::verdict::{Report, Violation};
use crate::definition::StepSpec;
use crate::operation::OperationState;

impl<S> Harness<S> {
    /// Everything but all pairs: each step twice, each fault at each hook, on the way there and on the way
    /// back, undos that fail a few times and so often that an operator is called.
    pub async fn all<C>(&self) -> Result<Report, Violation>
    where
        C: Clone + Send + Sync + 'static,
        S: Scenario<C>,
    {
        let mut report = self.each_step_twice().await?;
        report += self.every_fault().await?;
        report += self.every_fault_going_back().await?;
        report += self.undo_failing(2).await?;
        report += self
            .undo_failing(self.settings.retry.undo_attempts + 1)
            .await?;
        Ok(report)
    }

    /// Runs each step twice, and with a failure at each step each undo twice.
    pub async fn each_step_twice<C>(&self) -> Result<Report, Violation>
    where
        C: Clone + Send + Sync + 'static,
        S: Scenario<C>,
    {
        let twice = Throughout {
            always_twice: true,
            undo_failures: 0,
        };
        let mut report = Report::default();
        let went = self.play_with(&[], twice).await?;
        report += judged(&[], &went, Some(OperationState::Succeeded))?;
        report += self.going_back(twice).await?;
        Ok(report)
    }

    /// Each fault at each hook, one at a time.
    pub async fn every_fault<C>(&self) -> Result<Report, Violation>
    where
        C: Clone + Send + Sync + 'static,
        S: Scenario<C>,
    {
        self.explore(0).await
    }

    /// A failure behind the effect of the last step that can still go back, and after it each fault at each
    /// hook of the way back, one at a time.
    pub async fn every_fault_going_back<C>(&self) -> Result<Report, Violation>
    where
        C: Clone + Send + Sync + 'static,
        S: Scenario<C>,
    {
        let mut report = Report::default();
        let bare = self.play(&[]).await?;
        let steps = &bare.operation.steps;
        let pivot = steps
            .iter()
            .position(|step| step.pivot)
            .unwrap_or(steps.len());
        let Some(last) = pivot
            .checked_sub(1)
            .map(|index| Hook::RunLeft(steps[index].name.clone()))
        else {
            return Ok(report);
        };
        let failing = faults(&bare.visits, 0)
            .filter(|fault| fault.hook == last && fault.action == Action::FailPermanent);
        for first in failing {
            let went = self.play(std::slice::from_ref(&first)).await?;
            for second in faults(&went.visits, first.visit + 1) {
                let plan = [first.clone(), second];
                let went = self.play(&plan).await?;
                report += judged(&plan, &went, expected_of_many(&plan, &went))?;
            }
        }
        Ok(report)
    }

    /// Each fault at each hook, and after it every `stride`th of the faults that can follow; 1 is all of them.
    pub async fn every_pair<C>(&self, stride: usize) -> Result<Report, Violation>
    where
        C: Clone + Send + Sync + 'static,
        S: Scenario<C>,
    {
        self.explore(stride).await
    }

    /// A failure behind the effect of each step, with undos that each fail this often before they succeed.
    pub async fn undo_failing<C>(&self, times: u32) -> Result<Report, Violation>
    where
        C: Clone + Send + Sync + 'static,
        S: Scenario<C>,
    {
        self.going_back(Throughout {
            always_twice: false,
            undo_failures: times,
        })
        .await
    }

    async fn going_back<C>(&self, throughout: Throughout) -> Result<Report, Violation>
    where
        C: Clone + Send + Sync + 'static,
        S: Scenario<C>,
    {
        let mut report = Report::default();
        let bare = self.play(&[]).await?;
        for fault in faults(&bare.visits, 0).filter(|fault| fault.action == Action::FailPermanent) {
            let plan = [fault];
            let went = self.play_with(&plan, throughout).await?;
            let expected = expected(&plan[0], &went, &[]);
            report += judged(&plan, &went, expected)?;
        }
        Ok(report)
    }

    async fn explore<C>(&self, stride: usize) -> Result<Report, Violation>
    where
        C: Clone + Send + Sync + 'static,
        S: Scenario<C>,
    {
        let specs = self.specs().await?;
        let mut report = Report::default();
        let bare = self.play(&[]).await?;
        report += judged(&[], &bare, Some(OperationState::Succeeded))?;
        let mut pairs = 0;
        for first in faults(&bare.visits, 0) {
            let plan = [first.clone()];
            let went = self.play(&plan).await?;
            report += judged(&plan, &went, expected(&first, &went, &specs))?;
            if stride == 0 {
                continue;
            }
            for second in faults(&went.visits, first.visit + 1) {
                pairs += 1;
                if pairs % stride != 0 {
                    continue;
                }
                let plan = [first.clone(), second];
                let went = self.play(&plan).await?;
                report += judged(&plan, &went, expected_of_many(&plan, &went))?;
            }
        }
        Ok(report)
    }

    async fn specs<C>(&self) -> Result<Vec<StepSpec>, Violation>
    where
        C: Clone + Send + Sync + 'static,
        S: Scenario<C>,
    {
        let stage = self.scenario.stage().await.map_err(|what| Violation {
            plan: String::new(),
            what,
        })?;
        Ok(stage.definition.steps(&stage.submission.params))
    }
}

/// Every fault at the visits from this one on.
fn faults(visits: &[Hook], from: usize) -> impl Iterator<Item = Fault> + '_ {
    visits
        .iter()
        .enumerate()
        .skip(from)
        .flat_map(|(visit, hook)| {
            hook.actions().iter().map(move |action| Fault {
                visit,
                hook: hook.clone(),
                action: *action,
            })
        })
}

/// How a play with just this fault has to end; none where both ends are right.
fn expected(fault: &Fault, went: &Play, specs: &[StepSpec]) -> Option<OperationState> {
    let steps = &went.operation.steps;
    let place = |name: &str| steps.iter().position(|step| step.name == name);
    let pivot = steps
        .iter()
        .position(|step| step.pivot)
        .unwrap_or(steps.len());
    let end = |goes_back: bool| {
        if goes_back {
            OperationState::RolledBack
        } else {
            OperationState::Succeeded
        }
    };
    match (&fault.hook, fault.action) {
        (_, Action::Crash | Action::Stop | Action::Twice | Action::StoreAway) => {
            Some(OperationState::Succeeded)
        }
        (_, Action::Cancel) => Some(end(went.went_back)),
        // Without its effect even the pivot is still before the point of no return.
        (Hook::RunEntered(step), Action::FailPermanent) => Some(end(place(step)? <= pivot)),
        (Hook::RunLeft(step), Action::FailPermanent) => Some(end(place(step)? < pivot)),
        (Hook::RunEntered(step) | Hook::RunLeft(step), Action::FailTransient) => {
            let tried_again = specs
                .iter()
                .any(|spec| spec.name == *step && spec.attempts > 1);
            (tried_again || place(step)? > pivot).then_some(OperationState::Succeeded)
        }
        (
            Hook::BeforeRecord(_) | Hook::AfterRecord(_) | Hook::UndoEntered(_) | Hook::UndoLeft(_),
            Action::FailTransient | Action::FailPermanent,
        ) => None,
    }
}

fn expected_of_many(plan: &[Fault], went: &Play) -> Option<OperationState> {
    let harmless = |fault: &Fault| {
        matches!(
            fault.action,
            Action::Crash | Action::Stop | Action::Twice | Action::StoreAway
        )
    };
    if went.went_back {
        Some(OperationState::RolledBack)
    } else {
        plan.iter()
            .all(harmless)
            .then_some(OperationState::Succeeded)
    }
}

fn judged(
    plan: &[Fault],
    went: &Play,
    expected: Option<OperationState>,
) -> Result<Report, Violation> {
    let missed = went.fired < plan.len();
    if let Some(expected) = expected
        && !missed
        && expected != went.operation.state
    {
        let faults: Vec<String> = plan.iter().map(Fault::to_string).collect();
        let what = format!(
            "it should have ended as {}: {:?}",
            expected.as_str(),
            went.operation
        );
        return Err(Violation {
            plan: faults.join(", "),
            what,
        });
    }
    Ok(Report {
        plays: 1,
        succeeded: u64::from(went.operation.state == OperationState::Succeeded),
        rolled_back: u64::from(went.operation.state == OperationState::RolledBack),
        with_operator: u64::from(went.retries > 0),
        missed: u64::from(missed),
    })
}
