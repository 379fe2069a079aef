//! `service`.

use clap::{Args, Subcommand};

/// `service`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct ServiceVerbs {
    #[command(subcommand)]
    pub(crate) verb: ServiceVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ServiceVerb {
    /// List what can be added.
    Catalogue {
        /// In this region only, by name.
        #[arg(long)]
        region: Option<String>,
    },
    /// Add a service instance: recorded now, made by the next deployment or by provision.
    Add {
        /// The service, such as postgres or postgres-15-private; see catalogue.
        service: String,
        /// The prefix of its variables.
        #[arg(long, default_value = "DEFAULT")]
        prefix: String,
        /// The scheme of its URL, such as postgresql.
        #[arg(long)]
        url_scheme: Option<String>,
        /// Give variables by the names of libpq, mysql, django, laravel, rails, spring, aws or heroku besides.
        #[arg(long, value_name = "WHOM")]
        variables_for: Option<String>,
        /// The URL with credentials of an external service; '-' reads it from standard input, where nobody else sees
        /// it.
        #[arg(long)]
        url: Option<String>,
        /// Let everybody read what it holds: object storage only.
        #[arg(long)]
        public: bool,
    },
    /// List the service instances of an environment.
    List,
    /// Show a service instance.
    Show {
        /// Its prefix.
        prefix: String,
    },
    /// Show what a service instance uses on its server now.
    Usage {
        /// Its prefix.
        prefix: String,
    },
    /// Make a service instance now, without a deployment.
    Provision {
        /// Its prefix.
        prefix: String,
        /// Do not wait for the end.
        #[arg(long)]
        detach: bool,
    },
    /// Give an external service another URL. Rotate brings it to the application.
    SetUrl {
        /// Its prefix.
        prefix: String,
        /// The URL; '-' reads it from standard input.
        url: String,
    },
    /// Let everybody read the objects of a bucket by their addresses: nobody lists or changes them.
    SetPublic {
        /// Its prefix.
        prefix: String,
        /// Do not wait for the end.
        #[arg(long)]
        detach: bool,
    },
    /// Let nobody read the objects of a bucket without its credentials.
    SetPrivate {
        /// Its prefix.
        prefix: String,
        /// Do not wait for the end.
        #[arg(long)]
        detach: bool,
    },
    /// Give what is public of a bucket a domain of yours, routed at once; the application is told by the next
    /// deployment.
    SetDomain {
        /// Its prefix.
        prefix: String,
        /// The domain, such as media.example.com.
        domain: String,
        /// A network for content answers there and fetches from the bucket's own public host: only told to the
        /// application.
        #[arg(long)]
        cdn: bool,
    },
    /// Take the domain from a bucket.
    UnsetDomain {
        /// Its prefix.
        prefix: String,
    },
    /// Give an attached instance new credentials: deploys what runs with a new user, and revokes the former one.
    Rotate {
        /// Its prefix.
        prefix: String,
        /// How long the former user stays valid while it has sessions, such as 0s, 30m or 1d.
        #[arg(long, default_value = "1h", value_parser = grace)]
        grace: u32,
        /// Do not wait for the end.
        #[arg(long)]
        detach: bool,
    },
    /// Let the next deployment attach a detached instance again.
    Attach {
        /// Its prefix.
        prefix: String,
    },
    /// Let the next deployment detach an instance. Its data stays.
    Detach {
        /// Its prefix.
        prefix: String,
    },
    /// Take the wish to detach an instance back.
    Cancel {
        /// Its prefix.
        prefix: String,
    },
    /// Give an instance another prefix: new variable names from the next deployment on.
    Rename {
        /// Its prefix.
        prefix: String,
        /// Its new prefix.
        new: String,
    },
    /// Give variables by the names of a framework besides, from the next deployment on.
    VariablesFor {
        /// Its prefix.
        prefix: String,
        /// libpq, mysql, django, laravel, rails, spring, aws or heroku, if its type has such names; or none.
        whom: String,
    },
    /// Destroy a service instance that is not attached, with its data.
    Remove {
        /// Its prefix.
        prefix: String,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
        /// Do not wait for the end.
        #[arg(long)]
        detach: bool,
    },
}

/// A number with its unit, in seconds.
fn grace(text: &str) -> Result<u32, String> {
    let (number, seconds) = match text.char_indices().next_back() {
        Some((at, 's')) => (&text[..at], 1),
        Some((at, 'm')) => (&text[..at], 60),
        Some((at, 'h')) => (&text[..at], 60 * 60),
        Some((at, 'd')) => (&text[..at], 24 * 60 * 60),
        _ => (text, 0),
    };
    let read = number.parse::<u32>().ok().filter(|_| seconds > 0);
    read.and_then(|number| number.checked_mul(seconds))
        .ok_or_else(|| "a number with its unit s, m, h or d is expected, such as 30m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::grace;

    #[test]
    fn graces_have_a_unit() {
        for (text, seconds) in [
            ("0s", 0),
            ("90s", 90),
            ("30m", 1800),
            ("1h", 3600),
            ("7d", 604_800),
        ] {
            assert_eq!(grace(text), Ok(seconds), "{text}");
        }
        for text in [
            "",
            "h",
            "1",
            "-1h",
            "1.5h",
            "1w",
            "1 h",
            "49999999d",
            "1\u{e9}",
        ] {
            assert!(grace(text).is_err(), "{text}");
        }
    }
}
