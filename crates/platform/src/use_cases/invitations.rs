//! Invitations: a link with a secret, shown once to who makes it, good for seven days and one person.

use secrecy::{ExposeSecret, SecretString};
use windlass_model::access::{Action, Level, Role};
use windlass_model::id::{InvitationId, OrganisationId};
use windlass_operations::StoreError;
use windlass_records::{
    AuditEntry, AuditOutcome, Change, Invitation, Membership, Organisation, Scope, Token, User,
    UserKind,
};

use super::members::check_owners;
use super::tokens::checked_name;
use crate::authorize::{Place, authorize};
use crate::context::Context;
use crate::error::Error;
use crate::ids;
use crate::platform::Platform;

/// How long an invitation is good: 7 days.
const GOOD_FOR_MILLIS: i64 = 7 * 24 * 60 * 60 * 1000;

/// An invitation with its link, which is not to be had again.
#[derive(Debug)]
pub struct MadeInvitation {
    /// The invitation.
    pub invitation: Invitation,
    /// The link with the secret.
    pub link: SecretString,
}

/// Somebody who accepts an invitation without an account.
#[derive(Debug)]
pub struct Newcomer {
    /// The secret, or the link with it.
    pub secret: SecretString,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// The request, for records.
    pub request_id: String,
    /// The client's address, for records.
    pub address: String,
}

/// A new user with its first token.
#[derive(Debug)]
pub struct Registered {
    /// The user.
    pub user: User,
    /// The organisation that it is in now.
    pub organisation: Organisation,
    /// Its token, which is not to be had again.
    pub token: SecretString,
}

impl Platform {
    /// Invites somebody to an organisation.
    ///
    /// # Errors
    /// The caller may not, the address cannot be used, or its user is a member already.
    pub async fn create_invitation(
        &self,
        context: &Context,
        organisation: OrganisationId,
        email: &str,
        role: Role,
    ) -> Result<MadeInvitation, Error> {
        let loaded = self.load_organisation(context, Action::ManageMembers, organisation);
        let organisation = loaded.await?;
        check_owners(context, &organisation, [role, role])?;
        let email = checked_address(email)?;
        let members = self.parts.store.members(organisation.id).await?;
        let is_it =
            |member: &windlass_records::Member| member.user.email.eq_ignore_ascii_case(&email);
        if members.iter().any(is_it) {
            return Err(Error::invalid(
                "email",
                format!("{email} is a member of the organisation already"),
            ));
        }
        let now = self.parts.now();
        let secret = ids::invitation();
        let invitation = Invitation {
            id: ids::mint(),
            organisation: organisation.id,
            email,
            role,
            hash: ids::token_hash(secret.expose_secret()),
            invited_by: context.email.clone(),
            created_at: now,
            expires_at: now.plus_millis(GOOD_FOR_MILLIS),
        };
        let changes = vec![
            Change::InsertInvitation(invitation.clone()),
            self.audit_organisation(
                context,
                "invitation.create",
                invitation.email.as_str(),
                organisation.id,
                role.as_str(),
            ),
        ];
        self.parts.store.commit(changes).await?;
        let base = self.parts.settings.public_url.trim_end_matches('/');
        // Behind '#', so that it is in no log of a server.
        let link = SecretString::from(format!("{base}/invitations/#{}", secret.expose_secret()));
        Ok(MadeInvitation { invitation, link })
    }

    /// The invitations to an organisation that are open.
    pub async fn invitations(
        &self,
        context: &Context,
        organisation: OrganisationId,
    ) -> Result<Vec<Invitation>, Error> {
        let loaded = self.load_organisation(context, Action::ManageMembers, organisation);
        Ok(self.parts.store.invitations(loaded.await?.id).await?)
    }

    /// Revokes an invitation.
    pub async fn revoke_invitation(
        &self,
        context: &Context,
        organisation: OrganisationId,
        id: InvitationId,
    ) -> Result<(), Error> {
        let open = self.invitations(context, organisation).await?;
        let invitation = open.into_iter().find(|invitation| invitation.id == id);
        let invitation = invitation.ok_or_else(|| Error::not_found("invitation", id))?;
        let email = invitation.email.as_str();
        let changes = vec![
            Change::DeleteInvitation(id),
            self.audit_organisation(context, "invitation.revoke", email, organisation, ""),
        ];
        Ok(self.parts.store.commit(changes).await?)
    }

    /// The caller joins the organisation that it was invited to.
    ///
    /// # Errors
    /// The invitation is none, has ended, is for another address, or the caller is a member already.
    pub async fn accept_invitation(
        &self,
        context: &Context,
        secret: &SecretString,
    ) -> Result<Organisation, Error> {
        authorize(context, Action::ManageAccount, &Place::Everyone, || {
            Error::Unauthenticated
        })?;
        if context.scope != Scope::Everywhere {
            return Err(Error::refused(
                "not_allowed",
                "joining an organisation takes a token that is not for one organisation only",
            ));
        }
        let (invitation, organisation) = self.open_invitation(secret).await?;
        if !invitation.email.eq_ignore_ascii_case(&context.email) {
            return Err(Error::refused(
                "other_address",
                format!(
                    "this invitation is for another address than yours, {}; ask for one that is for you",
                    context.email
                ),
            ));
        }
        let changes = vec![
            Change::InsertMembership(self.joins(&invitation, context.user)),
            Change::DeleteInvitation(invitation.id),
            self.audit_organisation(
                context,
                "invitation.accept",
                context.email.as_str(),
                organisation.id,
                invitation.role.as_str(),
            ),
        ];
        self.parts.store.commit(changes).await.map_err(once)?;
        Ok(organisation)
    }

    /// Makes an account for somebody who was invited and has none, with a first token.
    ///
    /// # Errors
    /// The invitation is none or has ended, a name cannot be used, or the address has an account.
    pub async fn register(&self, newcomer: Newcomer) -> Result<Registered, Error> {
        let (invitation, organisation) = self.open_invitation(&newcomer.secret).await?;
        let first_name = checked_name("first_name", &newcomer.first_name)?;
        let last_name = checked_name("last_name", &newcomer.last_name)?;
        let now = self.parts.now();
        let mut changes = Vec::new();
        let store = &self.parts.store;
        let user = if let Some(user) = store.user_by_email(&invitation.email).await? {
            // One who has left every organisation has no token either, and begins again.
            let is_in_use = user.is_operator
                || user.kind == UserKind::ServiceAccount
                || !store.memberships(user.id).await?.is_empty();
            if is_in_use {
                return Err(Error::refused(
                    "account_exists",
                    format!(
                        "{} has an account; log in with it and accept the invitation then",
                        user.email
                    ),
                ));
            }
            user
        } else {
            let user = User {
                id: ids::mint(),
                kind: UserKind::Person,
                email: invitation.email.clone(),
                first_name,
                last_name,
                is_operator: false,
                created_at: now,
            };
            changes.push(Change::InsertUser(user.clone()));
            user
        };
        let text = ids::token();
        let token = Token {
            id: ids::mint(),
            user: user.id,
            name: "first token".to_owned(),
            hash: ids::token_hash(text.expose_secret()),
            level: Level::Manage,
            scope: Scope::Everywhere,
            created_at: now,
            expires_at: None,
            last_used_at: None,
        };
        let entry = AuditEntry {
            at: now,
            actor: user.email.clone(),
            request_id: newcomer.request_id,
            address: newcomer.address,
            action: "invitation.register".to_owned(),
            subject: user.email.clone(),
            organisation: Some(organisation.id),
            application: None,
            detail: invitation.role.to_string(),
            outcome: AuditOutcome::Done,
        };
        changes.extend([
            Change::InsertMembership(self.joins(&invitation, user.id)),
            Change::InsertToken(token),
            Change::DeleteInvitation(invitation.id),
            Change::Audit(entry),
        ]);
        store.commit(changes).await.map_err(once)?;
        Ok(Registered {
            user,
            organisation,
            token: text,
        })
    }

    /// The invitation that a secret, or a link with it, opens now.
    async fn open_invitation(
        &self,
        secret: &SecretString,
    ) -> Result<(Invitation, Organisation), Error> {
        // What was given is a secret, perhaps of something else: it is in no answer.
        let missing = || {
            Error::refused(
                "no_invitation",
                "this is no invitation that is open: it may have been accepted or revoked; ask for a new one",
            )
        };
        let given = secret.expose_secret().trim();
        let secret = given.rsplit_once('#').map_or(given, |(_, secret)| secret);
        let hash = ids::token_hash(secret);
        let found = self.parts.store.invitation_by_hash(&hash).await?;
        let invitation = found.ok_or_else(missing)?;
        if invitation.expires_at <= self.parts.now() {
            return Err(Error::refused(
                "invitation_ended",
                "this invitation has ended: it was good for seven days; ask for a new one",
            ));
        }
        let all = self.parts.store.organisations().await?;
        let organisation = all
            .into_iter()
            .find(|one| one.id == invitation.organisation);
        Ok((invitation, organisation.ok_or_else(missing)?))
    }

    fn joins(&self, invitation: &Invitation, user: windlass_model::id::UserId) -> Membership {
        Membership {
            user,
            organisation: invitation.organisation,
            role: invitation.role,
            created_at: self.parts.now(),
        }
    }
}

/// The store's refusals of a second use in the same moment.
fn once(error: StoreError) -> Error {
    match error {
        StoreError::Conflict(message) => Error::refused("conflict", message),
        StoreError::NotFound(_) => Error::refused(
            "no_invitation",
            "this invitation has just been accepted or revoked",
        ),
        other => other.into(),
    }
}

/// An address that could be one: nothing is sent to it.
fn checked_address(text: &str) -> Result<String, Error> {
    let text = text.trim();
    let is_good = text.len() <= 254
        && text.chars().all(|c| !c.is_whitespace() && !c.is_control())
        && text.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty() && !host.is_empty() && !host.contains('@')
        });
    if is_good && !text.ends_with(".service") {
        Ok(text.to_owned())
    } else {
        Err(Error::invalid("email", "this is no address of a person"))
    }
}
