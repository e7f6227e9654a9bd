//! What follows where Apple refuses a whole batch: whom it is about, and what is sent again. Pure.

use super::{names, pairs, users};
use crate::engine::{Limits, calls};
use apple::{
    FaultKind,
    number::{ALREADY_ASSIGNED, NOT_ASSIGNED, UNKNOWN_USER},
};
use contract::{AppleError, AssetId, OperationId, licenses::Holder};
use std::collections::HashMap;
use store::operations::{Batch, BatchResult, NewBatch, Pair};

/// Whether the refusal may mean that Apple has it as it should be: its number says so, or it is about this one pair. Who
/// is unknown has nothing.
pub(in crate::engine) fn may_be_so_already(batch: &Batch, fault: &apple::Fault) -> bool {
    match fault.number {
        Some(ALREADY_ASSIGNED | NOT_ASSIGNED) => true,
        Some(UNKNOWN_USER) => false,
        _ if fault.http_status.is_none() || fault.kind != FaultKind::Argument => false,
        _ => pairs(batch).nth(1).is_none(),
    }
}

/// So many pairs of an asset are refused alone and alike before the refusal counts for the others of its batch.
const ALONE: usize = 8;

/// What Apple refused alone.
#[derive(Default)]
pub(in crate::engine) struct Refusals(HashMap<Of, Refused>);

/// One operation's pairs of one asset, with devices or with users.
type Of = (OperationId, AssetId, bool);

fn of(batch: &Batch, asset: AssetId, holder: &Holder) -> Of {
    (batch.operation.clone(), asset, is_device(holder))
}

fn is_device(holder: &Holder) -> bool {
    matches!(holder, Holder::Device(_))
}

/// How they were refused, one by one.
#[derive(Clone, Copy)]
enum Refused {
    /// All with this number, so many.
    Alike(Option<u32>, usize),
    /// Apple took some, or refused them otherwise.
    Apart,
}

impl Refusals {
    /// Apple took the call, or has some of it.
    pub fn taken(&mut self, batch: &Batch) {
        let device = batch.holders.iter().find(|holder| is_device(holder));
        let of_each_kind: Vec<&Holder> = device.into_iter().chain(users(batch).next()).collect();
        for (asset, _) in &batch.assets {
            for holder in &of_each_kind {
                self.0.insert(of(batch, *asset, holder), Refused::Apart);
            }
        }
    }

    fn alone(&mut self, of: Of, number: Option<u32>) {
        let refused = match self.0.get(&of) {
            None => Refused::Alike(number, 1),
            Some(Refused::Alike(before, times)) if *before == number => Refused::Alike(number, times + 1),
            Some(_) => Refused::Apart,
        };
        self.0.insert(of, refused);
    }

    /// How many were refused alone, if all were with this number; none if some were not.
    fn alike(&self, of: &Of, number: Option<u32>) -> Option<usize> {
        match self.0.get(of) {
            None => Some(0),
            Some(Refused::Alike(before, times)) => (*before == number).then_some(*times),
            Some(Refused::Apart) => None,
        }
    }
}

/// Whether the refusal is of a kind that says nothing of single holders. Of a number that is not known it cannot be told;
/// and what was refused here, before it was sent, costs no call.
fn is_about_the_call(fault: &apple::Fault) -> bool {
    let number = matches!(fault.number, None | Some(9602 | 9703 | 9706 | 9707 | 9718 | 9719));
    number && fault.kind == FaultKind::Argument && fault.http_status.is_some()
}

/// Apple refused the call for some of its pairs: those named fail, the others are sent again. If it names none, the
/// batch is halved until the culprit stands alone; but where some of one asset, tried alone, are refused alike, the others
/// are not tried one by one.
pub(in crate::engine) fn sort_out(
    batch: &Batch,
    fault: &apple::Fault,
    limits: Limits,
    refusals: &mut Refusals,
) -> BatchResult {
    let error = AppleError {
        number: fault.number.unwrap_or_default(),
        message: fault.message.clone(),
    };
    let (named, others): (Vec<Pair>, Vec<Pair>) =
        pairs(batch).partition(|pair| names(batch, fault.number, &fault.info, pair));
    let failed = |pairs: Vec<Pair>, again: Vec<NewBatch>| BatchResult {
        failed: pairs.into_iter().map(|pair| (pair, error.clone())).collect(),
        again,
        ..BatchResult::default()
    };
    if !named.is_empty() {
        return failed(named, calls(others, limits));
    }
    let again = match (&*batch.assets, &*batch.holders) {
        ([_, _, ..], _) => {
            let assets: Vec<_> = batch.assets.iter().map(|(id, _)| *id).collect();
            let (left, right) = assets.split_at(assets.len() / 2);
            let half = |assets: &[AssetId]| NewBatch {
                assets: assets.to_vec(),
                holders: batch.holders.clone(),
            };
            vec![half(left), half(right)]
        }
        ([(asset, _)], [first, _, ..]) => {
            let alike = refusals.alike(&of(batch, *asset, first), fault.number);
            let many = batch.holders.len() > 2 * ALONE;
            let smaller = match alike.filter(|_| many && is_about_the_call(fault)) {
                _ if batch
                    .holders
                    .iter()
                    .any(|holder| is_device(holder) != is_device(first)) =>
                {
                    by_kind(&batch.holders)
                }
                Some(ALONE..) => return failed(others, Vec::new()),
                Some(_) => some_alone(&batch.holders),
                None => halves(&batch.holders),
            };
            smaller
                .into_iter()
                .map(|holders| NewBatch {
                    assets: vec![*asset],
                    holders,
                })
                .collect()
        }
        _ => {
            for (asset, holder) in &others {
                refusals.alone(of(batch, *asset, holder), fault.number);
            }
            return failed(others, Vec::new());
        }
    };
    failed(Vec::new(), again)
}

fn by_kind(holders: &[Holder]) -> Vec<Vec<Holder>> {
    let (devices, users) = holders.iter().cloned().partition(is_device);
    vec![devices, users]
}

fn halves(holders: &[Holder]) -> Vec<Vec<Holder>> {
    let (left, right) = holders.split_at(holders.len() / 2);
    vec![left.to_vec(), right.to_vec()]
}

/// A few from the whole length, each alone, then the rest.
fn some_alone(holders: &[Holder]) -> Vec<Vec<Holder>> {
    let step = holders.len().div_ceil(ALONE).max(1);
    let (alone, rest): (Vec<_>, Vec<_>) = holders
        .iter()
        .cloned()
        .enumerate()
        .partition(|(place, _)| place % step == 0);
    let alone = alone.into_iter().map(|(_, holder)| vec![holder]);
    let rest = rest.into_iter().map(|(_, holder)| holder).collect();
    alone.chain([rest]).collect()
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{LIMITS, batch, device, user},
        *,
    };
    use apple::Outcome;
    use proptest::prelude::*;
    use std::collections::{BTreeSet, VecDeque};

    fn refusal(number: u32) -> apple::Fault {
        apple::Fault {
            kind: FaultKind::Argument,
            number: Some(number),
            message: "no".to_owned(),
            http_status: Some(400),
            retry_after: None,
            info: Box::default(),
            outcome: Outcome::NotProcessed,
        }
    }

    /// What comes of all pairs where Apple refuses, with this number and nobody named, each call that `refuses` says: the
    /// calls it took, and the pairs that failed.
    fn told(whole: &Batch, number: u32, refuses: impl Fn(&Batch) -> bool) -> (usize, BTreeSet<Pair>) {
        let mut refusals = Refusals::default();
        let mut queue = VecDeque::from([whole.clone()]);
        let (mut calls, mut all, mut failed) = (0, 0, BTreeSet::new());
        while let Some(next) = queue.pop_front() {
            calls += 1;
            if !refuses(&next) {
                refusals.taken(&next);
                all += pairs(&next).count();
                continue;
            }
            let result = sort_out(&next, &refusal(number), LIMITS, &mut refusals);
            all += result.failed.len();
            failed.extend(result.failed.into_iter().map(|(pair, _)| pair));
            queue.extend(
                result
                    .again
                    .into_iter()
                    .map(|call| batch(call.assets, call.holders)),
            );
        }
        assert_eq!(all, pairs(whole).count(), "each pair ends once");
        (calls, failed)
    }

    fn largest() -> Batch {
        let assets = (0..25).map(AssetId).collect();
        batch(assets, (0..1000).map(device).collect())
    }

    #[test]
    fn a_call_that_is_refused_whole_is_not_sent_pair_by_pair() {
        let whole = largest();
        let (calls, failed) = told(&whole, 9602, |_| true);
        assert_eq!(failed.len(), 25_000);
        assert!(calls < 300, "{calls}");
    }

    #[test]
    fn an_asset_that_is_refused_takes_no_other_with_it() {
        let refused = AssetId(7);
        let (calls, failed) = told(&largest(), 9602, |call| {
            call.assets.iter().any(|(asset, _)| *asset == refused)
        });
        assert!(failed.len() == 1000 && failed.iter().all(|(asset, _)| *asset == refused));
        assert!(calls < 30, "{calls}");
    }

    #[test]
    fn devices_that_may_not_have_it_are_told_from_users_who_may() {
        let holders = (0..100).map(|place| match place % 2 {
            0 => device(place),
            _ => user(&place.to_string()),
        });
        let whole = batch(vec![AssetId(1)], holders.collect());
        let (calls, failed) = told(&whole, 9707, |call| call.holders.iter().any(is_device));
        assert!(failed.len() == 50 && failed.iter().all(|(_, holder)| is_device(holder)));
        assert!(calls < 20, "{calls}");
    }

    proptest! {
        #[test]
        fn whoever_the_refusal_is_about_fails_alone(
            bad in prop::collection::btree_set(0..200_usize, 1..8),
            number in prop::sample::select(vec![9602, UNKNOWN_USER, ALREADY_ASSIGNED, 9705]),
        ) {
            let whole = batch(vec![AssetId(1), AssetId(2)], (0..200).map(device).collect());
            let culprits: BTreeSet<Holder> = bad.iter().map(|number| device(*number)).collect();
            let (_, failed) = told(&whole, number, |call| {
                call.holders.iter().any(|holder| culprits.contains(holder))
            });
            let expected: BTreeSet<Pair> =
                pairs(&whole).filter(|(_, holder)| culprits.contains(holder)).collect();
            prop_assert_eq!(failed, expected);
        }

        #[test]
        fn numbers_about_holders_are_told_for_each_of_them(
            bad in prop::collection::btree_set(0..60_usize, 1..60),
            number in prop::sample::select(vec![UNKNOWN_USER, ALREADY_ASSIGNED, NOT_ASSIGNED]),
        ) {
            let whole = batch(vec![AssetId(1)], (0..60).map(device).collect());
            let culprits: BTreeSet<Holder> = bad.iter().map(|number| device(*number)).collect();
            let (_, failed) = told(&whole, number, |call| {
                call.holders.iter().any(|holder| culprits.contains(holder))
            });
            prop_assert_eq!(failed.len(), culprits.len());
        }
    }
}
