//! Where a licence comes from that no group brings, or that is another location's (A6, A12).

use super::super::super::Portal;
use crate::engine::{desired::Who, fulfil::AssetPlan, planning::Planning};
use contract::{
    AssetId, Fault,
    assignments::Explained,
    licenses::{Holder, LicenseState},
};

/// A12: the location whose licence a device has, or is to have, in place of one of this location, and its state.
pub async fn drawn(
    portal: &Portal,
    planning: &Planning,
    plan: &AssetPlan,
    who: Who,
) -> Result<(Option<Explained>, Option<LicenseState>), Fault> {
    let (Some(asset), Some(data), Who::Device(position)) =
        (planning.desired.assets.first(), planning.data.assets.first(), who)
    else {
        return Ok((None, None));
    };
    let own = |number: Option<i64>| asset.assigned.iter().any(|one| Some(one.number) == number);
    let held = asset
        .sources
        .iter()
        .zip(&data.sources)
        .find_map(|(source, data)| {
            let at = source.held.binary_search_by_key(&who, |held| held.who).ok()?;
            let held = source.held.get(at).filter(|held| own(held.assignment))?;
            Some((data.asset, Some(held.state)))
        });
    let planned = || {
        let draw = plan.draws.iter().find(|draw| draw.device == position)?;
        Some((data.sources.get(draw.source)?.asset, None))
    };
    let Some((source, state)) = held.or_else(planned) else {
        return Ok((None, None));
    };
    let found = portal.db.assets(&[source]).await?;
    let step = found.into_iter().next().map(|stock| Explained::Drawn {
        location_name: stock.location_name,
    });
    Ok((step, state))
}

/// Who gave the licence, where its assignment is another location's, or there is none. `stays` if nothing is to become
/// of it by an assignment that is the asset's own.
pub async fn given(
    portal: &Portal,
    asset: AssetId,
    holder: &Holder,
    stays: bool,
) -> Result<Option<Explained>, Fault> {
    let Some(origin) = portal.db.license_origin(asset, holder).await? else {
        return Ok(None);
    };
    Ok(match (origin.assignment, origin.operation) {
        (Some(by), _) if by.asset != asset => Some(Explained::DrawnBy {
            group_name: by.group_name,
            location_name: by.location_name,
        }),
        (Some(by), _) => (stays && by.keeps).then_some(Explained::Stays {
            group_name: by.group_name,
        }),
        (None, Some(given)) if given.requested => Some(Explained::Requested { by: given.by }),
        (None, Some(given)) => Some(Explained::ByHand {
            by: given.by,
            reason: given.reason,
        }),
        (None, None) => Some(Explained::Found),
    })
}
