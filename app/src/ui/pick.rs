//! Choosing rows: plain checkboxes that a form sends, and one that ticks them all. The rows must be [`super::keyed`]: a tick
//! belongs to what its row stands for. Where there is a [`Ticked`], it stays while the list shows other rows.

use super::{CollectAny, Kind, changing};
use crate::t;
use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

/// What is ticked in a list, also of what it does not show at the moment, until the page is loaded anew. Provided by a page
/// outside of what it reads again.
#[derive(Clone, Copy)]
pub struct Ticked {
    name: &'static str,
    values: RwSignal<Vec<String>>,
}

/// Those of a page.
#[derive(Clone)]
struct AllTicked(Vec<Ticked>);

impl Ticked {
    /// For the boxes of that name, from here on. A page can have several, as its steps have lists of their own.
    pub fn provide(name: &'static str) -> Self {
        let values = RwSignal::new(Vec::new());
        let ticked = Ticked { name, values };
        let others = use_context().map(|AllTicked(others)| others);
        let all = others.into_iter().flatten().chain([ticked]).collect();
        provide_context(AllTicked(all));
        ticked
    }

    fn of(name: &str) -> Option<Self> {
        let AllTicked(all) = use_context()?;
        all.into_iter().find(|ticked| ticked.name == name)
    }

    /// Nothing is ticked any more.
    pub fn clear(self) {
        self.values.set(Vec::new());
    }

    fn has(self, value: &str) -> bool {
        self.values
            .with_untracked(|values| values.iter().any(|known| known == value))
    }

    fn set(self, value: &str, on: bool) {
        if self.has(value) != on {
            self.values.update(|values| match on {
                true => values.push(value.to_owned()),
                false => values.retain(|known| known != value),
            });
        }
    }
}

/// Within the form of a list with [`Ticked`] rows: sends those that are not `here`, and says how many they are.
pub fn elsewhere(name: &'static str, here: Vec<String>) -> AnyView {
    let Some(ticked) = Ticked::of(name) else {
        return ().into_any();
    };
    // Ticked before the page came alive.
    Effect::new(move || {
        for ticked_box in boxes(name).filter(HtmlInputElement::checked) {
            ticked.set(&ticked_box.value(), true);
        }
    });
    changing(move || {
        let others: Vec<String> = ticked.values.with(|values| {
            let others = values.iter().filter(|value| !here.contains(value));
            others.cloned().collect()
        });
        let here = here.clone();
        let untick = move |_| {
            ticked
                .values
                .update(|values| values.retain(|value| here.contains(value)))
        };
        (!others.is_empty()).then(|| {
            view! {
                <div class="bar muted small">
                    <span role="status">{t!(pick_elsewhere, count = i64::try_from(others.len()).unwrap_or(i64::MAX))}</span>
                    <button type="button" class="button" data-kind=Kind::Quiet.as_str() on:click=untick>{t!(pick_untick)}</button>
                </div>
                {others
                    .into_iter()
                    .map(|value| view! { <input type="hidden" name=name value=value/> })
                    .collect_any()}
            }
        })
    })
}

/// Those of the page.
fn boxes(name: &str) -> impl Iterator<Item = HtmlInputElement> {
    let found = document().query_selector_all(&format!("input[type=checkbox][name=\"{name}\"]"));
    let found = found.ok().into_iter();
    found.flat_map(|found| (0..found.length()).filter_map(move |place| found.item(place)?.dyn_into().ok()))
}

/// The first cell of a row that can be chosen.
#[component]
pub fn Pick(name: &'static str, #[prop(into)] value: String, #[prop(into)] label: String) -> impl IntoView {
    let ticked = Ticked::of(name);
    let on = ticked.is_some_and(|ticked| ticked.has(&value));
    let own = value.clone();
    let change = move |event| {
        if let Some(ticked) = ticked {
            ticked.set(&own, event_target_checked(&event));
        }
    };
    view! {
        <td class="pick">
            <input type="checkbox" name=name value=value aria-label=label checked=on on:change=change/>
        </td>
    }
}

/// The head of that column: ticks all boxes of the page. Needs WebAssembly, so it is hidden without.
#[component]
pub fn PickAll(name: &'static str, #[prop(into)] label: String) -> impl IntoView {
    let hydrated = crate::browser::hydrated();
    let ticked = Ticked::of(name);
    let node = NodeRef::<html::Input>::new();
    // Its rows are others now.
    Effect::new(move || {
        if let Some(node) = node.get() {
            node.set_checked(false);
        }
    });
    let tick = move |event| {
        let on = event_target_checked(&event);
        for found in boxes(name) {
            found.set_checked(on);
            if let Some(ticked) = ticked {
                ticked.set(&found.value(), on);
            }
        }
    };
    view! {
        <th class="pick">
            <input
                type="checkbox"
                node_ref=node
                aria-label=label
                hidden=move || !hydrated.get()
                on:change=tick
            />
        </th>
    }
}
