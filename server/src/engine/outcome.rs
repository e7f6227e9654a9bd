//! What came of a batch, pair by pair. Pure.

use super::{Limits, calls};
use apple::EventFailure;
use contract::{AppleError, Code, activity::OperationKind, licenses::Holder};
use std::collections::HashSet;
use store::operations::{Batch, BatchResult, NewBatch, Pair};

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

/// Apple names at most one error for many entities: each missing pair gets the error that names it, or the first. What
/// failed for the moment is to be sent again.
pub(super) fn blame(
    batch: &Batch,
    there: &HashSet<Pair>,
    failures: &[EventFailure],
    limits: Limits,
) -> BatchResult {
    let (done, missing) = divide(batch, there);
    let (mut failed, mut again) = (Vec::new(), Vec::new());
    for pair in missing {
        let named = failures.iter().find(|failure| names(batch, &failure.info, &pair));
        let failure = named.or_else(|| failures.first());
        if failure.is_some_and(is_passing) && batch.rounds < MOST_ROUNDS {
            again.push(pair);
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
    BatchResult {
        done,
        failed,
        again: calls(again, limits),
        ..BatchResult::default()
    }
}

/// Whether Apple failed it for the moment only.
pub(super) fn is_passing(failure: &EventFailure) -> bool {
    let known = failure.number.and_then(apple::explain);
    known.is_some_and(|known| known.kind.is_temporary())
}

/// Whether Apple's `errorInfo` names the pair: by its asset and its holder where both are listed, else by the one that
/// is.
fn names(batch: &Batch, info: &apple::ErrorInfo, (asset, holder): &Pair) -> bool {
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

/// Apple refused the call for some of its pairs: those named fail, the others are sent again. If it names none, the
/// batch is halved until the culprit stands alone.
pub(super) fn sort_out(batch: &Batch, fault: &apple::Fault, limits: Limits) -> BatchResult {
    let error = AppleError {
        number: fault.number.unwrap_or_default(),
        message: fault.message.clone(),
    };
    let (named, others): (Vec<Pair>, Vec<Pair>) =
        pairs(batch).partition(|pair| names(batch, &fault.info, pair));
    let failed = |pairs: Vec<Pair>| pairs.into_iter().map(|pair| (pair, error.clone())).collect();
    if !named.is_empty() {
        return BatchResult {
            done: Vec::new(),
            failed: failed(named),
            again: calls(others, limits),
            ..BatchResult::default()
        };
    }
    if others.len() <= 1 {
        return BatchResult {
            done: Vec::new(),
            failed: failed(others),
            again: Vec::new(),
            ..BatchResult::default()
        };
    }
    let assets: Vec<_> = batch.assets.iter().map(|(id, _)| *id).collect();
    let halves = if assets.len() > 1 {
        let (left, right) = assets.split_at(assets.len() / 2);
        [left, right].map(|assets| NewBatch {
            assets: assets.to_vec(),
            holders: batch.holders.clone(),
        })
    } else {
        let (left, right) = batch.holders.split_at(batch.holders.len() / 2);
        [left, right].map(|holders| NewBatch {
            assets: assets.clone(),
            holders: holders.to_vec(),
        })
    };
    BatchResult {
        done: Vec::new(),
        failed: Vec::new(),
        again: halves.to_vec(),
        ..BatchResult::default()
    }
}
