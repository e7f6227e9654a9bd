//! The application: what all pages share, the frame, and the pages of the table.

use crate::{browser, frame::Frame, routes, session, t};
use leptos::{children::ToChildren, prelude::*};
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{FlatRoutes, FlatRoutesProps, RouteChildren, Router};

#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    browser::provide_clock();
    session::provide_me();
    view! {
        <Title
            text=browser::title_as_sent(brand_end())
            formatter=|title: String| {
                if title.is_empty() { t!(brand).to_owned() } else { format!("{title}{}", brand_end()) }
            }
        />
        <Router>
            <Frame>
                <Pages/>
            </Frame>
        </Router>
    }
}

/// What ends each title.
fn brand_end() -> String {
    format!(" · {}", t!(brand))
}

/// The pages of [`routes::TABLE`], and the page for any other path.
#[component]
fn Pages() -> impl IntoView {
    FlatRoutes(
        FlatRoutesProps::builder()
            .fallback(|| ())
            .children(RouteChildren::to_children(routes::Pages::new))
            .build(),
    )
}
