//! The trailing slash: every route answers with and without one, and nothing is redirected (clients turn
//! a redirected POST into a GET).

use http::Uri;
use http::uri::{Parts, PathAndQuery};

/// Gives paths the form in which their routes are registered.
#[derive(Debug, Clone)]
pub(crate) struct Slashes {
    /// The registered paths without a slash at their end, cut into segments.
    bare: Vec<Vec<String>>,
}

impl Slashes {
    /// From the paths of the routes.
    pub(crate) fn new<'a>(paths: impl IntoIterator<Item = &'a String>) -> Self {
        let bare = paths.into_iter().filter(|path| !path.ends_with('/'));
        Self {
            bare: bare
                .map(|path| path.split('/').map(str::to_owned).collect())
                .collect(),
        }
    }

    /// The URI with the slash as its route has it. Paths of git stay as they are.
    pub(crate) fn normalized(&self, uri: &Uri) -> Uri {
        let path = uri.path();
        if path.starts_with("/git/") {
            return uri.clone();
        }
        let trimmed = path.strip_suffix('/').unwrap_or(path);
        let wanted = if self.is_bare(trimmed) {
            trimmed.to_owned()
        } else {
            format!("{trimmed}/")
        };
        if wanted == path {
            return uri.clone();
        }
        let target = match uri.query() {
            Some(query) => format!("{wanted}?{query}"),
            None => wanted,
        };
        let Ok(target) = target.parse::<PathAndQuery>() else {
            return uri.clone();
        };
        let mut parts = Parts::from(uri.clone());
        parts.path_and_query = Some(target);
        Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
    }

    fn is_bare(&self, path: &str) -> bool {
        self.bare.iter().any(|pattern| {
            let mut segments = path.split('/');
            pattern.iter().all(|held| {
                segments
                    .next()
                    .is_some_and(|given| held.starts_with('{') || held == given)
            }) && segments.next().is_none()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_get_the_form_of_their_routes() {
        let registered = [
            "/a/".to_owned(),
            "/a/{id}/".to_owned(),
            "/a/{id}/logs".to_owned(),
            "/health".to_owned(),
        ];
        let slashes = Slashes::new(&registered);
        let normalized = |text: &str| slashes.normalized(&text.parse().unwrap()).to_string();
        for (given, wanted) in [
            ("/a", "/a/"),
            ("/a/", "/a/"),
            ("/a?x=1&y=", "/a/?x=1&y="),
            ("/a/7", "/a/7/"),
            ("/a/7/logs", "/a/7/logs"),
            ("/a/7/logs/?from=3", "/a/7/logs?from=3"),
            ("/a/7/logs/stream", "/a/7/logs/stream/"),
            ("/health/", "/health"),
            ("/", "/"),
            (
                "/git/demo.git/info/refs?service=git-upload-pack",
                "/git/demo.git/info/refs?service=git-upload-pack",
            ),
        ] {
            assert_eq!(normalized(given), wanted);
        }
    }
}
