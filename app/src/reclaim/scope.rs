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

/// What must be typed before more than one licence is taken back.
pub(super) fn phrase(licenses: i64) -> Option<String> {
    (licenses > 1).then(|| licenses.to_string())
}

/// Blanks do not matter.
#[cfg(any(feature = "ssr", test))]
pub(super) fn is_confirmed(licenses: i64, typed: &str) -> bool {
    phrase(licenses).is_none_or(|phrase| typed.split_whitespace().collect::<String>() == phrase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_one_licence_is_confirmed_by_the_number() {
        assert!(is_confirmed(1, ""));
        assert!(is_confirmed(1200, "1 200"));
        assert!(!is_confirmed(1200, "120"));
        assert!(!is_confirmed(2, ""));
    }
}
