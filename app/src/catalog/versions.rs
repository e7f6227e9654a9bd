//! The versions of an app that were seen in the store (C5).

use crate::{
    t,
    ui::{Card, CollectAny, Fact, Facts, Moment},
};
use contract::catalog::VersionRow;
use leptos::prelude::*;

#[component]
pub(super) fn Versions(versions: Vec<VersionRow>) -> impl IntoView {
    (!versions.is_empty()).then(|| {
        let rows = versions
            .into_iter()
            .map(|row| view! { <Fact name=row.version><Moment at=row.seen_at/></Fact> })
            .collect_any();
        view! {
            <Card title=t!(asset_versions)>
                <p class="small muted">{t!(asset_versions_text)}</p>
                <Facts>{rows}</Facts>
            </Card>
        }
    })
}
