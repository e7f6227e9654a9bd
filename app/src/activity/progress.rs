//! How far an operation is: a bar with words in a list, and the large one of its page with an estimate.

use super::{
    estimate::{Seen, left},
    live::Numbers,
};
use crate::{
    browser, i18n, t,
    ui::{Progress, changing},
};
use contract::activity::OperationState;
use leptos::prelude::*;

/// "12 of 20 · 2 failed · 3 waiting".
fn words(numbers: Numbers) -> String {
    let mut words = t!(running_of, done = numbers.settled(), total = numbers.total);
    if numbers.failed > 0 {
        words.push_str(" · ");
        words.push_str(&t!(activity_failed, count = numbers.failed));
    }
    if numbers.waiting > 0 {
        words.push_str(" · ");
        words.push_str(&t!(activity_waiting, count = numbers.waiting));
    }
    words
}

/// In a list.
#[component]
pub(super) fn ProgressCell(numbers: Signal<Numbers>) -> impl IntoView {
    view! {
        <div class="progress-cell">
            <progress
                max=move || numbers.get().total.max(1)
                value=move || numbers.get().settled()
                aria-label=t!(running_label)
            ></progress>
            <span class="small muted">{move || words(numbers.get())}</span>
        </div>
    }
}

/// On the operation's page while it has not ended; read out as it goes.
#[component]
pub(super) fn ProgressBar(numbers: Signal<Numbers>) -> impl IntoView {
    let hydrated = browser::hydrated();
    // What the page saw first, and last, of a run.
    let first = StoredValue::new(None::<Seen>);
    let time_left = RwSignal::new(None::<i64>);
    Effect::new(move |_| {
        let now = numbers.get();
        if !hydrated.get() || now.state != OperationState::Running {
            first.set_value(None);
            time_left.set(None);
            return;
        }
        let seen = Seen {
            at: browser::clock(),
            settled: now.settled(),
        };
        match first.get_value() {
            None => first.set_value(Some(seen)),
            Some(first) => time_left.set(left(first, seen, now.total)),
        }
    });
    let detail = move || match time_left.get() {
        // To whole seconds: less would only flicker.
        Some(left) => {
            let time = i18n::took(left.max(10_000) / 1_000 * 1_000);
            format!("{} · {}", words(numbers.get()), t!(operation_left, time = time))
        }
        None => words(numbers.get()),
    };
    let percent = move || {
        let now = numbers.get();
        Some(if now.total == 0 {
            100
        } else {
            now.settled() * 100 / now.total
        })
    };
    let label = move || super::words::state(numbers.get().state).to_owned();
    // Only beginning and end rebuild it; in between its words change.
    let ended = Memo::new(move |_| numbers.get().state.is_over());
    changing(move || {
        (!ended.get()).then(|| {
            view! {
                <Progress
                    label=Signal::derive(label)
                    detail=Signal::derive(detail)
                    percent=Signal::derive(percent)
                />
            }
        })
    })
}
