//! An error number of Apple: what it means, what to do, and how much failed with it lately.

use super::words;
use crate::{
    i18n, t,
    ui::{Card, Column, Fact, Facts, Moment, Note, Table, Tone},
};
use contract::{licenses::LedgerRow, search};
use leptos::prelude::*;
use leptos_router::location::Url;

#[component]
pub(super) fn ErrorCard(error: search::ErrorCard) -> impl IntoView {
    let search::ErrorCard {
        number,
        kind,
        http_status,
        failed,
        since,
        last,
    } = error;
    let cause = i18n::apple_cause(number).unwrap_or(t!(error_unknown));
    let remedy = i18n::apple_remedy(number).unwrap_or(t!(error_unknown_remedy));
    let day = i18n::day(since);
    let failures = match failed {
        0 => t!(error_failed_none, day = day),
        most if most >= search::ErrorCard::MOST => t!(error_failed_many, count = most, day = day),
        some => t!(error_failed_some, count = some, day = day),
    };
    let facts = (kind.is_some() || http_status.is_some()).then(|| {
        view! {
            <Facts>
                {kind.map(|kind| view! { <Fact name=t!(error_kind)>{words::kind(kind)}</Fact> })}
                {http_status.map(|status| view! { <Fact name=t!(error_status)>{status.to_string()}</Fact> })}
            </Facts>
        }
    });
    view! {
        <Card title=t!(error_title, number = number.to_string())>
            <Note tone=Tone::Plain title=cause>
                <p>{remedy}</p>
            </Note>
            {facts}
            <p class="section">{failures}</p>
            <Last last/>
        </Card>
    }
}

#[component]
fn Last(last: Vec<LedgerRow>) -> impl IntoView {
    (!last.is_empty()).then(|| {
        let head = view! {
            <Column label=t!(license_app)/>
            <Column label=t!(license_holder)/>
            <Column label=t!(error_when)/>
            <Column label=t!(license_given_by)/>
        };
        let rows = last.into_iter().map(line).collect_view();
        view! { <Table caption=t!(error_last) head>{rows}</Table> }
    })
}

fn line(row: LedgerRow) -> impl IntoView {
    let holder = row.holder.id().to_owned();
    let card = format!("/search?q={}", Url::escape(&holder));
    let by = match row.operation {
        Some(id) => view! { <a href=format!("/activity/{id}")>{row.actor}</a> }.into_any(),
        None => row.actor.into_any(),
    };
    view! {
        <tr>
            <th scope="row">{row.asset_name}</th>
            <td data-label=t!(license_holder)><a href=card>{holder}</a></td>
            <td data-label=t!(error_when)><Moment at=row.at/></td>
            <td data-label=t!(license_given_by)>{by}</td>
        </tr>
    }
}
