//! Why somebody has, or has not, an app or a book (A6).

use super::{
    super::Portal,
    groups::{kind_of, named},
};
use crate::engine::{
    desired::{Bits, Cell, Spread, Who, brings, excluded_by, sources_of},
    fulfil::prompts_for,
    planning::Planning,
};
use contract::{
    Code, Fault, Serial,
    assignments::{Brought, Explained, Explanation, Intent, LicenseKind, Source, conflict},
    groups::GroupKind,
};
use store::{
    assignments::{Errand, StoredAssignment},
    catalog::StockAsset,
};

pub(super) async fn explain(
    portal: &Portal,
    planning: &Planning,
    holder: &str,
) -> Result<Explanation, Fault> {
    let (Some(asset), Some(data), Some(stock)) = (
        planning.desired.assets.first(),
        planning.data.assets.first(),
        planning.stock.first(),
    ) else {
        return Err(Code::NotFound.into());
    };
    let device = planning
        .data
        .devices
        .iter()
        .position(|device| device.serial.as_str().eq_ignore_ascii_case(holder));
    let person = planning
        .data
        .people
        .iter()
        .position(|person| person.user_name.to_lowercase() == holder.to_lowercase());
    let who = match (device, person) {
        (Some(at), _) => Who::Device(at as u32),
        (None, Some(at)) => Who::Person(at as u32),
        (None, None) => return unconcerned(portal, stock, holder).await,
    };
    let directory = &planning.desired.directory;
    let mut spread = Spread::default();
    spread.fill(directory, &planning.desired.groups, asset);
    let (bits, cell) = match who {
        Who::Device(at) => (spread.device_bits(at), spread.device(at)),
        Who::Person(at) => (spread.person_bits(at), spread.person(directory, at)),
    };
    let plan = planning.plans().pop().unwrap_or_default();
    let line = plan.lines.iter().find(|line| line.who == who);
    let held = asset.held.binary_search_by_key(&who, |held| held.who).ok();
    let errand = match who {
        Who::Device(at) => plan.errands.iter().find(|(device, _)| *device == at),
        Who::Person(_) => None,
    };
    let names = portal
        .names(planning, &line.into_iter().collect::<Vec<_>>())
        .await?;
    let (id, key) = named(planning, who);
    let brought = data
        .assignments
        .iter()
        .filter(|one| concerns(planning, one, who))
        .map(|one| Brought {
            group: one.group.clone(),
            group_name: one.group_name.clone().unwrap_or_else(|| one.group.to_string()),
            members_kind: one.members_kind,
            target: one.target,
            counts: cell.count & brings(one.members_kind, one.target) != 0,
        })
        .collect();
    Ok(Explanation {
        asset_name: stock.name.clone(),
        holder_name: names.get(id).cloned().unwrap_or_else(|| key.to_owned()),
        key: key.to_owned(),
        kind: kind_of(who),
        brought,
        steps: steps(bits, cell),
        settled: cell.settled,
        verdict: line.map(|line| line.verdict),
        state: held.and_then(|at| asset.held.get(at)).map(|held| held.state),
        prompts: prompts_for(directory, who).filter(|_| cell.settled.is_some()),
        wanted: errand.map(|(_, errand)| match errand {
            Errand::Install => Intent::Required,
            Errand::Uninstall => Intent::Uninstall,
        }),
    })
}

/// Somebody whom no assignment of the asset concerns: a device by its serial number, a person by the user name.
async fn unconcerned(portal: &Portal, stock: &StockAsset, holder: &str) -> Result<Explanation, Fault> {
    let told = |kind, holder_name, key, state| Explanation {
        asset_name: stock.name.clone(),
        holder_name,
        key,
        kind,
        brought: Vec::new(),
        steps: vec![Explained::Nothing],
        settled: None,
        verdict: None,
        state,
        prompts: None,
        wanted: None,
    };
    if let Ok(serial) = Serial::parse(holder) {
        let found = portal.db.devices_by_serial(std::slice::from_ref(&serial)).await?;
        if let Some(device) = found.into_iter().next() {
            let holders = portal.db.device_holders(stock.id).await?;
            let own = holders.into_iter().find(|(own, _)| *own == serial);
            let state = own.map(|(_, state)| state);
            return Ok(told(LicenseKind::Device, device.name, serial.to_string(), state));
        }
    }
    let person = portal.db.person_called(holder).await?.ok_or(Code::NotFound)?;
    let state = portal.db.person_license(stock.id, &person.id).await?;
    Ok(told(LicenseKind::User, person.name, person.user_name, state))
}

/// Whether the holder is in the assignment's group, or the device's primary user is, or one of the person's devices.
fn concerns(planning: &Planning, one: &StoredAssignment, who: Who) -> bool {
    let groups = &planning.data.groups;
    let Ok(at) = groups.binary_search_by(|(id, ..)| id.cmp(&one.group)) else {
        return false;
    };
    let Some((_, kind, members)) = groups.get(at) else {
        return false;
    };
    let directory = &planning.desired.directory;
    let has = |position: u32| members.binary_search(&position).is_ok();
    match (kind, who) {
        (GroupKind::Devices, Who::Device(at)) | (GroupKind::People, Who::Person(at)) => has(at),
        (GroupKind::People, Who::Device(at)) => directory.device(at).owner.is_some_and(has),
        (GroupKind::Devices, Who::Person(at)) => directory.devices_of(at).iter().any(|device| has(*device)),
    }
}

/// Exclusions first, then the rows of the table that were used.
fn steps(bits: Bits, cell: Cell) -> Vec<Explained> {
    let mut steps: Vec<Explained> = excluded_by(bits)
        .map(|members| Explained::Excluded { members })
        .collect();
    let left: Vec<Source> = sources_of(bits).iter().collect();
    match left.as_slice() {
        [] => steps.push(Explained::Nothing),
        [source] => steps.push(Explained::Alone { source: *source }),
        several => {
            let pairs = several
                .iter()
                .enumerate()
                .flat_map(|(at, one)| several.iter().skip(at + 1).map(move |other| (*one, *other)));
            steps.extend(pairs.filter_map(|(one, other)| {
                conflict(one, other).map(|settled| Explained::Row { one, other, settled })
            }));
        }
    }
    if cell.settled.is_some() && left.is_empty() {
        // A person has it through the own devices.
        steps.retain(|step| *step != Explained::Nothing);
    }
    steps
}
