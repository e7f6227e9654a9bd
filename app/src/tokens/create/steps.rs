//! The four steps: their names, which one is shown, and going from one to the next.

use crate::{
    browser, t,
    ui::{Button, CollectAny, Kind, changing},
};
use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;

pub const LAST: usize = 3;

fn names() -> [&'static str; 4] {
    [
        t!(create_step_basics),
        t!(create_step_settings),
        t!(create_step_scope),
        t!(create_step_review),
    ]
}

/// The list at the top; shown once steps are shown one at a time.
#[component]
pub fn Steps(step: RwSignal<usize>) -> impl IntoView {
    let hydrated = browser::hydrated();
    let items = names().into_iter().zip(0..).map(|(name, place)| {
        view! {
            <li aria-current=move || (step.get() == place).then_some("step") class:done=move || { step.get() > place }>
                {name}
            </li>
        }.into_any()
    });
    view! { <ol class="steps" hidden=move || !hydrated.get() aria-label=t!(create_steps)>{items.collect_any()}</ol> }
}

/// One step. Without WebAssembly it is always shown.
#[component]
pub fn Step(place: usize, step: RwSignal<usize>, children: Children) -> impl IntoView {
    let hydrated = browser::hydrated();
    let name = names().get(place).copied().unwrap_or_default();
    view! {
        <section
            class="card step"
            id=format!("step-{place}")
            aria-labelledby=format!("step-{place}-name")
            hidden=move || hydrated.get() && step.get() != place
        >
            <h2 id=format!("step-{place}-name") tabindex="-1">{name}</h2>
            {children()}
        </section>
    }
}

/// Back and Next; `ready` holds Next back.
#[component]
pub fn Moves(step: RwSignal<usize>, #[prop(into)] ready: Signal<bool>) -> impl IntoView {
    let hydrated = browser::hydrated();
    let go = move |to: usize| {
        step.set(to);
        set_timeout(
            move || browser::focus(&format!("step-{to}-name")),
            std::time::Duration::from_millis(20),
        );
    };
    let back = changing(move || {
        (hydrated.get() && step.get() > 0)
            .then(|| view! { <Button label=t!(create_back) on_press=move |_| go(step.get_untracked() - 1)/> })
    });
    let next = changing(move || {
        (hydrated.get() && step.get() < LAST).then(|| {
            let go_on = move |event: ev::MouseEvent| {
                event.prevent_default();
                let at = step.get_untracked();
                if is_valid(at) {
                    go(at + 1);
                }
            };
            // The first of the form's buttons that submit, so that Enter in a field presses this one.
            view! {
                <button
                    class="button"
                    type="submit"
                    data-kind=Kind::Main.as_str()
                    disabled=move || !ready.get()
                    on:click=go_on
                >
                    {t!(create_next)}
                </button>
            }
        })
    });
    view! { {back} {next} }
}

/// Whether the browser accepts all fields of the step; if not it points at the first.
fn is_valid(place: usize) -> bool {
    let wrong = document().query_selector(&format!("#step-{place} :invalid"));
    match wrong {
        Ok(Some(field)) => {
            field
                .unchecked_into::<web_sys::HtmlInputElement>()
                .report_validity();
            false
        }
        _ => true,
    }
}
