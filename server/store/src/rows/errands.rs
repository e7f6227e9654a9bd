//! Pairs of assets and devices that something was decided of by hand.

use crate::{operations::NewOperation, planning::Errand};
use contract::{activity::OperationKind, licenses::Holder};

/// Assets, each with each of the devices.
pub type Pairs<'a> = (Vec<i64>, Vec<&'a str>);

/// What the operation overtakes: nobody removes what is given again, or installs what is taken.
pub fn overtaken(operation: &NewOperation) -> Option<Errand> {
    match operation.kind {
        OperationKind::Assign => Some(Errand::Uninstall),
        OperationKind::Revoke => Some(Errand::Install),
        OperationKind::Adopt | OperationKind::LetGo => None,
    }
}

/// What is decided at once.
pub fn at_once(operation: &NewOperation) -> Vec<Pairs<'_>> {
    let batches = operation.batches.iter();
    batches
        .map(|batch| {
            let assets = batch.assets.iter().map(|asset| asset.0);
            (
                assets.collect(),
                batch.holders.iter().filter_map(serial).collect(),
            )
        })
        .collect()
}

/// The same, and what waits for a licence.
pub fn now_or_later(operations: &[NewOperation]) -> Vec<Pairs<'_>> {
    let mut pairs = Vec::new();
    for operation in operations {
        pairs.extend(at_once(operation));
        let waiting = operation.waiting.iter();
        pairs.extend(waiting.filter_map(|(asset, holder)| Some((vec![asset.0], vec![serial(holder)?]))));
    }
    pairs
}

fn serial(holder: &Holder) -> Option<&str> {
    match holder {
        Holder::Device(serial) => Some(serial.as_str()),
        Holder::User(_) => None,
    }
}
