//! The registry of everything that can be done, and what it needs.

use super::{Level, Role};

/// Who may do something, apart from the level of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Whoever has an account.
    Account,
    /// A member of the organisation with this role or a higher one.
    Role(Role),
    /// Who operates the installation.
    Operator,
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident: $phrase:literal, $needs:expr, $level:ident;)+) => {
        /// Something that can be done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action {
            $($(#[$doc])* $name,)+
        }

        impl Action {
            /// Every action, in the order of the registry.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Its name.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }

            /// What is done, for people: the beginning of a sentence.
            pub fn phrase(self) -> &'static str {
                match self {
                    $(Self::$name => $phrase,)+
                }
            }

            /// Who may do it.
            pub fn needs(self) -> Needs {
                match self {
                    $(Self::$name => $needs,)+
                }
            }

            /// The least level of a token that may.
            pub fn level(self) -> Level {
                match self {
                    $(Self::$name => Level::$level,)+
                }
            }
        }
    };
}

const VIEWER: Needs = Needs::Role(Role::Viewer);
const DEVELOPER: Needs = Needs::Role(Role::Developer);
const ADMIN: Needs = Needs::Role(Role::Admin);
const OWNER: Needs = Needs::Role(Role::Owner);

actions! {
    /// One's own account and tokens, and what regions offer.
    ViewAccount: "looking at one's own account", Needs::Account, Read;
    /// New tokens of one's own, and revoked ones; joining an organisation and leaving one.
    ManageAccount: "changing one's own tokens and memberships", Needs::Account, Manage;

    /// An organisation's name.
    ViewOrganisation: "looking at the organisation", VIEWER, Read;
    /// Who is in it, with which role.
    ViewMembers: "looking at the members", VIEWER, Read;
    /// Invitations, roles below the owner's, who leaves.
    ManageMembers: "changing who is a member", ADMIN, Manage;
    /// Who becomes an owner, and who is one no longer.
    ManageOwners: "changing who is an owner", OWNER, Manage;
    /// Users of machines, and their tokens.
    ManageServiceAccounts: "managing service accounts", ADMIN, Manage;
    /// Who did what.
    ReadAudit: "reading the audit log", ADMIN, Read;
    /// A new application.
    CreateApplication: "creating an application", DEVELOPER, Manage;

    /// An application with everything in it but secret values.
    ViewApplication: "looking at the application", VIEWER, Read;
    /// What its processes and its deployments write.
    ReadLogs: "reading logs", VIEWER, Read;
    /// Sensitive variables, credentials of services.
    ReadSecretValues: "reading secret values", DEVELOPER, Manage;
    /// Fetching its repository.
    ReadCode: "fetching the code", DEVELOPER, Read;
    /// Pushing to its repository.
    PushCode: "pushing code", DEVELOPER, Deploy;
    /// Deployments, rollbacks, and what they would change.
    Deploy: "deploying", DEVELOPER, Deploy;
    /// An operation that is asked to stop, or tried once more.
    CancelOperation: "cancelling or retrying an operation", DEVELOPER, Deploy;
    /// Environments, branches, release commands.
    ChangeApplication: "changing the application", DEVELOPER, Manage;
    /// Custom variables.
    SetVariables: "changing variables", DEVELOPER, Manage;
    /// Adding, provisioning, attaching, detaching, renaming; all that destroys nothing.
    ManageServices: "changing services", DEVELOPER, Manage;
    /// New credentials of an instance.
    RotateCredentials: "rotating credentials", DEVELOPER, Manage;
    /// A step that is skipped, an operation that is given up.
    RepairOperation: "skipping a step or abandoning an operation", ADMIN, Manage;
    /// An instance with its data.
    RemoveService: "removing a service with its data", ADMIN, Manage;
    /// An application with its data.
    RemoveApplication: "removing the application", ADMIN, Manage;

    /// Registered brokers.
    ViewBrokers: "looking at brokers", Needs::Operator, Read;
    /// Brokers that are registered, changed, removed.
    ManageBrokers: "changing brokers", Needs::Operator, Manage;
    /// A new organisation.
    CreateOrganisation: "creating an organisation", Needs::Operator, Manage;
}
