//! `windlass env`.

use serde_json::{Value, json};

use crate::client::Client;
use crate::command::EnvVerb;
use crate::error::Error;
use crate::output::cell;
use crate::{output, scope};

pub(super) fn run(
    client: &Client,
    app: Option<&str>,
    as_json: bool,
    verb: EnvVerb,
) -> Result<(), Error> {
    let application = scope::application(client, app)?;
    match verb {
        EnvVerb::List => {
            let items = scope::environments(client, &application)?;
            if as_json {
                return output::json(&Value::Array(items));
            }
            table(&items)
        }
        EnvVerb::Create { name, branch } => {
            let mut body = json!({"application": application.id, "slug": name});
            if let Some(branch) = branch {
                body["branch"] = json!(branch);
            }
            let made = client.post("/apps/v3/environments/", &body)?;
            if as_json {
                return output::json(&made);
            }
            output::say(&format!(
                "Environment {}/{name} has been created; it deploys branch {}. Next: windlass deploy {name}",
                application.slug,
                cell(&made["branch"])
            ));
            Ok(())
        }
        EnvVerb::Branch { branch, env } => {
            let environment = scope::environment_of(client, application, env.as_deref())?;
            let changed = client.patch(
                &format!("/apps/v3/environments/{}/", environment.id),
                &json!({"branch": branch}),
            )?;
            if as_json {
                return output::json(&changed);
            }
            output::say(&format!(
                "{} deploys branch {branch} from the next deployment on.",
                environment.title()
            ));
            Ok(())
        }
    }
}

/// Environments for people.
pub(super) fn table(items: &[Value]) -> Result<(), Error> {
    let row = |item: &Value| {
        let site = item["site_url"].as_str().unwrap_or("not deployed yet");
        vec![
            cell(&item["slug"]),
            cell(&item["branch"]),
            output::one_line(site),
        ]
    };
    output::table(
        &["ENVIRONMENT", "BRANCH", "SITE"],
        &items.iter().map(row).collect::<Vec<_>>(),
        "It has no environments. Create one: windlass env create NAME",
    )
}
