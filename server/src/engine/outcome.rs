//! What came of a batch, pair by pair. Pure.

mod refusals;

pub(super) use refusals::{Refusals, may_be_so_already, sort_out};

use super::{Limits, calls};
use apple::{ErrorInfo, EventFailure, EventStatus, number::UNKNOWN_USER};
use contract::{AppleError, Code, activity::OperationKind, licenses::Holder};
use std::collections::HashSet;
use store::operations::{Batch, BatchResult, Pair};

pub(super) fn pairs(batch: &Batch) -> impl Iterator<Item = Pair> + '_ {
    batch
        .assets
        .iter()
        .flat_map(|(asset, _)| batch.holders.iter().map(move |holder| (*asset, holder.clone())))
}

/// What is as it should be, and what is not: assigned pairs should be there, revoked ones should not.
pub(super) fn divide(batch: &Batch, there: &HashSet<Pair>) -> (Vec<Pair>, Vec<Pair>) {
    let wanted = batch.kind == OperationKind::Assign;
    pairs(batch).partition(|pair| there.contains(pair) == wanted)
}

/// So often Apple may fail the same for the moment, before that counts.
const MOST_ROUNDS: i64 = 8;

/// Apple names at most one error for many entities: each missing pair gets the error that names it, or one that names
/// nobody; what somebody else is named for says nothing of it. What failed for the moment is to be sent again, and who may
/// be the user that Apple does not know is asked for alone.
pub(super) fn blame(
    batch: &Batch,
    there: &HashSet<Pair>,
    failures: &[EventFailure],
    limits: Limits,
) -> BatchResult {
    let (done, missing) = divide(batch, there);
    let (mut failed, mut again, mut alone) = (Vec::new(), Vec::new(), Vec::new());
    for pair in missing {
        let named = failures
            .iter()
            .find(|failure| names(batch, failure.number, &failure.info, &pair));
        let unnamed = || {
            let mut failures = failures.iter();
            failures.find(|failure| names_nobody(failure.number, &failure.info) && may_be(failure, &pair))
        };
        let failure = named.or_else(unnamed);
        if failure.is_some_and(is_passing) && batch.rounds < MOST_ROUNDS {
            again.push(pair);
            continue;
        }
        if named.is_none() && failure.is_some_and(is_of_a_user) && users(batch).nth(1).is_some() {
            alone.push(pair);
            continue;
        }
        let error = match failure {
            Some(failure) => AppleError {
                number: failure.number.unwrap_or_default(),
                message: failure.message.clone(),
            },
            None => AppleError {
                number: 0,
                message: Code::AppleDidOtherwise.as_str().to_owned(),
            },
        };
        failed.push((pair, error));
    }
    let mut again = calls(again, limits);
    again.extend(calls(alone, Limits { holders: 1, ..limits }));
    BatchResult {
        done,
        failed,
        again,
        ..BatchResult::default()
    }
}

/// Apple says that it did more of the batch than it shows: it may show the rest a moment later.
pub(super) fn hides_some(batch: &Batch, there: &HashSet<Pair>, status: &EventStatus) -> bool {
    let (done, _) = divide(batch, there);
    done.len() < status.completed as usize
}

/// Whether Apple failed it for the moment only.
pub(super) fn is_passing(failure: &EventFailure) -> bool {
    let known = failure.number.and_then(apple::explain);
    known.is_some_and(|known| known.kind.is_temporary())
}

fn is_of_a_user(failure: &EventFailure) -> bool {
    failure.number == Some(UNKNOWN_USER)
}

fn may_be(failure: &EventFailure, (_, holder): &Pair) -> bool {
    !is_of_a_user(failure) || matches!(holder, Holder::User(_))
}

fn users(batch: &Batch) -> impl Iterator<Item = &Holder> {
    let holders = batch.holders.iter();
    holders.filter(|holder| matches!(holder, Holder::User(_)))
}

/// Whether Apple's `errorInfo` leaves open whom the error is about. An unknown user is named as a user or not at all.
fn names_nobody(number: Option<u32>, info: &ErrorInfo) -> bool {
    let others = info.assets.is_empty() && info.serials.is_empty();
    info.client_user_ids.is_empty() && (others || number == Some(UNKNOWN_USER))
}

/// Whether Apple's `errorInfo` names the pair: by its asset and its holder where both are listed, else by the one that
/// is.
fn names(batch: &Batch, number: Option<u32>, info: &ErrorInfo, (asset, holder): &Pair) -> bool {
    if names_nobody(number, info) {
        return false;
    }
    let key = batch
        .assets
        .iter()
        .find(|(id, _)| id == asset)
        .map(|(_, key)| key);
    let asset_named = info.assets.iter().any(|named| {
        key.is_some_and(|key| {
            key.adam_id == named.adam_id.as_str() && key.pricing_param == named.pricing.as_str()
        })
    });
    let holder_named = match holder {
        Holder::Device(serial) => info.serials.iter().any(|named| named.as_str() == serial.as_str()),
        Holder::User(id) => info.client_user_ids.iter().any(|named| named.as_str() == id),
    };
    let no_holders = info.serials.is_empty() && info.client_user_ids.is_empty();
    match (info.assets.is_empty(), no_holders) {
        (true, true) => false,
        (true, false) => holder_named,
        (false, true) => asset_named,
        (false, false) => asset_named && holder_named,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use apple::{ClientUserId, EventState};
    use contract::{AssetId, OperationId, Serial};
    use store::{operations::BatchState, sync::AssetKey};

    pub const LIMITS: Limits = Limits {
        assets: 25,
        holders: 1000,
    };

    pub fn user(name: &str) -> Holder {
        Holder::User(name.to_owned())
    }

    pub fn device(number: usize) -> Holder {
        Holder::Device(Serial::known(format!("C{number:05}")))
    }

    pub fn batch(assets: Vec<AssetId>, holders: Vec<Holder>) -> Batch {
        let key = |asset: AssetId| AssetKey {
            adam_id: asset.0.to_string(),
            pricing_param: "STDQ".to_owned(),
        };
        Batch {
            id: 1,
            operation: OperationId("o".to_owned()),
            kind: OperationKind::Assign,
            state: BatchState::Sent,
            assets: assets.into_iter().map(|asset| (asset, key(asset))).collect(),
            holders,
            event: None,
            since: 0,
            attempts: 0,
            rounds: 0,
        }
    }

    fn failure(number: u32, users: &[&str]) -> EventFailure {
        EventFailure {
            number: Some(number),
            message: "no".to_owned(),
            info: ErrorInfo {
                client_user_ids: users.iter().map(|id| ClientUserId::new(id).unwrap()).collect(),
                ..ErrorInfo::default()
            },
        }
    }

    /// Holders and numbers.
    fn failed(result: &BatchResult) -> Vec<(Holder, u32)> {
        let failed = result.failed.iter();
        failed
            .map(|((_, holder), error)| (holder.clone(), error.number))
            .collect()
    }

    #[test]
    fn a_failure_says_nothing_of_those_whom_it_does_not_name() {
        let batch = batch(vec![AssetId(1)], vec![user("a"), user("b"), user("c")]);
        let there = HashSet::from([(AssetId(1), user("c"))]);
        let said = [failure(UNKNOWN_USER, &["a"])];
        let result = blame(&batch, &there, &said, LIMITS);
        assert_eq!(failed(&result), [(user("a"), UNKNOWN_USER), (user("b"), 0)]);
        assert_eq!(result.failed[1].1.message, Code::AppleDidOtherwise.as_str());
        let said = [failure(UNKNOWN_USER, &["a"]), failure(9709, &[])];
        let result = blame(&batch, &there, &said, LIMITS);
        assert_eq!(failed(&result), [(user("a"), UNKNOWN_USER), (user("b"), 9709)]);
    }

    #[test]
    fn a_user_is_unknown_if_apple_names_it_or_was_asked_for_it_alone() {
        let said = [failure(UNKNOWN_USER, &[])];
        let several = batch(vec![AssetId(1)], vec![user("a"), user("b"), device(1)]);
        let result = blame(&several, &HashSet::new(), &said, LIMITS);
        assert_eq!(failed(&result), [(device(1), 0)]);
        let again: Vec<_> = result.again.iter().map(|call| call.holders.clone()).collect();
        assert_eq!(again, [vec![user("a")], vec![user("b")]]);
        let one = batch(vec![AssetId(1), AssetId(2)], vec![user("a"), device(1)]);
        let there = pairs(&one).filter(|(_, holder)| *holder == device(1)).collect();
        let result = blame(&one, &there, &said, LIMITS);
        assert_eq!(failed(&result), vec![(user("a"), UNKNOWN_USER); 2]);
    }

    #[test]
    fn what_apple_says_it_did_is_looked_for_before_it_counts_as_failed() {
        let batch = batch(vec![AssetId(1)], vec![user("a"), user("b"), user("c")]);
        let status = EventStatus {
            state: EventState::Failed,
            event_type: None,
            completed: 2,
            requested: 3,
            failures: vec![failure(UNKNOWN_USER, &["a"])],
        };
        let mut there = HashSet::from([(AssetId(1), user("b"))]);
        assert!(hides_some(&batch, &there, &status));
        there.insert((AssetId(1), user("c")));
        assert!(!hides_some(&batch, &there, &status));
    }
}
