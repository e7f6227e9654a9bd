//! Rules, modes and reasons in words.

use crate::t;
use contract::reclaim::{OrphanKind, ReclaimRule, RuleKind, RuleMode};

pub(super) fn rule(kind: RuleKind) -> &'static str {
    match kind {
        RuleKind::Gone => t!(reclaim_rule_gone),
        RuleKind::Unseen => t!(reclaim_rule_unseen),
        RuleKind::OutOfScope => t!(reclaim_rule_scope),
        RuleKind::Absent => t!(reclaim_rule_absent),
    }
}

pub(super) fn rule_text(kind: RuleKind) -> &'static str {
    match kind {
        RuleKind::Gone => t!(reclaim_text_gone),
        RuleKind::Unseen => t!(reclaim_text_unseen),
        RuleKind::OutOfScope => t!(reclaim_text_scope),
        RuleKind::Absent => t!(reclaim_text_absent),
    }
}

pub(super) fn mode(mode: RuleMode) -> &'static str {
    match mode {
        RuleMode::Off => t!(reclaim_off),
        RuleMode::Review => t!(reclaim_review),
        RuleMode::Automatic => t!(reclaim_automatic),
    }
}

/// "Not seen, 90 days".
pub(super) fn with_days(own: &ReclaimRule) -> String {
    match own.kind.has_days() {
        true => format!("{}, {}", rule(own.kind), t!(reclaim_days_count, count = own.days)),
        false => rule(own.kind).to_owned(),
    }
}

pub(super) fn orphan(kind: OrphanKind) -> &'static str {
    match kind {
        OrphanKind::UnknownDevice => t!(orphan_unknown_device),
        OrphanKind::DeviceLeft => t!(orphan_device_left),
        OrphanKind::UnknownUser => t!(orphan_unknown_user),
        OrphanKind::Duplicate => t!(orphan_duplicate),
        OrphanKind::BothKinds => t!(orphan_both_kinds),
    }
}
