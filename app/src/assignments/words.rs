//! Intents, verdicts, reasons and prompts in words.

use crate::{
    i18n, t,
    ui::{CollectAny, Tag, Tone},
};
use contract::assignments::{
    Intent, Known, LicenseKind, Priority, Prompts, Reason, Settled, Shortage, Source, Target, Verdict,
};
use leptos::prelude::*;

pub(super) fn reason_words(reason: Reason) -> &'static str {
    match reason {
        Reason::NotDeviceAssignable => t!(reason_not_assignable),
        Reason::UnknownSerial => t!(reason_unknown_serial),
        Reason::NotASerial => t!(reason_not_a_serial),
        Reason::RunsElsewhere => t!(reason_runs_elsewhere),
        Reason::BookNeedsUser => t!(reason_book_needs_user),
        Reason::UserEnrolment => t!(reason_user_enrolment),
        Reason::ManagedAccountNeeded => t!(reason_managed_account_needed),
        Reason::StoreBlocked => t!(reason_store_blocked),
        Reason::NotRegistered => t!(reason_not_registered),
        Reason::NoPrimaryUser => t!(reason_no_primary_user),
        Reason::OtherKind => t!(reason_other_kind),
        Reason::LostAtApple => t!(reason_lost_at_apple),
        Reason::DeviceGone => t!(reason_device_gone),
        Reason::Reclaimed => t!(reason_reclaimed),
        Reason::Refused => t!(reason_refused),
        Reason::NoneLeft => t!(reason_none_left),
        Reason::NotRevocable => t!(reason_not_revocable),
        Reason::NotTakenBack => t!(reason_not_taken_back),
        Reason::NotGivenHere => t!(reason_not_given_here),
        Reason::UnderWay => t!(reason_under_way),
    }
}

/// Where a holder's own page is.
pub(super) fn page(who: &Known) -> String {
    match who {
        Known::Device(id) => format!("/devices/{id}"),
        Known::Person(id) => format!("/people/{id}"),
    }
}

pub(super) fn intent(intent: Intent) -> &'static str {
    match intent {
        Intent::Required => t!(assignment_intent_required),
        Intent::Available => t!(assignment_intent_available),
        Intent::Uninstall => t!(assignment_intent_uninstall),
    }
}

pub(super) fn kind(kind: LicenseKind) -> &'static str {
    match kind {
        LicenseKind::Device => t!(license_kind_device),
        LicenseKind::User => t!(license_kind_user),
    }
}

pub(super) fn mode(target: Target) -> &'static str {
    match target {
        Target::Include { .. } => t!(assignment_include),
        Target::Exclude => t!(assignment_exclude),
    }
}

pub(super) fn priority(priority: Priority) -> &'static str {
    match priority {
        Priority::High => t!(assignment_priority_high),
        Priority::Normal => t!(assignment_priority_normal),
        Priority::Low => t!(assignment_priority_low),
    }
}

pub(super) fn shortage(shortage: Shortage) -> &'static str {
    match shortage {
        Shortage::Wait => t!(assignment_shortage_wait),
        Shortage::Fail => t!(assignment_shortage_fail),
    }
}

pub(super) fn settled(settled: Settled) -> &'static str {
    match settled {
        Settled::Required => t!(settled_required),
        Settled::RequiredAndAvailable => t!(settled_required_and_available),
        Settled::Available => t!(settled_available),
        Settled::AvailableUninstalled => t!(settled_available_uninstalled),
        Settled::Uninstall => t!(settled_uninstall),
    }
}

pub(super) fn source(source: Source) -> &'static str {
    match source {
        Source::UserRequired => t!(source_user_required),
        Source::UserAvailable => t!(source_user_available),
        Source::UserUninstall => t!(source_user_uninstall),
        Source::DeviceRequired => t!(source_device_required),
        Source::DeviceUninstall => t!(source_device_uninstall),
    }
}

pub(crate) fn prompts(prompts: Prompts) -> String {
    let (asks, kiosk) = prompts.parts();
    let Some([invitation, install, apple_account]) = asks else {
        return t!(prompt_unsupported).to_owned();
    };
    let asked: Vec<&str> = [
        (invitation, t!(prompt_invitation)),
        (install, t!(prompt_install)),
        (apple_account, t!(prompt_apple_account)),
    ]
    .into_iter()
    .filter_map(|(asked, words)| asked.then_some(words))
    .collect();
    let asked = match asked.as_slice() {
        [] => t!(prompt_none).to_owned(),
        asked => asked.join(", "),
    };
    match kiosk {
        true => t!(prompt_not_on_kiosks, what = asked),
        false => asked,
    }
}

/// A verdict, and its reason or place.
pub(super) fn verdict(verdict: Verdict) -> (Tone, &'static str, Option<String>) {
    match verdict {
        Verdict::Gets => (Tone::Good, t!(verdict_gets), None),
        Verdict::Draws => (Tone::Good, t!(verdict_draws), None),
        Verdict::Has => (Tone::Plain, t!(verdict_has), None),
        Verdict::Waits { before } => {
            let before = (before > 0).then(|| t!(verdict_waits_before, count = before));
            (Tone::Wait, t!(verdict_waits), before)
        }
        Verdict::Cannot { reason } => (
            Tone::Bad,
            t!(verdict_cannot),
            Some(reason_words(reason).to_owned()),
        ),
        Verdict::Offered => (Tone::Plain, t!(verdict_offered), None),
        Verdict::Loses => (Tone::Warn, t!(verdict_loses), None),
        Verdict::Keeps { reason } => (
            Tone::Plain,
            t!(verdict_keeps),
            Some(reason_words(reason).to_owned()),
        ),
        Verdict::Leaves => (Tone::Plain, t!(verdict_leaves), None),
        Verdict::Returns => (Tone::Warn, t!(verdict_returns), None),
    }
}

/// A verdict, with its reason or place under it.
#[component]
pub(super) fn VerdictTag(verdict: Verdict) -> impl IntoView {
    let (tone, label, more) = self::verdict(verdict);
    view! {
        <div class="stack">
            <Tag tone label/>
            {more.map(|more| view! { <small class="muted">{more}</small> })}
        </div>
    }
}

/// Things with their numbers, one a line.
#[component]
pub(super) fn Counted(lines: Vec<(String, i64)>) -> impl IntoView {
    let lines = lines
        .into_iter()
        .map(|(what, count)| view! { <li>{t!(prompt_count, what = what, count = i18n::number(count))}</li> })
        .collect_any();
    view! { <ul role="list">{lines}</ul> }
}
