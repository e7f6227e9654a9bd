//! T3: what can be done in each state of a token: the one table. `server/src/portal` refuses by it, the engine and the
//! storage leave undone by it, and the token's page shows it.

use super::TokenState;
use crate::{Code, Fault};
use serde::{Deserialize, Serialize};

/// Something that is done with a token or with what its location holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Seeing its apps, counts, licences and past.
    Look,
    /// Name, country, account type.
    Edit,
    /// Reading all of it at Apple.
    Sync,
    /// Asking Apple how far it is with what it has accepted.
    Follow,
    /// Giving licences.
    Assign,
    /// Taking licences back.
    Revoke,
    /// Making the location Pomona's own at Apple (T5).
    TakeControl,
    /// Putting a newer token in its place (T6).
    Renew,
    /// Taking it out of Pomona; nothing changes at Apple (T8).
    Delete,
}

const YES: bool = true;
const NO: bool = false;

/// The states by their names, as the columns of the table.
pub const STATES: [&str; 6] = [
    "valid",
    "expired",
    "unknown",
    "revoked",
    "assigned_to_external_mdm",
    "duplicate",
];

/// The table: a row for each deed, a column for each of [`STATES`].
#[rustfmt::skip]
pub const TABLE: [(Deed, [bool; 6]); 9] = [
    //                  valid  expired  unknown  revoked  external  duplicate
    (Deed::Look,        [YES,  YES,     YES,     YES,     YES,      YES]),
    (Deed::Edit,        [YES,  YES,     YES,     YES,     YES,      YES]),
    (Deed::Sync,        [YES,  NO,      NO,      NO,      YES,      NO]),
    (Deed::Follow,      [YES,  NO,      NO,      NO,      YES,      YES]),
    (Deed::Assign,      [YES,  NO,      NO,      NO,      NO,       YES]),
    (Deed::Revoke,      [YES,  NO,      NO,      NO,      NO,       YES]),
    (Deed::TakeControl, [NO,   NO,      NO,      NO,      YES,      NO]),
    (Deed::Renew,       [YES,  YES,     YES,     YES,     YES,      YES]),
    (Deed::Delete,      [YES,  YES,     YES,     YES,     YES,      YES]),
];

names! {
    Deed {
        Look = "look",
        Edit = "edit",
        Sync = "sync",
        Follow = "follow",
        Assign = "assign",
        Revoke = "revoke",
        TakeControl = "take_control",
        Renew = "renew",
        Delete = "delete",
    }
}

impl Deed {
    /// The names of the states in which it can be done.
    pub fn states(self) -> impl Iterator<Item = &'static str> {
        TABLE
            .into_iter()
            .filter(move |(deed, _)| *deed == self)
            .flat_map(|(_, row)| STATES.into_iter().zip(row))
            .filter_map(|(state, can)| can.then_some(state))
    }
}

impl TokenState {
    /// Whether it can be done in this state.
    pub fn allows(&self, deed: Deed) -> bool {
        deed.states().any(|state| state == self.as_str())
    }

    /// An error, which names the state, unless it can be done. Of an expired token the caller adds the `date`.
    pub fn need(&self, deed: Deed) -> Result<(), Fault> {
        if self.allows(deed) {
            Ok(())
        } else {
            Err(self.fault())
        }
    }

    /// What is told where a state stands in the way.
    pub fn fault(&self) -> Fault {
        match self {
            // The one thing that a valid token does not need.
            TokenState::Valid => Code::OwnedHere.into(),
            TokenState::Expired => Code::TokenExpired.into(),
            TokenState::Unknown => Code::TokenUnknown.into(),
            TokenState::Revoked => Code::TokenRevoked.into(),
            TokenState::AssignedToExternalMdm { mdm } => Fault::new(Code::OwnedByOtherMdm).with("mdm", mdm),
            TokenState::Duplicate => Code::TokenDuplicate.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states() -> [TokenState; 6] {
        [
            TokenState::Valid,
            TokenState::Expired,
            TokenState::Unknown,
            TokenState::Revoked,
            TokenState::AssignedToExternalMdm { mdm: "Other".into() },
            TokenState::Duplicate,
        ]
    }

    fn possible(deed: Deed) -> Vec<&'static str> {
        states()
            .iter()
            .filter(|state| state.allows(deed))
            .map(TokenState::as_str)
            .collect()
    }

    #[test]
    fn t3_each_row_of_the_table() {
        for deed in [Deed::Look, Deed::Edit, Deed::Renew, Deed::Delete] {
            assert_eq!(possible(deed), STATES, "{deed:?}");
        }
        assert_eq!(possible(Deed::Sync), ["valid", "assigned_to_external_mdm"]);
        assert_eq!(
            possible(Deed::Follow),
            ["valid", "assigned_to_external_mdm", "duplicate"]
        );
        for deed in [Deed::Assign, Deed::Revoke] {
            assert_eq!(possible(deed), ["valid", "duplicate"], "{deed:?}");
        }
        assert_eq!(possible(Deed::TakeControl), ["assigned_to_external_mdm"]);
    }

    #[test]
    fn each_deed_has_one_row_and_each_state_its_column() {
        let names: Vec<_> = states().iter().map(TokenState::as_str).collect();
        assert_eq!(names, STATES);
        let deeds: std::collections::BTreeSet<_> = TABLE.iter().map(|(deed, _)| deed.as_str()).collect();
        assert_eq!(deeds.len(), TABLE.len());
    }

    #[test]
    fn each_state_stands_in_the_way_with_a_fault_of_its_own() {
        let codes: std::collections::BTreeSet<_> = states().iter().map(|state| state.fault().code).collect();
        assert_eq!(codes.len(), 6);
        let other = states()[4].need(Deed::Assign).unwrap_err();
        assert_eq!(
            (other.code, other.with["mdm"].as_str()),
            (Code::OwnedByOtherMdm, "Other")
        );
        assert!(states()[5].need(Deed::Revoke).is_ok());
    }
}
