//! Variables and the server's specification.

use std::collections::BTreeSet;

use secrecy::ExposeSecret;
use windlass_model::names::Prefix;
use windlass_model::profile::Profile;

use super::suite::{Suite, new_spec};
use crate::error::Error;
use crate::password;
use crate::spec::{Endpoint, Tls, Variable, VariableRequest};

pub(super) fn names_are_those_promised(suite: &Suite<'_>) {
    let driver = suite.driver();
    let profiles: Vec<_> = Profile::ALL.into_iter().map(Some).chain([None]).collect();
    for prefix in [
        Prefix::default_prefix(),
        "REPORTS_2".parse().expect("a prefix"),
    ] {
        for tls in [Tls::Off, Tls::Require, Tls::Verify] {
            let schemes = driver
                .url_schemes()
                .iter()
                .map(|scheme| Some((*scheme).to_owned()));
            for url_scheme in schemes.chain([None, Some("unheard-of".to_owned())]) {
                for profile in &profiles {
                    let request = VariableRequest {
                        prefix: prefix.clone(),
                        instance: new_spec().instance,
                        generation: 1,
                        password: password::generate(),
                        endpoint: Endpoint {
                            host: "fd00::1".to_owned(),
                            port: 5432,
                        },
                        tls,
                        url_scheme: url_scheme.clone(),
                        profile: *profile,
                        media_host: None,
                    };
                    check(suite, &request);
                }
            }
        }
    }
}

fn check(suite: &Suite<'_>, request: &VariableRequest) {
    let names = suite
        .driver()
        .variable_names(&request.prefix, request.profile);
    let variables = suite.driver().variables(request);
    let given: Vec<_> = variables
        .iter()
        .map(|variable| variable.name.clone())
        .collect();
    assert_eq!(
        given, names,
        "the variables' names are those of variable_names, in their order"
    );
    assert_eq!(
        given.iter().collect::<BTreeSet<_>>().len(),
        given.len(),
        "no name is given twice: {given:?}"
    );
    let start = format!("{}_", request.prefix);
    for variable in &variables {
        let is_prefixed = variable.name.as_str().starts_with(&start);
        assert!(
            !(is_prefixed && variable.is_alias),
            "{} has the prefix and gives way to nothing",
            variable.name
        );
        assert!(
            is_prefixed || !variable.is_alias || request.prefix.is_default(),
            "only DEFAULT has aliases, {} is none of its",
            variable.name
        );
    }
    profile_is_the_types(suite, request, &variables);
    let secret = request.password.expose_secret();
    let holds = variables
        .iter()
        .filter(|variable| variable.value.expose_secret().contains(secret));
    for variable in holds.clone() {
        assert!(
            variable.is_sensitive,
            "{} holds the password and says that it is no secret",
            variable.name
        );
    }
    assert!(
        holds.count() > 0 || !suite.traits().users,
        "the application is told its password"
    );
    let shown = format!("{variables:?} {request:?}");
    assert!(!shown.contains(secret), "no Debug shows a password");
}

/// A profile of the type gives names of its own, and another nothing.
fn profile_is_the_types(suite: &Suite<'_>, request: &VariableRequest, given: &[Variable]) {
    let driver = suite.driver();
    let without = VariableRequest {
        profile: None,
        ..request.clone()
    };
    let own = |variables: &[Variable]| -> BTreeSet<_> {
        let own = variables.iter().filter(|variable| !variable.is_alias);
        own.map(|variable| variable.name.clone()).collect()
    };
    let (with, without) = (own(given), own(&driver.variables(&without)));
    let known = |profile| driver.profiles().contains(&profile);
    assert!(without.is_subset(&with), "the usual names stay: {with:?}");
    assert_eq!(
        request.profile.is_some_and(known),
        with != without,
        "names for {:?}: {with:?}",
        request.profile
    );
    let start = format!("{}_", request.prefix);
    assert!(
        without.iter().all(|name| name.as_str().starts_with(&start)),
        "the prefix is in all but aliases: {without:?}"
    );
}

/// A type that has no server of ours says so.
pub(super) fn no_server_is_run(suite: &Suite<'_>) {
    let server = suite
        .driver()
        .server(suite.fixture.version(), &password::generate());
    assert!(
        matches!(server, Err(Error::Unsupported { .. })),
        "a type without a server of ours has none to run"
    );
}

pub(super) fn server_can_be_run(suite: &Suite<'_>) {
    let password = password::generate();
    let server = suite
        .driver()
        .server(suite.fixture.version(), &password)
        .expect("the version is supported");
    assert!(
        !format!("{server:?}").contains(password.expose_secret()),
        "no Debug shows a password"
    );
    assert!(server.port > 0, "the server's port is known");
    assert!(!suite.driver().kind().is_empty(), "the type has a name");
    let refused = suite.driver().server("0.0-no-such-version", &password);
    if let Err(error) = refused {
        assert!(
            !error.to_string().contains(password.expose_secret()),
            "no error shows a password"
        );
    }
}

pub(super) fn server_is_told_the_password(suite: &Suite<'_>) {
    let password = password::generate();
    let server = suite
        .driver()
        .server(suite.fixture.version(), &password)
        .expect("the version is supported");
    let told = server
        .environment
        .iter()
        .any(|(_, value)| value.expose_secret() == password.expose_secret());
    assert!(
        told,
        "the server is told the administrator's password in its environment"
    );
    assert!(
        !server.administrator.is_empty(),
        "the administrator's name is known"
    );
}
