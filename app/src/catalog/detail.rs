//! `/apps/:id` and `/books/:id`: one app or book at one location (C1, C3).

use super::{
    about::{AboutCard, license_kinds},
    calls,
    icon::AssetIcon,
    level::{LevelTag, meter_level},
    live::LiveCounts,
    tabs::{AssetTab, asset_tabs},
    versions::Versions,
};
use crate::{
    call::Failure,
    form::{ActionForm, FormAction},
    i18n,
    licenses::MacCard,
    live,
    reading::{reading, when_read},
    session, t,
    ui::{
        ButtonLink, Card, Fact, Facts, Kind, Meter, Moment, Note, PageHead, Stat, Stats, Submit, Tone,
        changing, either,
    },
};
use contract::{
    AssetId, Caller, Page, PageQuery, Permission,
    catalog::{AssetDetail, AssetRow, Counts, ProductType},
    licenses::{MacGrace, MacGraceQuery},
    live::LiveEvent,
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// Shown here; the others are on their own page.
const FIRST_MACS: u16 = 10;

pub fn app_page() -> AnyView {
    of_asset()
}

pub fn book_page() -> AnyView {
    of_asset()
}

/// The asset, and the first Macs that lose it.
async fn read(id: AssetId) -> Result<(AssetDetail, Page<MacGrace>), Failure> {
    let asset = calls::detail(id).await?;
    if asset.row.product == ProductType::Book {
        return Ok((asset, Page::default()));
    }
    let first = PageQuery {
        rows: Some(FIRST_MACS),
        ..PageQuery::default()
    };
    let macs = MacGraceQuery {
        asset: Some(id),
        page: first,
        ..MacGraceQuery::default()
    };
    Ok((asset, crate::licenses::calls::macs(macs).await?))
}

fn of_asset() -> AnyView {
    let params = use_params_map();
    // What is no number is no asset either: the server says "not found".
    let id = move || AssetId(params.with(|params| params.get("id")?.parse().ok()).unwrap_or(-1));
    let asset = reading(id, read);
    let live = LiveCounts::follow(move |_| asset.refetch());
    // What is reserved, what was revoked and when it was counted is not in the counts, but changes with them.
    let shown = StoredValue::new(None::<AssetId>);
    live::on_change(
        move |event| match event {
            LiveEvent::Counts { asset, .. } => shown.try_get_value().flatten() == Some(*asset),
            _ => false,
        },
        move || asset.refetch(),
    );
    when_read(move || async move {
        let caller = session::caller().await;
        either(asset.await, move |(asset, macs)| {
            shown.set_value(Some(asset.row.id));
            view! { <Detail asset macs live caller/> }
        })
    })
}

#[component]
fn Detail(
    asset: AssetDetail,
    macs: Page<MacGrace>,
    live: LiveCounts,
    caller: Option<Caller>,
) -> impl IntoView {
    let may = |permission| caller.as_ref().is_some_and(|caller| caller.may(permission));
    let row = asset.row.clone();
    let id = row.id;
    let counts = live.of(id, row.counts);
    let assign = asset.device_assignable && may(Permission::AssignLicenses);
    let used = row.product == ProductType::App && row.counts.used > 0;
    let revoke = asset.revocable && used && may(Permission::RevokeLicenses);
    let delete = none_left(&row) && may(Permission::ManageCatalog);
    let sub = [
        row.publisher.clone(),
        row.version.clone(),
        row.location_name.clone(),
        license_kinds(&asset).to_owned(),
    ]
    .into_iter()
    .filter(|part| !part.is_empty())
    .collect::<Vec<_>>()
    .join(" · ");
    view! {
        <div class="titled">
            <AssetIcon url=row.icon.clone() name=row.name.clone()/>
            <PageHead title=row.name.clone() sub>
                {assign.then(|| {
                    view! { <ButtonLink href=format!("/assign?asset={id}") label=t!(asset_assign_more) kind=Kind::Main/> }
                })}
                {revoke.then(|| {
                    view! {
                        <ButtonLink
                            href=format!("/licenses/revoke?asset={id}")
                            label=t!(asset_revoke_all)
                            kind=Kind::Danger
                        />
                    }
                })}
                {delete.then(|| view! { <DeleteButton id/> })}
            </PageHead>
        </div>
        {asset_tabs(row.product, id, AssetTab::Overview)}
        {row.missing_since.map(|since| {
            let (title, text) = match row.removed {
                true => (t!(asset_removed_title), t!(asset_removed_text)),
                false => (t!(asset_missing_title), t!(asset_missing_text)),
            };
            view! { <Note tone=Tone::Warn title><p>{text} " " <Moment at=since/></p></Note> }
        })}
        <Limits asset=asset.clone()/>
        <Figures row=row.clone() counts revoked=asset.revoked reserved=asset.reserved/>
        {(asset.reserved > 0).then(|| view! { <Kept counts reserved=asset.reserved/> })}
        <div class="columns">
            <UseCard row=row.clone() counts/>
            <AboutCard asset=asset.clone()/>
            <Versions versions=asset.versions/>
        </div>
        <MacCard macs href=format!("/licenses/macs?asset={id}") assign/>
    }
}

/// C4: what has licences, or holders that wait for some, stays.
fn none_left(
    AssetRow {
        counts, unlimited, ..
    }: &AssetRow,
) -> bool {
    let Counts {
        total,
        used,
        available,
        pending,
        waiting,
        ..
    } = *counts;
    !unlimited
        && [total, used, available, pending, waiting]
            .iter()
            .all(|count| *count <= 0)
}

/// What came to have licences meanwhile is refused, in words.
#[component]
fn DeleteButton(id: AssetId) -> impl IntoView {
    let action = FormAction::<calls::Delete>::new();
    let refused = action.refusal().note();
    view! {
        <ActionForm action=action>
            <input type="hidden" name="id" value=id.0/>
            <Submit kind=Kind::Danger label=t!(asset_delete) pending=action.pending()/>
        </ActionForm>
        {refused}
    }
}

/// What cannot be done with it, and why.
#[component]
fn Limits(asset: AssetDetail) -> impl IntoView {
    let title = match asset.row.product {
        ProductType::Book => t!(books_note),
        ProductType::App if !asset.device_assignable => t!(asset_no_devices),
        ProductType::App if !asset.revocable => t!(asset_not_revocable),
        ProductType::App => return None,
    };
    Some(view! { <Note tone=Tone::Plain title/> })
}

#[component]
fn Figures(row: AssetRow, counts: Memo<Counts>, revoked: i64, reserved: i64) -> impl IntoView {
    let AssetRow { id, unlimited, .. } = row;
    let kept = (reserved > 0).then(|| {
        let href = format!("/assignments?asset={id}");
        view! { <Stat figure=i18n::number(reserved) label=t!(asset_stat_reserved) href/> }
    });
    let figure = move |of: fn(Counts) -> i64| Signal::derive(move || i18n::number(of(counts.get())));
    let owned = move |of: fn(Counts) -> i64| {
        Signal::derive(move || {
            if unlimited {
                t!(meter_unlimited).to_owned()
            } else {
                i18n::number(of(counts.get()))
            }
        })
    };
    view! {
        <Stats>
            <Stat figure=owned(|counts| counts.total) label=t!(asset_stat_owned)/>
            <Stat figure=figure(|counts| counts.used) label=t!(asset_stat_used) href=format!("/licenses?asset={id}")/>
            <Stat figure=owned(|counts| counts.available) label=t!(asset_stat_available)/>
            {kept}
            <Stat
                figure=figure(|counts| counts.waiting)
                label=t!(asset_stat_waiting)
                href=format!("/licenses?asset={id}&state=waiting")
            />
            <Stat figure=figure(|counts| counts.pending) label=t!(asset_stat_pending)/>
            <Stat
                figure=i18n::number(revoked)
                label=t!(asset_stat_revoked)
                href=format!("/ledger?asset={id}&act=released")
            />
        </Stats>
    }
}

/// A12: why holders wait although licences are available.
#[component]
fn Kept(counts: Memo<Counts>, reserved: i64) -> impl IntoView {
    changing(move || {
        let counts = counts.get();
        (counts.waiting > 0 && counts.available > 0 && reserved >= counts.available).then(|| {
            view! { <Note tone=Tone::Plain title=t!(asset_reserved_title)><p>{t!(asset_reserved_text)}</p></Note> }
        })
    })
}

#[component]
fn UseCard(row: AssetRow, counts: Memo<Counts>) -> impl IntoView {
    let unlimited = row.unlimited;
    let meter = changing(move || {
        let counts = counts.get();
        let level = meter_level(counts.total, counts.available, unlimited);
        view! { <Meter used=counts.used total=(!unlimited).then_some(counts.total) level/> }
    });
    view! {
        <Card title=t!(asset_use)>
            {meter}
            <Facts>
                <Fact name=t!(asset_state)>{move || view! { <LevelTag counts=counts.get() unlimited/> }}</Fact>
                <Fact name=t!(asset_retired)>{move || i18n::number(counts.get().retired)}</Fact>
                <Fact name=t!(asset_location)>{row.location_name}</Fact>
                <Fact name=t!(asset_counted)><Moment at=row.counted_at/></Fact>
            </Facts>
        </Card>
    }
}
