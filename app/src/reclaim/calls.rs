//! Server functions of reclaiming.

use crate::{
    call::{Call, Failure},
    json::Json,
};
use contract::{
    OperationId, Page, PageQuery,
    licenses::RevocationPreview,
    reclaim::{
        Decision, KeptRow, OrphanQuery, OrphanRow, ReclaimQuery, ReclaimRow, ReclaimRule, ReportRow,
        RuleKind, RuleMode,
    },
};
use leptos::prelude::*;

#[server(prefix = "/api", endpoint = "reclaim/queue", protocol = Call<Json>)]
pub async fn queue(query: ReclaimQuery) -> Result<Page<ReclaimRow>, Failure> {
    let services = crate::call::services()?;
    Ok(services.reclaim.queue(services.caller()?, query).await?)
}

#[server(prefix = "/api", endpoint = "reclaim/rules", protocol = Call<Json>)]
pub async fn rules() -> Result<(Vec<ReclaimRule>, Vec<ReportRow>), Failure> {
    let services = crate::call::services()?;
    let caller = services.caller()?;
    Ok((
        services.reclaim.rules(caller).await?,
        services.reclaim.report(caller).await?,
    ))
}

/// The rule as it is set, with other days if they are given, and what it would take then.
#[server(prefix = "/api", endpoint = "reclaim/rule", protocol = Call<Json>)]
pub async fn rule(kind: RuleKind, days: Option<i64>) -> Result<(ReclaimRule, RevocationPreview), Failure> {
    let services = crate::call::services()?;
    let caller = services.caller()?;
    let rules = services.reclaim.rules(caller).await?;
    let mut rule = rules
        .into_iter()
        .find(|rule| rule.kind == kind)
        .ok_or(contract::Code::NotFound)?;
    rule.days = days.unwrap_or(rule.days);
    let preview = services.reclaim.preview_rule(caller, rule).await?;
    Ok((rule, preview))
}

/// A plain form; a refusal brings back what was typed.
#[server(prefix = "/api", endpoint = "reclaim/save", protocol = Call)]
pub async fn save(
    kind: RuleKind,
    mode: RuleMode,
    #[server(default)] days: i64,
    #[server(default)] hold_minutes: u32,
) -> Result<(), Failure> {
    let rule = ReclaimRule {
        kind,
        mode,
        days,
        hold_minutes,
    };
    let services = crate::call::services()?;
    let save = async { services.reclaim.save_rule(services.caller()?, rule).await };
    save.await.map_err(|fault| {
        let (days, hold_minutes) = (days.to_string(), hold_minutes.to_string());
        let typed = [
            ("mode", mode.as_str()),
            ("days", &days),
            ("hold_minutes", &hold_minutes),
        ];
        crate::refusal::with_typed(fault, typed)
    })?;
    leptos_axum::redirect("/reclaim/rules");
    Ok(())
}

/// None: the address of the page names nothing.
#[server(prefix = "/api", endpoint = "reclaim/preview", protocol = Call<Json>)]
pub async fn preview(what: Option<Decision>) -> Result<RevocationPreview, Failure> {
    let what = what.ok_or(contract::Code::NothingChosen)?;
    let services = crate::call::services()?;
    Ok(services
        .reclaim
        .preview_decision(services.caller()?, what)
        .await?)
}

/// A plain form; `what` is a [`Decision`] as JSON. Taking more than one licence back needs what is asked for typed. A refusal
/// brings back the rest.
#[server(prefix = "/api", endpoint = "reclaim/decide", protocol = Call)]
pub async fn decide(
    what: String,
    #[server(default)] reason: String,
    #[server(default)] hold_minutes: Option<u32>,
    #[server(default)] confirm: String,
) -> Result<Option<OperationId>, Failure> {
    use contract::{Code, Fault, reclaim::Verdict};

    let what: Decision = serde_json::from_str(&what).map_err(|_| Code::RequestInvalid)?;
    let services = crate::call::services()?;
    let hold = hold_minutes.unwrap_or_default();
    let decide = async {
        let caller = services.caller()?;
        if what.how == Verdict::Approve {
            let preview = services.reclaim.preview_decision(caller, what.clone()).await?;
            let phrase = crate::confirm::number(preview.licenses);
            if phrase.is_some_and(|phrase| !crate::confirm::is_typed(&phrase, &confirm)) {
                return Err(Fault::field("confirm", Code::ConfirmationWrong));
            }
        }
        services.reclaim.decide(caller, what, &reason, hold).await
    };
    let operation = decide
        .await
        .map_err(|fault| crate::refusal::with_reason(fault, &reason, hold))?;
    match &operation {
        Some(operation) => leptos_axum::redirect(&format!("/activity/{operation}")),
        None => leptos_axum::redirect("/reclaim"),
    }
    Ok(operation)
}

#[server(prefix = "/api", endpoint = "reclaim/kept", protocol = Call<Json>)]
pub async fn kept(page: PageQuery) -> Result<Page<KeptRow>, Failure> {
    let services = crate::call::services()?;
    Ok(services.reclaim.kept(services.caller()?, page).await?)
}

#[server(prefix = "/api", endpoint = "reclaim/protect", protocol = Call)]
pub async fn protect(serials: String, #[server(default)] reason: String) -> Result<(), Failure> {
    let services = crate::call::services()?;
    services
        .reclaim
        .protect(services.caller()?, &serials, &reason)
        .await?;
    crate::call::leave_to("/reclaim/kept");
    Ok(())
}

/// `license` as a ticked box sends it; of asset 0 all of the holder's.
#[server(prefix = "/api", endpoint = "reclaim/unprotect", protocol = Call)]
pub async fn unprotect(license: String) -> Result<(), Failure> {
    let (asset, holder) = crate::licenses::parse(&license).ok_or(contract::Code::RequestInvalid)?;
    let services = crate::call::services()?;
    let asset = Some(asset).filter(|asset| asset.0 != 0);
    services
        .reclaim
        .unprotect(services.caller()?, asset, holder)
        .await?;
    crate::call::leave_to("/reclaim/kept");
    Ok(())
}

#[server(prefix = "/api", endpoint = "reclaim/orphans", protocol = Call<Json>)]
pub async fn orphans(query: OrphanQuery) -> Result<Page<OrphanRow>, Failure> {
    let services = crate::call::services()?;
    Ok(services.reclaim.orphans(services.caller()?, query).await?)
}
