//! One request.

use http::Method;
use serde::Serialize;
use windlass_model::percent::encode;

use crate::identity::OriginatingIdentity;
use crate::target::{Resource, Target};

/// One request, made once and sent as often as necessary: a repetition is identical.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Below the broker's path.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) body: Option<Body>,
    pub(crate) identity: Option<String>,
    /// The version of what we have already.
    pub(crate) unless: Option<String>,
}

/// What is sent; it may hold what a user keeps secret.
#[derive(Clone)]
pub(crate) struct Body(pub(crate) String);

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}

impl Call {
    /// A request for something that is to be read.
    pub(crate) fn get(path: String) -> Self {
        Self {
            method: Method::GET,
            path,
            query: String::new(),
            body: None,
            identity: None,
            unless: None,
        }
    }

    /// A deletion; it may take a while.
    pub(crate) fn delete(resource: Resource<'_>) -> Self {
        let call = Self {
            method: Method::DELETE,
            ..Self::get(resource.path())
        };
        call.accepting(true).hinting(resource.target())
    }

    /// A request with a body; it may take a while where that is said.
    pub(crate) fn send(
        method: Method,
        resource: Resource<'_>,
        body: &impl Serialize,
        accepts_incomplete: bool,
    ) -> Self {
        let body = serde_json::to_string(body)
            .expect("bodies are structs of strings and of JSON objects, with strings as keys");
        let call = Self {
            method,
            body: Some(Body(body)),
            ..Self::get(resource.path())
        };
        call.accepting(accepts_incomplete)
    }

    /// A question how far an operation is.
    pub(crate) fn poll(resource: Resource<'_>, operation: Option<&str>) -> Self {
        let call = Self::get(format!("{}/last_operation", resource.path()));
        let call = call.hinting(resource.target());
        match operation {
            Some(operation) => call.with("operation", operation),
            None => call,
        }
    }

    /// A question for the thing itself.
    pub(crate) fn fetch(resource: Resource<'_>) -> Self {
        Self::get(resource.path()).hinting(resource.target())
    }

    /// For that user.
    pub(crate) fn by(mut self, identity: Option<&OriginatingIdentity>) -> Self {
        self.identity = identity.map(OriginatingIdentity::header);
        self
    }

    fn accepting(self, accepts_incomplete: bool) -> Self {
        if accepts_incomplete {
            self.with("accepts_incomplete", "true")
        } else {
            self
        }
    }

    fn hinting(self, target: &Target) -> Self {
        self.with("service_id", &target.service_id)
            .with("plan_id", &target.plan_id)
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        let sign = if self.query.is_empty() { '?' } else { '&' };
        self.query.push(sign);
        self.query.push_str(name);
        self.query.push('=');
        self.query.push_str(&encode(value));
        self
    }
}
