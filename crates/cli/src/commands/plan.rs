//! `windlass plan`.

use serde_json::Value;

use super::Call;
use super::deploy::body;
use crate::command::What;
use crate::error::Error;
use crate::output::cell;
use crate::terminal::{Stream, paint};
use crate::{output, scope};

pub(super) fn run(call: &Call<'_>, what: &What) -> Result<(), Error> {
    let environment = scope::environment(&call.client, call.scope, what.environment.as_deref())?;
    let plan = call
        .client
        .post("/apps/v3/deployments/plan/", &body(&environment, what))?;
    if call.json {
        return output::json(&plan);
    }
    let running = plan["running"].as_str().unwrap_or("nothing yet");
    let same = if plan["code_changes"] == true {
        ""
    } else {
        " (what runs already)"
    };
    let source = plan["source"].as_str();
    output::fields(&[
        ("Environment", Some(environment.title())),
        ("Running", Some(output::one_line(running))),
        (
            "To deploy",
            source.map(|source| format!("{}{same}", output::one_line(source))),
        ),
        ("Cannot deploy", output::filled(&plan["source_error"])),
    ])?;
    let changes = changes(&plan);
    if !changes.is_empty() {
        output::line("")?;
    }
    for change in &changes {
        output::line(change)?;
    }
    output::line("")?;
    output::line(match (source, plan["action"].as_str()) {
        (None, _) => "A deployment would be refused.",
        (_, Some("create")) => "A deployment would start the first release.",
        (_, Some("nothing")) => "A deployment would change nothing.",
        _ => "A deployment would put a new release in the place of the running one.",
    })
}

fn changes(plan: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for instance in plan["instances"].as_array().into_iter().flatten() {
        let (sign, verb) = match instance["action"].as_str() {
            Some("create") => ('+', "is provisioned and attached"),
            Some("attach") => ('+', "is attached"),
            Some("detach") => ('-', "is detached; its data stays"),
            Some("rename") => ('~', "gives variables of other names"),
            Some("keep") => (' ', "stays"),
            _ => ('?', "changes"),
        };
        let what = format!(
            "service {} ({}) {verb}",
            cell(&instance["prefix"]),
            cell(&instance["service"])
        );
        lines.push(signed(sign, &what));
    }
    for variable in plan["variables"].as_array().into_iter().flatten() {
        let sign = match variable["change"].as_str() {
            Some("added") => '+',
            Some("removed") => '-',
            _ => '~',
        };
        let what = format!(
            "variable {} ({})",
            cell(&variable["name"]),
            cell(&variable["source"])
        );
        lines.push(signed(sign, &what));
    }
    lines
}

/// What comes in green, what goes in red, what becomes another in yellow.
fn signed(sign: char, text: &str) -> String {
    let style = match sign {
        '+' => "32",
        '-' => "31",
        '~' | '?' => "33",
        _ => return format!("    {text}"),
    };
    format!("  {} {text}", paint(Stream::Out, &sign.to_string(), style))
}
