//! An error number of Apple: what it means, what to do, and how much failed with it lately.

use super::words;
use crate::{
    activity, i18n, t,
    ui::{Card, CollectAny, Column, Fact, Facts, Moment, Note, Table, Tone},
};
use contract::{
    licenses::LedgerRow,
    search::{self, Troubled},
};
use leptos::prelude::*;
use leptos_router::location::Url;

#[component]
pub(super) fn ErrorCard(error: search::ErrorCard) -> impl IntoView {
    let search::ErrorCard {
        number,
        kind,
        http_status,
        now,
        failed_syncs,
        failed,
        since,
        last,
    } = error;
    let cause = i18n::apple_cause(number).unwrap_or(t!(error_unknown));
    let unknown = match last.is_empty() {
        true => t!(error_unknown_unseen),
        false => t!(error_unknown_remedy),
    };
    let remedy = i18n::apple_remedy(number).unwrap_or(unknown);
    let day = i18n::day(since);
    let syncs = (failed_syncs > 0)
        .then(|| view! { <p>{t!(error_failed_syncs, count = failed_syncs, day = &day)}</p> });
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
            <Now number now/>
            <div class="section">{syncs} <p>{failures}</p></div>
            <Last last/>
        </Card>
    }
}

/// What stands still or has failed because of it, with the ways there.
#[component]
fn Now(number: u32, now: Troubled) -> impl IntoView {
    if now.tokens + now.operations + now.licenses == 0 {
        return view! { <p class="section">{t!(error_now_none)}</p> }.into_any();
    }
    let tokens = now
        .first_tokens
        .into_iter()
        .map(|token| (format!("/tokens/{}", token.id), token.name));
    let operations = now.first_operations.into_iter().map(|row| {
        let name = format!("{} · {}", activity::name(&row), row.location_name);
        (format!("/activity/{}", row.id), name)
    });
    let licenses = (now.licenses > 0).then(|| {
        let label = match now.licenses {
            most if most >= search::ErrorCard::MOST => {
                t!(error_now_licenses_most, count = i18n::number(most))
            }
            some => i18n::number(some),
        };
        let href = format!("/licenses?error={number}");
        view! { <Fact name=t!(error_now_licenses)><a href=href>{label}</a></Fact> }
    });
    view! {
        <h3 class="section">{t!(error_now)}</h3>
        <Facts>
            {named(t!(error_now_tokens), now.tokens, tokens.collect())}
            {named(t!(error_now_operations), now.operations, operations.collect())}
            {licenses}
        </Facts>
    }
    .into_any()
}

/// How many there are, with links to the first of them; nothing if there are none.
fn named(what: &'static str, count: i64, first: Vec<(String, String)>) -> Option<impl IntoView> {
    let more = count - i64::try_from(first.len()).unwrap_or(count);
    let links: Vec<_> = first
        .into_iter()
        .map(|(href, name)| view! { <li><a href=href>{name}</a></li> })
        .collect();
    let more = (more > 0).then(|| {
        view! { <li class="muted">{t!(error_now_more, count = i18n::number(more))}</li> }.into_any()
    });
    (count > 0).then(|| {
        view! {
            <Fact name=what>
                {i18n::number(count)}
                <ul class="lines" role="list">{links} {more}</ul>
            </Fact>
        }
    })
}

#[component]
fn Last(last: Vec<LedgerRow>) -> impl IntoView {
    (!last.is_empty()).then(|| {
        let head = view! {
            <Column label=t!(license_app)/>
            <Column label=t!(license_holder)/>
            <Column label=t!(error_when)/>
            <Column label=t!(license_given_by)/>
            <Column label=t!(ledger_apple)/>
        };
        let rows = last.into_iter().map(line).collect_any();
        view! { <Table caption=t!(error_last) head>{rows}</Table> }
    })
}

fn line(row: LedgerRow) -> impl IntoView {
    let holder = row.holder.id().to_owned();
    let card = format!("/search?q={}", Url::escape(&holder));
    let apple = row
        .error
        .map(|error| error.message)
        .filter(|words| !words.is_empty());
    let apple = apple.unwrap_or_else(|| "–".to_owned());
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
            <td data-label=t!(ledger_apple)>{apple}</td>
        </tr>
    }
}
