//! The two views of the catalogue: a row per token and app, or a row per app over all locations (C2).

use crate::{
    t,
    ui::{Address, Filters, Icon},
};
use contract::{
    Page,
    catalog::{AssetRow, ProductRow, ProductType},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// In the URL as `view`, and remembered in a cookie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    #[default]
    Tokens,
    Apps,
}

impl View {
    pub fn as_str(self) -> &'static str {
        match self {
            View::Tokens => "tokens",
            View::Apps => "apps",
        }
    }

    #[cfg(feature = "ssr")]
    pub fn parse(text: &str) -> Option<Self> {
        [View::Tokens, View::Apps]
            .into_iter()
            .find(|view| view.as_str() == text)
    }
}

/// A page of the list, in one of its views.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Listed {
    Tokens(Page<AssetRow>),
    Apps(Page<ProductRow>),
}

impl Listed {
    pub fn view(&self) -> View {
        match self {
            Listed::Tokens(_) => View::Tokens,
            Listed::Apps(_) => View::Apps,
        }
    }

    pub fn total(&self) -> Option<i64> {
        match self {
            Listed::Tokens(page) => page.total,
            Listed::Apps(page) => page.total,
        }
    }

    pub fn is_empty(&self) -> bool {
        match self {
            Listed::Tokens(page) => page.rows.is_empty(),
            Listed::Apps(page) => page.rows.is_empty(),
        }
    }
}

/// `current`: what is shown, whether the URL says so or the cookie.
#[component]
pub(super) fn ViewSwitch(product: ProductType, address: Memo<Address>, current: View) -> impl IntoView {
    let (tokens, apps) = match product {
        ProductType::App => (t!(catalog_view_tokens), t!(catalog_view_apps)),
        ProductType::Book => (t!(catalog_view_tokens_books), t!(catalog_view_books)),
    };
    let choice = move |view: View, label: &'static str| {
        let href = move || address.with(|address| address.with("view", view.as_str()));
        let chosen = view == current;
        view! {
            <a class="pill" href=href aria-current=chosen.then_some("true")>
                {label}
                {chosen.then(|| Icon::Check.view())}
            </a>
        }
    };
    view! {
        <Filters label=t!(catalog_view)>
            {choice(View::Tokens, tokens)}
            {choice(View::Apps, apps)}
        </Filters>
    }
}
