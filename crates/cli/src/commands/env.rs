//! `windlass env`.

use serde_json::{Value, json};

use crate::client::Client;
use crate::command::{EnvVerb, Scope, Server};
use crate::error::Error;
use crate::output::cell;
use crate::{output, scope};

pub(super) fn run(
    client: &Client,
    server: &Server,
    scope: &Scope,
    verb: EnvVerb,
) -> Result<(), Error> {
    match verb {
        EnvVerb::List => {
            let application = scope::application(client, scope)?;
            let items = client.list(&format!(
                "/apps/v3/environments/?application={}",
                application.id
            ))?;
            if server.json {
                return output::json(&Value::Array(items));
            }
            let row = |item: &Value| {
                vec![
                    cell(&item["slug"]),
                    cell(&item["branch"]),
                    cell(&item["site_url"]),
                ]
            };
            output::table(
                &["ENVIRONMENT", "BRANCH", "SITE"],
                &items.iter().map(row).collect::<Vec<_>>(),
            )
        }
        EnvVerb::Create { name, branch } => {
            let application = scope::application(client, scope)?;
            let mut body = json!({"application": application.id, "slug": name});
            if let Some(branch) = branch {
                body["branch"] = json!(branch);
            }
            let made = client.post("/apps/v3/environments/", &body)?;
            if server.json {
                return output::json(&made);
            }
            output::line(&format!(
                "Environment '{name}' of '{}' has been created; it deploys branch {}.",
                application.slug,
                cell(&made["branch"])
            ))
        }
        EnvVerb::Branch { branch } => {
            let environment = scope::environment(client, scope, None)?;
            let changed = client.patch(
                &format!("/apps/v3/environments/{}/", environment.id),
                &json!({"branch": branch}),
            )?;
            if server.json {
                return output::json(&changed);
            }
            output::line(&format!(
                "{} deploys branch {branch} from the next deployment on.",
                environment.title()
            ))
        }
    }
}
