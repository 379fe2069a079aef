//! `organisations`, `members`, `invitations`, `audit`.

use clap::{Args, Subcommand, ValueEnum};

use super::SHARED;

/// Which organisation.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = SHARED)]
pub(crate) struct Organisation {
    /// The organisation, by name or id, if you are in several.
    #[arg(
        short,
        long,
        global = true,
        env = "WINDLASS_ORGANISATION",
        value_name = "ORGANISATION"
    )]
    pub(crate) organisation: Option<String>,
}

/// A role, each with what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// Sees everything but secret values.
    Viewer,
    /// Works on applications.
    Developer,
    /// Removes what holds data; manages members.
    Admin,
    /// Says who owns the organisation.
    Owner,
}

impl Role {
    /// Its name on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Developer => "developer",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

/// `organisations`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct OrganisationVerbs {
    #[command(subcommand)]
    pub(crate) verb: OrganisationVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OrganisationVerb {
    /// List the organisations that you are in.
    List,
    /// Create an organisation that you own. For those who operate the installation.
    Create {
        /// Its name.
        name: String,
    },
}

/// `members`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct MemberVerbs {
    #[command(subcommand)]
    pub(crate) verb: MemberVerb,
    #[command(flatten)]
    pub(crate) of: Organisation,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MemberVerb {
    /// List the members of an organisation and its service accounts.
    List,
    /// Give a member another role.
    Role {
        /// The member's address.
        email: String,
        /// The role.
        role: Role,
    },
    /// Remove a member or a service account: its tokens for the organisation stop at once.
    Remove {
        /// Its address.
        email: String,
    },
    /// Make a user for a machine, without a login; 'windlass token create --for' makes its tokens.
    AddServiceAccount {
        /// Its name: lower-case letters, digits and hyphens.
        name: String,
        /// What it may do.
        #[arg(long, default_value = "developer")]
        role: Role,
    },
}

/// `invitations`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct InvitationVerbs {
    #[command(subcommand)]
    pub(crate) verb: InvitationVerb,
    #[command(flatten)]
    pub(crate) of: Organisation,
}

#[derive(Debug, Subcommand)]
pub(crate) enum InvitationVerb {
    /// List the invitations that are open.
    List,
    /// Invite somebody: prints a link, once, that is good for seven days. Nothing is sent.
    Create {
        /// The address of whom it is for.
        email: String,
        /// What it will be in the organisation.
        #[arg(long, default_value = "developer")]
        role: Role,
    },
    /// Revoke an invitation.
    Revoke {
        /// The address of whom it is for, or the invitation's id.
        invitation: String,
    },
    /// Accept an invitation with the login that there is.
    Accept {
        /// The link. If left out, it is asked for, or read from standard input where that is no terminal.
        link: Option<String>,
    },
    /// Accept an invitation without an account: makes one, and logs in.
    Register {
        /// The link. If left out, it is asked for, or read from standard input where that is no terminal.
        link: Option<String>,
        /// Your first name.
        #[arg(long)]
        first_name: String,
        /// Your last name.
        #[arg(long)]
        last_name: String,
    },
}

/// `audit`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct Audit {
    #[command(flatten)]
    pub(crate) of: Organisation,
    /// Only what was done with this application.
    #[arg(short, long, value_name = "APPLICATION")]
    pub(crate) app: Option<String>,
    /// Only at this time or later, such as 2026-12-31T12:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Only before this time.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// How many entries, the newest first.
    #[arg(short = 'n', long, default_value_t = 50, value_name = "NUMBER")]
    pub(crate) lines: u32,
    /// Print all entries as JSON, one in each line.
    #[arg(long, conflicts_with = "lines")]
    pub(crate) export: bool,
}
