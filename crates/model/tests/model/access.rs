//! Who may do what: the whole matrix as a file that people read, and what holds of all of it.

use std::fmt::Write;

use windlass_model::access::{Action, Decision, Level, Needs, Reason, Role, Standing, decide};

fn standings() -> Vec<Standing> {
    let members = Role::ALL.into_iter().map(Standing::Member);
    members
        .chain([Standing::Operator, Standing::Account])
        .collect()
}

#[test]
fn the_matrix_is_the_one_that_was_reviewed() {
    let mut text = format!(
        "{:<24}{:>8}{:>11}{:>7}{:>7}{:>10}{:>9}  |{:>6}{:>8}{:>8}\n",
        "action",
        "viewer",
        "developer",
        "admin",
        "owner",
        "operator",
        "account",
        "read",
        "deploy",
        "manage"
    );
    let mark = |standing, level, action| match decide(standing, level, action) {
        Decision::Allowed => "yes",
        Decision::Refused(_) => "-",
    };
    for action in Action::ALL {
        let widths = [8, 11, 7, 7, 10, 9];
        let _ = write!(text, "{:<24}", action.as_str());
        for (standing, width) in standings().into_iter().zip(widths) {
            let _ = write!(text, "{:>width$}", mark(standing, Level::Manage, *action));
        }
        // Of somebody whose role is high enough.
        let standing = match action.needs() {
            Needs::Role(_) => Standing::Member(Role::Owner),
            Needs::Operator => Standing::Operator,
            Needs::Account => Standing::Account,
        };
        text.push_str("  |");
        for (level, width) in Level::ALL.into_iter().zip([6, 8, 8]) {
            let _ = write!(text, "{:>width$}", mark(standing, level, *action));
        }
        text.push('\n');
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_higher_role_and_a_higher_level_may_no_less() {
    let allowed =
        |role, level, action| decide(Standing::Member(role), level, action) == Decision::Allowed;
    for action in Action::ALL {
        for level in Level::ALL {
            for roles in Role::ALL.windows(2) {
                assert!(!allowed(roles[0], level, *action) || allowed(roles[1], level, *action));
            }
        }
        for role in Role::ALL {
            for levels in Level::ALL.windows(2) {
                assert!(!allowed(role, levels[0], *action) || allowed(role, levels[1], *action));
            }
        }
    }
}

#[test]
fn secret_values_are_for_nobody_who_only_looks() {
    let action = Action::ReadSecretValues;
    for level in Level::ALL {
        let decision = decide(Standing::Member(Role::Viewer), level, action);
        assert!(matches!(decision, Decision::Refused(Reason::Role { .. })));
    }
    for role in Role::ALL {
        let decision = decide(Standing::Member(role), Level::Read, action);
        assert!(matches!(decision, Decision::Refused(_)), "{role}");
    }
}

#[test]
fn a_refusal_says_who_may() {
    let text = |standing, level, action| match decide(standing, level, action) {
        Decision::Allowed => "allowed".to_owned(),
        Decision::Refused(reason) => reason.to_string(),
    };
    let viewer = Standing::Member(Role::Viewer);
    assert_eq!(
        text(viewer, Level::Manage, Action::Deploy),
        "deploying is for developers, admins and owners of the organisation; your role in it is 'viewer'"
    );
    let owner = Standing::Member(Role::Owner);
    assert_eq!(
        text(
            Standing::Member(Role::Admin),
            Level::Manage,
            Action::ManageOwners
        ),
        "changing who is an owner is for owners of the organisation; your role in it is 'admin'"
    );
    assert_eq!(
        text(owner, Level::Read, Action::Deploy),
        "deploying takes a token of the level 'deploy' or 'manage'; this one has 'read'"
    );
    assert_eq!(
        text(owner, Level::Deploy, Action::SetVariables),
        "changing variables takes a token of the level 'manage'; this one has 'deploy'"
    );
    // The role is said first: a better token would not help.
    assert!(text(viewer, Level::Read, Action::Deploy).contains("your role"));
}

#[test]
fn names_are_read_back() {
    for role in Role::ALL {
        assert_eq!(role.as_str().parse(), Ok(role));
        let json = serde_json::to_string(&role).unwrap();
        assert_eq!(json, format!("\"{role}\""));
    }
    for level in Level::ALL {
        assert_eq!(level.as_str().parse(), Ok(level));
        let json = serde_json::to_string(&level).unwrap();
        assert_eq!(json, format!("\"{level}\""));
    }
    let error = "root".parse::<Role>().unwrap_err().to_string();
    assert_eq!(
        error,
        "'root' is no role; there is viewer, developer, admin, owner"
    );
}
