//! What the lists of apps and books show of each, whether a row is an app's at one location or over all of them.

use super::icon::AssetIcon;
use crate::{i18n, t};
use leptos::prelude::*;

/// Icon, name, and in small letters publisher, version, and whether it is custom.
#[component]
pub(super) fn NameCell(
    icon: Option<String>,
    name: String,
    href: String,
    publisher: String,
    version: String,
    custom: bool,
) -> impl IntoView {
    let custom = custom.then(|| t!(type_custom).to_owned());
    let about: Vec<_> = [publisher, version]
        .into_iter()
        .filter(|text| !text.is_empty())
        .chain(custom)
        .collect();
    view! {
        <th scope="row">
            <div class="item">
                <AssetIcon url=icon name=name.clone()/>
                <div>
                    <a href=href>{name}</a>
                    <small>{about.join(" · ")}</small>
                </div>
            </div>
        </th>
    }
}

/// A dash says "none" better than a nought in a column that is mostly empty.
pub(super) fn figure(number: i64) -> String {
    match number {
        0 => "–".to_owned(),
        number => i18n::number(number),
    }
}

/// To how many groups it is assigned, where there are some.
pub(super) fn assigned(groups: i64) -> impl IntoView {
    (groups > 0).then(|| view! { <small>{t!(asset_assigned_count, count = groups)}</small> })
}

/// Licences that nobody can have any more, where there are some.
pub(super) fn retired(number: i64) -> impl IntoView {
    (number > 0).then(|| view! { <small>{t!(asset_retired_count, count = number)}</small> })
}

/// Licences that Apple is still to confirm, where there are some.
pub(super) fn pending(number: i64) -> impl IntoView {
    (number > 0).then(|| view! { <small>{t!(asset_pending_count, count = number)}</small> })
}
