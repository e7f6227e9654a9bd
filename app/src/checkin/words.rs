//! What the states of apps and requests are called on the check-in page.

use crate::{assignments::prompt_words, t, ui::Tone};
use contract::{
    assignments::{LicenseKind, Prompts, Reason},
    checkin::{AppState, OwnAccount, OwnApp, RequestState},
};

/// The group that an app is shown in, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Available,
    Ready,
    Waiting,
    Withdrawn,
    Impossible,
}

impl Group {
    pub(super) const ALL: [Group; 5] = [
        Group::Waiting,
        Group::Available,
        Group::Ready,
        Group::Withdrawn,
        Group::Impossible,
    ];

    pub(super) fn of(state: AppState) -> Self {
        match state {
            AppState::Available { .. } => Group::Available,
            AppState::Licensed => Group::Ready,
            AppState::OnItsWay | AppState::Waiting { .. } | AppState::NotJoined | AppState::Failed => {
                Group::Waiting
            }
            AppState::Leaving | AppState::Withdrawn { .. } | AppState::NotMeant { .. } => Group::Withdrawn,
            AppState::Cannot { .. } => Group::Impossible,
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Group::Available => t!(checkin_available),
            Group::Ready => t!(checkin_ready),
            Group::Waiting => t!(checkin_waiting),
            Group::Withdrawn => t!(checkin_withdrawn),
            Group::Impossible => t!(checkin_impossible),
        }
    }
}

pub(super) fn state(state: AppState) -> (Tone, String) {
    match state {
        AppState::Available { free: true } => (Tone::Plain, t!(checkin_free).to_owned()),
        AppState::Available { free: false } => (Tone::Plain, t!(checkin_not_free).to_owned()),
        AppState::Licensed => (Tone::Good, t!(checkin_state_licensed).to_owned()),
        AppState::NotJoined => (Tone::Wait, t!(checkin_state_not_joined).to_owned()),
        AppState::OnItsWay => (Tone::Wait, t!(checkin_state_on_its_way).to_owned()),
        AppState::Waiting { place, of } => (
            Tone::Wait,
            t!(
                checkin_state_waiting,
                place = place.to_string(),
                of = of.to_string()
            ),
        ),
        AppState::Leaving => (Tone::Warn, t!(checkin_state_leaving).to_owned()),
        AppState::Withdrawn { .. } => (Tone::Plain, t!(checkin_state_withdrawn).to_owned()),
        AppState::NotMeant { .. } => (Tone::Warn, t!(checkin_state_not_meant).to_owned()),
        AppState::Failed => (Tone::Bad, t!(checkin_state_failed).to_owned()),
        AppState::Cannot { .. } => (Tone::Bad, t!(checkin_state_cannot).to_owned()),
    }
}

/// What it means for whoever holds the device.
pub(super) fn meaning(app: &OwnApp) -> Option<&'static str> {
    match app.state {
        AppState::Available { .. } => None,
        AppState::Licensed => Some(match app.kind {
            LicenseKind::Device => t!(checkin_meaning_licensed),
            LicenseKind::User => t!(checkin_meaning_licensed_user),
        }),
        AppState::NotJoined => Some(t!(user_not_joined)),
        AppState::OnItsWay => None,
        AppState::Waiting { .. } => Some(t!(checkin_meaning_waiting)),
        AppState::Leaving => None,
        AppState::Withdrawn { .. } => Some(t!(checkin_meaning_withdrawn)),
        AppState::NotMeant { .. } => Some(t!(checkin_meaning_not_meant)),
        AppState::Failed => Some(t!(checkin_meaning_failed)),
        AppState::Cannot { reason } => Some(why(reason)),
    }
}

/// How it stands for one of the person's Apple Accounts.
pub(super) fn account(account: OwnAccount) -> String {
    let (_, state) = state(account.state);
    let name = match account.managed.as_str() {
        "" => t!(checkin_account_own),
        managed => managed,
    };
    t!(checkin_of_account, account = name, state = state)
}

/// Why no app can be asked for.
pub(super) fn cannot_ask(reason: Reason) -> &'static str {
    match reason {
        Reason::UserEnrolment => t!(checkin_ask_enrolled),
        other => why(other),
    }
}

/// Why the app cannot come, in words for whoever holds the device; what only others can mend they see themselves.
fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::RunsElsewhere => t!(checkin_why_runs_elsewhere),
        Reason::UserEnrolment => t!(checkin_why_user_enrolment),
        Reason::ManagedAccountNeeded => t!(checkin_why_managed_account),
        Reason::StoreBlocked => t!(checkin_why_store_blocked),
        Reason::NoPrimaryUser => t!(checkin_why_no_user),
        Reason::DeviceGone => t!(checkin_why_device_gone),
        Reason::Reclaimed => t!(checkin_why_reclaimed),
        Reason::NoneLeft => t!(checkin_why_none_left),
        _ => t!(checkin_why_unsaid),
    }
}

/// What to expect (A9), if anything is asked.
pub(super) fn prompts(prompts: Prompts) -> Option<String> {
    let (asks, kiosk) = prompts.parts();
    let asked = asks.filter(|asks| asks.contains(&true));
    let asked = asked.map(|[invitation, install, apple_account]| {
        let asked = Prompts::Asked {
            invitation,
            install,
            apple_account,
        };
        t!(checkin_prompts, what = prompt_words(asked))
    });
    let kiosk = kiosk.then(|| t!(checkin_kiosk).to_owned());
    let words = asked.into_iter().chain(kiosk).collect::<Vec<_>>().join(" ");
    (!words.is_empty()).then_some(words)
}

pub(super) fn request(state: RequestState) -> (Tone, &'static str) {
    match state {
        RequestState::Open => (Tone::Wait, t!(request_open)),
        RequestState::Approved => (Tone::Good, t!(request_approved)),
        RequestState::Refused => (Tone::Bad, t!(request_refused)),
    }
}
