//! What is decided on, as the address of `/reclaim/decide` says it: `how=approve` or `keep`, and
//! `license=ASSET:device:SERIAL` as often as needed, or `all=true` with the filters of the list.

use crate::{licenses::read_licenses, ui::Address};
use contract::{
    LocationId,
    reclaim::{Decision, ReclaimQuery, ReclaimScope, RuleKind},
};

pub(super) fn location(address: &Address) -> Option<LocationId> {
    Some(address.get("location"))
        .filter(|id| !id.is_empty())
        .map(LocationId)
}

/// The list that an address shows; that of the export too.
pub fn query(address: &Address) -> ReclaimQuery {
    ReclaimQuery {
        holder: address.get("holder"),
        why: RuleKind::parse(&address.get("why")),
        location: location(address),
        page: address.page(),
    }
}

pub(super) fn read(address: &Address) -> Option<Decision> {
    let how = address.choice("how")?;
    let scope = if address.has("all", "true") {
        ReclaimScope::Matching(ReclaimQuery {
            page: contract::PageQuery::default(),
            ..query(address)
        })
    } else {
        ReclaimScope::Licenses(read_licenses(address))
    };
    Some(Decision { how, scope })
}
