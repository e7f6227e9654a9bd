//! Users: people registered at a location so that they can hold user licences.
//! <https://developer.apple.com/documentation/devicemanagement/managing-users>

use std::collections::HashSet;
use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::ids::ClientUserId;
use crate::lenient;
use crate::reply::{List, Record};
use crate::service::Limits;
use crate::walk::Query;
use crate::words::UserStatus;

/// A registered user. Several retired ones and at most one active may share a `clientUserId`.
/// <https://developer.apple.com/documentation/devicemanagement/responseuser>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The id given at registration.
    pub client_user_id: ClientUserId,
    /// The e-mail address given.
    pub email: Option<String>,
    /// A hash of the Apple Account, once one has joined.
    pub id_hash: Option<String>,
    /// For the invitation, while no account has joined.
    pub invite_code: Option<InviteCode>,
    /// Where the user stands.
    pub status: UserStatus,
}

/// Lets whoever has it join as the user: not to be shown in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct InviteCode(String);

impl InviteCode {
    /// The code, for the invitation and for storage.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for InviteCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("InviteCode(redacted)")
    }
}

/// Which users are wanted by their state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UserScope {
    /// All.
    #[default]
    All,
    /// Registered or associated.
    ActiveOnly,
    /// Retired.
    RetiredOnly,
}

/// Which users are wanted; the default is all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Only those of this id.
    pub client_user_id: Option<ClientUserId>,
    /// Only those in this state.
    pub scope: UserScope,
    /// Only those changed since this version, the first of an earlier walk.
    pub since_version: Option<String>,
}

impl UserFilter {
    pub(crate) fn query(&self) -> Query {
        let only = |scope| (self.scope == scope).then(|| "true".to_owned());
        let pairs = [
            (
                "clientUserId",
                self.client_user_id.as_ref().map(ToString::to_string),
            ),
            ("activeOnly", only(UserScope::ActiveOnly)),
            ("retiredOnly", only(UserScope::RetiredOnly)),
            ("sinceVersionId", self.since_version.clone()),
        ];
        pairs
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)))
            .collect()
    }
}

/// A user to register or to change. <https://developer.apple.com/documentation/devicemanagement/requestuser>
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserDetails {
    /// The id, chosen here.
    pub client_user_id: ClientUserId,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// A Managed Apple Account of the organisation: joins at once, without invitation.
    #[serde(rename = "managedAppleId", skip_serializing_if = "Option::is_none")]
    pub managed_apple_account: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct UserList<'a, T> {
    users: &'a [T],
}

/// The body of a create or update request.
pub(crate) fn user_list<'a>(
    users: &'a [UserDetails],
    limits: &Limits,
) -> Result<UserList<'a, UserDetails>, Fault> {
    check(users.iter().map(|user| &user.client_user_id), limits)?;
    Ok(UserList { users })
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RetiringUser<'a> {
    client_user_id: &'a ClientUserId,
}

#[derive(Debug, Serialize)]
pub(crate) struct Retirement<'a> {
    users: Vec<RetiringUser<'a>>,
}

/// The body of a retire request.
pub(crate) fn retirement<'a>(users: &'a [ClientUserId], limits: &Limits) -> Result<Retirement<'a>, Fault> {
    check(users.iter(), limits)?;
    Ok(Retirement {
        users: users
            .iter()
            .map(|client_user_id| RetiringUser { client_user_id })
            .collect(),
    })
}

fn check<'a>(ids: impl ExactSizeIterator<Item = &'a ClientUserId>, limits: &Limits) -> Result<(), Fault> {
    let count = ids.len();
    if count == 0 {
        Err(Fault::argument(9720, "the request holds no user"))
    } else if u32::try_from(count).map_or(true, |count| count > limits.max_users) {
        Err(Fault::argument(
            9714,
            format!("{count} users in one request, {} are allowed", limits.max_users),
        ))
    } else if ids.collect::<HashSet<_>>().len() < count {
        Err(Fault::argument(9715, "the request holds a user twice"))
    } else {
        Ok(())
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct WireUser {
    #[serde(deserialize_with = "lenient::text")]
    client_user_id: Option<CompactString>,
    #[serde(deserialize_with = "lenient::string")]
    email: Option<String>,
    #[serde(deserialize_with = "lenient::string")]
    id_hash: Option<String>,
    #[serde(deserialize_with = "lenient::string")]
    invite_code: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    status: Option<CompactString>,
}

impl Record for User {
    type Wire = WireUser;
    const LIST: List = List::Users;

    fn from_wire(wire: WireUser) -> Option<Self> {
        Some(User {
            client_user_id: ClientUserId::from_apple(wire.client_user_id?),
            email: wire.email,
            id_hash: wire.id_hash,
            invite_code: wire.invite_code.map(InviteCode),
            status: UserStatus::from(wire.status.as_deref().unwrap_or_default()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> ClientUserId {
        ClientUserId::new(text).expect("an id")
    }

    fn number<T>(checked: Result<T, Fault>) -> Option<u32> {
        checked.err().and_then(|fault| fault.number)
    }

    #[test]
    fn a_user_is_read_and_the_invitation_code_not_printed() {
        let wire = r#"{"clientUserId":"client-101","email":"c@example.com","inviteCode":"46bc93ea","status":"Registered"}"#;
        let user = User::from_wire(serde_json::from_str(wire).expect("a user")).expect("a user");
        assert_eq!(user.status, UserStatus::Registered);
        assert_eq!(
            user.invite_code.as_ref().map(InviteCode::expose),
            Some("46bc93ea")
        );
        assert!(!format!("{user:?}").contains("46bc93ea"));
    }

    #[test]
    fn a_list_of_users_is_checked_against_the_limits() {
        let limits = Limits {
            max_users: 2,
            ..Limits::default()
        };
        assert_eq!(number(retirement(&[], &limits)), Some(9720));
        assert_eq!(
            number(retirement(&[id("a"), id("b"), id("c")], &limits)),
            Some(9714)
        );
        assert_eq!(number(retirement(&[id("a"), id("a")], &limits)), Some(9715));
        assert_eq!(number(retirement(&[id("a"), id("b")], &limits)), None);
    }

    #[test]
    fn requests_are_written_as_apple_reads_them() {
        let limits = Limits::default();
        let users = [UserDetails {
            client_user_id: id("client-100"),
            email: None,
            managed_apple_account: Some("maid@example.com".into()),
        }];
        let body = serde_json::to_string(&user_list(&users, &limits).expect("a body")).expect("JSON");
        assert_eq!(
            body,
            r#"{"users":[{"clientUserId":"client-100","managedAppleId":"maid@example.com"}]}"#
        );
        let retiring = [id("client-100")];
        let body = serde_json::to_string(&retirement(&retiring, &limits).expect("a body")).expect("JSON");
        assert_eq!(body, r#"{"users":[{"clientUserId":"client-100"}]}"#);
    }

    #[test]
    fn the_filter_is_written_as_apple_reads_it() {
        let filter = UserFilter {
            scope: UserScope::ActiveOnly,
            ..Default::default()
        };
        assert_eq!(filter.query(), [("activeOnly", "true".to_owned())]);
    }
}
