//! What was measured, as a table for people and as JSON.

use std::fmt::Write as _;

use anyhow::Result;
use serde::Serialize;

use crate::samples::Samples;

/// Everything of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// The rounds were few and short: the figures mean little.
    quick: bool,
    machine: Machine,
    figures: Vec<Figure>,
}

#[derive(Debug, Serialize)]
struct Machine {
    processor: String,
    cores: usize,
    /// The average number of processes that wanted to run in the minute before: of others' work, too.
    load_before: String,
}

/// One figure.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    pub(crate) title: &'static str,
    pub(crate) rows: Vec<Row>,
    pub(crate) bounds: Vec<Bound>,
    pub(crate) notes: Vec<String>,
}

/// One measured thing.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    what: String,
    unit: &'static str,
    median: f64,
    least: f64,
    most: f64,
    rounds: usize,
}

/// A measured value beside the most or least that it should be.
#[derive(Debug, Serialize)]
pub(crate) struct Bound {
    what: String,
    unit: &'static str,
    value: f64,
    limit: Limit,
    holds: bool,
}

/// Which side of a bound is the good one.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

impl Row {
    pub(crate) fn new(what: impl Into<String>, unit: &'static str, samples: &Samples) -> Self {
        Self {
            what: what.into(),
            unit,
            median: samples.median(),
            least: samples.least(),
            most: samples.most(),
            rounds: samples.count(),
        }
    }
}

impl Bound {
    pub(crate) fn new(
        what: impl Into<String>,
        unit: &'static str,
        value: f64,
        limit: Limit,
    ) -> Self {
        let holds = match limit {
            Limit::AtMost(most) => value <= most,
            Limit::AtLeast(least) => value >= least,
        };
        Self {
            what: what.into(),
            unit,
            value,
            limit,
            holds,
        }
    }
}

impl Report {
    pub(crate) fn new(quick: bool) -> Result<Self> {
        let processors = std::fs::read_to_string("/proc/cpuinfo")?;
        let processor = processors
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let load = std::fs::read_to_string("/proc/loadavg")?;
        let machine = Machine {
            processor: processor.map_or("unknown", |(_, name)| name).to_owned(),
            cores: std::thread::available_parallelism()?.get(),
            load_before: load.split(' ').next().unwrap_or_default().to_owned(),
        };
        Ok(Self {
            quick,
            machine,
            figures: Vec::new(),
        })
    }

    pub(crate) fn add(&mut self, figure: Figure) {
        self.figures.push(figure);
    }

    pub(crate) fn to_json(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    pub(crate) fn to_text(&self) -> String {
        let Machine {
            processor,
            cores,
            load_before,
        } = &self.machine;
        let mut text = format!("{processor}, {cores} cores, load before the run {load_before}\n");
        if self.quick {
            text.push_str(
                "A quick run, to see that the benchmarks work: the figures mean little.\n",
            );
        }
        for figure in &self.figures {
            figure.write_text(&mut text);
        }
        text
    }
}

impl Figure {
    fn write_text(&self, text: &mut String) {
        let Self {
            title,
            rows,
            bounds,
            notes,
        } = self;
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "\n{title}\n  {:48}{:>10}{:>10}{:>10}{:>8}",
            "", "median", "least", "most", "rounds"
        );
        for Row {
            what,
            unit,
            median,
            least,
            most,
            rounds,
        } in rows
        {
            let what = format!("{what}, {unit}");
            let [median, least, most] = [median, least, most].map(|value| short(*value));
            let _ = writeln!(
                text,
                "  {what:48}{median:>10}{least:>10}{most:>10}{rounds:>8}"
            );
        }
        for Bound {
            what,
            unit,
            value,
            limit,
            holds,
        } in bounds
        {
            let (word, limit) = match limit {
                Limit::AtMost(limit) => ("at most", limit),
                Limit::AtLeast(limit) => ("at least", limit),
            };
            let verdict = if *holds { "holds " } else { "MISSED" };
            let _ = writeln!(
                text,
                "  {verdict} {what}: {} {unit} ({word} {})",
                short(*value),
                short(*limit)
            );
        }
        for note in notes {
            let _ = writeln!(text, "  {note}");
        }
    }
}

/// Three digits that say something.
fn short(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 100.0 || size.fract() == 0.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_hold_up_to_their_limit() {
        for (value, limit, holds) in [
            (1.0, Limit::AtMost(1.0), true),
            (1.1, Limit::AtMost(1.0), false),
            (1.0, Limit::AtLeast(1.0), true),
            (0.9, Limit::AtLeast(1.0), false),
        ] {
            assert_eq!(
                Bound::new("x", "times", value, limit).holds,
                holds,
                "{value} {limit:?}"
            );
        }
    }

    #[test]
    fn a_missed_bound_is_seen_in_the_text() {
        let samples = Samples::new(vec![12.34, 250.6]).unwrap();
        let figure = Figure {
            title: "Something",
            rows: vec![Row::new("Windlass", "ms", &samples)],
            bounds: vec![Bound::new("to by hand", "times", 1.25, Limit::AtMost(1.0))],
            notes: vec![],
        };
        let mut text = String::new();
        figure.write_text(&mut text);
        assert!(
            text.contains("MISSED to by hand: 1.25 times (at most 1)"),
            "{text}"
        );
        assert!(text.contains("12.3") && text.contains("251"), "{text}");
    }
}
